"""How a search stands: its numbers, its buttons, one sentence."""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from explorer.cluster.address import address
from explorer.measure.names import fixed, plural
from explorer.search import ledger
from explorer.ui import picture, refusals, visit
from explorer.ui.parts import searching, settings
from explorer.ui.parts.searching import Standing
from explorer.ui.pressing import pressed

SHORT = 60  # letters of a reason that has room beside the state
MORE = 10  # trials that one click adds to a budget


def show(now: Standing) -> None:
    """Numbers that keep their places, the state in words, what can be done."""
    picture.figures(numbers(now))
    left, right = st.columns([1, 1.35], vertical_alignment="center")
    left.html(f'<p class="search-state">{escape(words(now))}</p>')
    row = right.container(horizontal=True, horizontal_alignment="right")
    searching.stop_or_go_on(row, now, "search", "content")
    row.button(
        f"{MORE} more",
        icon=":material/add:",
        key="search-more",
        help=f"Raises the budget by {MORE} trials and goes on.",
        disabled=now.search.sampler == "grid" or now.search.trials + MORE > 2000,
        on_click=searching.more,
        args=(now.path, now.search.trials + MORE),
    )
    best = ledger.best_seen(now.trials)
    look = {"icon": ":material/open_in_new:", "disabled": best is None}
    if pressed(row.button, "Open the best", "search-best", **look) and best is not None:
        searching.open_trial(best)
        visit.state().opens_trial = True
    if trouble(now):
        refusals.say(now.status.reason)
    picture.look_for("search", sentence(now))


def trouble(now: Standing) -> bool:
    """True if a search stopped for a reason that takes a sentence."""
    return not now.busy and len(now.status.reason) > SHORT


def numbers(now: Standing) -> dict[str, str]:
    """The search in six numbers."""
    best = ledger.best_seen(now.trials)
    count = {state: sum(1 for t in now.trials if t.state == state) for state in ("pruned", "diverged", "refused")}
    early = sum(1 for t in now.trials if t.end == "stopped early")
    taken = sum(t.last for t in now.trials)
    return {
        "Trials over": f"{len(now.over)} of {now.budget}",
        f"Steps of ≤ {now.budget * now.search.steps:,}": f"{taken:,}",
        "Best loss": "–" if best is None or best.best_seen is None else fixed(best.best_seen, 4),
        "Given up": f"{count['pruned']}" + (f" + {count['diverged']} diverged" if count["diverged"] else ""),
        "Stopped early": "off" if not now.search.patience else str(early),
        "Time left": left(now),
    }


def left(now: Standing) -> str:
    """The time that the rest will take, if trials go on to end as often by the clock as they did so far."""
    if not now.over or len(now.over) >= now.budget or not now.busy:
        return "–"
    usual = max(1.0, sum(t.last for t in now.over) / len(now.over))  # steps of a trial
    done = len(now.over) + sum(min(t.last / usual, 1.0) for t in now.trials if not t.over)
    seconds = max(0.0, now.budget - done) / done * ledger.clock_seconds(now.trials, time.time())
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def words(now: Standing) -> str:
    """The state of a search in words."""
    if now.place:
        return f"waiting · place {now.place} in the queue"
    training = [f"trial {t.number} at step {t.last:,}" for t in now.trials if t.state == "training"]
    state, reason = now.status.state, now.status.reason
    if state == "searching":
        return f"{'searching on Ray' if address() else 'searching'} · {', '.join(training) or waiting_for(now)}"
    if now.busy:
        return "starting"
    if state == "waiting":
        return "ready"
    how_it_ended = {"paused": "stopped", "interrupted": "interrupted", "finished": "finished"}.get(state, state)
    return f"{how_it_ended} · {reason}" if reason and not trouble(now) else how_it_ended


def waiting_for(now: Standing) -> str:
    """What a search does while none of its trials takes steps."""
    held_up = [t for t in now.trials if t.state == "waiting" and t.reason]
    return f"trial {held_up[0].number} waits {held_up[0].reason}" if held_up else "deciding on a trial"


def sentence(now: Standing) -> str:
    """What this search says now."""
    best = ledger.best_seen(now.trials)
    if best is None or best.best_seen is None:
        return without_a_loss(now)
    best_words = (
        f"the best so far is trial {best.number}: {'held-out' if best.held_out else 'training'} loss "
        f"{fixed(best.best_seen, 4)} at step {best.value_step:,} with {settings.described(best.params)}"
        f"{'; it diverged later' if best.state == 'diverged' else ''}."
    )
    losses = [t.value for t in now.trials if t.state == "complete" and t.counts and t.value is not None]
    if len(losses) > 2:
        best_words += f" Among the {len(losses)} that came to their end the worst has {fixed(max(losses), 4)}."
    return best_words


def without_a_loss(now: Standing) -> str:
    """What a search says while none of its trials has a loss that counts."""
    diverged = sum(1 for t in now.over if t.state == "diverged")
    if diverged == len(now.trials) and diverged:
        which = "the only trial" if diverged == 1 else f"all {diverged} trials"
        return f"{which} so far diverged, so no loss counts; try smaller learning rates, or clip the gradient."
    if diverged:
        return f"no trial has a loss that counts yet; {diverged} of {len(now.trials)} diverged."
    if now.over and not now.busy:
        return (
            f"none of the {len(now.over)} trial{plural(len(now.over))} that "
            f"{'is' if len(now.over) == 1 else 'are'} over was measured."
        )
    if not now.busy:
        return "no trial was measured yet; each will be a line, a dot and a curve below."
    return "the first trials are under way; each will be a line, a dot and a curve below."
