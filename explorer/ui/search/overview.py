"""How a search stands: its numbers, its buttons, one sentence."""

from __future__ import annotations

import math
from html import escape
from typing import Any, Literal

import streamlit as st

from explorer.cluster.address import address
from explorer.search import ledger
from explorer.ui import picture
from explorer.ui.search import searching, settings
from explorer.ui.search.searching import Standing

SHORT = 60  # letters of a reason that has room beside the state
MORE = 10  # trials that one click adds to a budget


def show(now: Standing) -> None:
    """Numbers that keep their places, the state in words, what can be done."""
    picture.figures(numbers(now))
    told, beside = st.columns([1, 1.35], vertical_alignment="center")
    told.html(f'<p class="search-state">{escape(words(now))}</p>')
    row = beside.container(horizontal=True, horizontal_alignment="right")
    stop_or_go_on(row, now, "search", "content")
    row.button(
        f"{MORE} more",
        icon=":material/add:",
        key="search-more",
        help=f"Raises the budget by {MORE} trials and goes on.",
        disabled=now.search.sampler == "grid" or now.search.trials + MORE > 2000,
        on_click=searching.more,
        args=(now.path, now.search.trials + MORE),
    )
    best = ledger.best(now.trials)
    opens = row.button("Open the best", icon=":material/open_in_new:", key="search-best", disabled=best is None)
    if opens and best is not None:
        searching.open_trial(best)
        st.session_state.search_leaves = True
    if trouble(now):
        st.error(now.status.reason, icon=":material/block:")
    picture.look_for("search", sentence(now))


def trouble(now: Standing) -> bool:
    """True if a search stopped for a reason that takes a sentence."""
    return not now.busy and len(now.status.reason) > SHORT


def stop_or_go_on(place: Any, now: Standing, key: str, width: Literal["stretch", "content"] = "stretch") -> None:
    """One button that stops a search that goes on, and lets one go on that stands still."""
    name, icon, act = ("Stop", "stop", searching.stop)
    if not now.busy:
        name, icon, act = ("Go on" if now.trials else "Start", "play_arrow", searching.go_on)
    place.button(
        name,
        icon=f":material/{icon}:",
        key=f"{key}-{icon}",
        width=width,
        disabled=not now.busy and now.status.state == "finished",
        on_click=act,
        args=(now.path,),
    )


def numbers(now: Standing) -> dict[str, str]:
    """The search in six numbers."""
    best = ledger.best(now.trials)
    count = {state: sum(1 for t in now.trials if t.state == state) for state in ("pruned", "diverged", "refused")}
    early = sum(1 for t in now.trials if t.end == "stopped early")
    taken = sum(t.last for t in now.trials)
    return {
        "Trials over": f"{len(now.over)} of {now.budget}",
        f"Steps of ≤ {now.budget * now.search.steps:,}": f"{taken:,}",
        "Best loss": "–" if best is None or best.value is None else f"{best.value:.4f}",
        "Given up": f"{count['pruned']}" + (f" + {count['diverged']} diverged" if count["diverged"] else ""),
        "Stopped early": "off" if not now.search.patience else str(early),
        "Time left": left(now),
    }


def left(now: Standing) -> str:
    """The time that the rest will take, if the rest is like what was."""
    rest = now.budget - len(now.over)
    if not now.over or not rest or not now.busy:
        return "–"
    mean = sum(t.seconds for t in now.over) / len(now.over)
    seconds = rest * mean / now.search.together
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def words(now: Standing) -> str:
    """The state of a search in words."""
    if now.place:
        return f"waiting · place {now.place} in the queue"
    training = [f"trial {t.number} at step {t.last}" for t in now.trials if t.state == "training"]
    state, reason = now.status.state, now.status.reason
    if state == "searching":
        where = "searching on Ray · " if address() else "searching · "
        return where + (", ".join(training) if training else waiting_for(now))
    if now.busy:
        return "starting"
    if state == "waiting":
        return "ready"
    said = {"paused": "stopped", "interrupted": "interrupted", "finished": "finished"}.get(state, state)
    return f"{said} · {reason}" if reason and not trouble(now) else said


def waiting_for(now: Standing) -> str:
    """What a search does while none of its trials takes steps."""
    held_up = [t for t in now.trials if t.state == "waiting" and t.reason]
    return f"trial {held_up[0].number} waits {held_up[0].reason}" if held_up else "deciding on a trial"


def sentence(now: Standing) -> str:
    """What this search says now."""
    best = ledger.best(now.trials)
    if best is None or best.value is None or not math.isfinite(best.value):
        if not now.busy:
            return "no trial was measured yet; each will be a line, a dot and a curve below."
        return "the first trials are under way; each will be a line, a dot and a curve below."
    what = "held-out" if best.held_out else "training"
    found = f"the best so far is trial {best.number}: {what} loss {best.value:.4f} at step {best.best_step} with "
    found += f"{settings.described(best.params)}."
    known = [t for t in now.trials if t.state == "complete" and t.value is not None]
    if len(known) > 2:
        worst = max(t.value or 0.0 for t in known)
        found += f" Among the {len(known)} that came to their end the worst has {worst:.4f}."
    return found
