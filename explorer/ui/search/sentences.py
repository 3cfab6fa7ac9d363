"""What to look for in the pictures of a search: true of this search now."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from explorer.measure.names import fixed, percent, plural
from explorer.search import ledger
from explorer.search.ledger import Trial
from explorer.ui.parts import settings
from explorer.ui.parts.searching import Standing


def complete(now: Standing) -> list[Trial]:
    """The trials that came to their end with a loss, the best first."""
    ended = [t for t in now.trials if t.state == "complete" and t.counts]
    return sorted(ended, key=lambda t: (t.value, t.number))


def parallel(now: Standing) -> str:
    """Where the better half goes through."""
    done = complete(now)
    if len(done) < 4:
        return "each line is a trial; where good ones bundle on an axis, that setting matters. Click one to see it."
    half = done[: max(2, len(done) // 4)]
    words = [spread(knob, [t.params[knob.path] for t in half]) for knob in now.search.knobs]
    return (
        f"the best {len(half)} of {len(done)} finished trials have {', '.join(words)}. Click a line to see its trial."
    )


def spread(knob: Any, values: list[Any]) -> str:
    """The values of one setting among good trials."""
    name = settings.name_of(knob.path)
    if knob.kind in ("choice", "variant"):
        counted = Counter(map(settings.word, values)).most_common()
        return f"{name} " + " or ".join(word for word, _ in counted[:3])
    low, high = min(values), max(values)
    if low == high:
        return f"{name} {settings.word(low)}"
    return f"{name} {settings.word(low)} to {settings.word(high)}"


def courses(now: Standing) -> str:
    """What pruning and early stopping have saved so far."""
    pruned = [t for t in now.over if t.state == "pruned"]
    early = [t for t in now.over if t.end == "stopped early"]
    saved = sum(now.search.steps - t.last for t in (*pruned, *early))
    diverged = sum(1 for t in now.over if t.state == "diverged")
    rules = []
    if now.search.prune:
        rules.append(f"{len(pruned)} given up" + (f" (the last at step {pruned[-1].last:,})" if pruned else ""))
    if now.search.patience:
        rules.append(f"{len(early)} stopped early" + (f" (the last at step {early[-1].last:,})" if early else ""))
    if not rules:
        if not diverged:
            return "every trial trains to its end: neither pruning nor early stopping is on."
        return f"neither pruning nor early stopping is on; {broke(diverged, now)}."
    words = ", ".join(rules)
    if saved:
        words += (
            f": {saved:,} step{plural(saved)} saved, {percent(share(saved, now))} of what these trials could have cost"
        )
    elif now.over and not diverged:
        words += ": every trial that is over trained to its end"
    return f"{words}{f'; {broke(diverged, now)}' if diverged else ''}."


def broke(diverged: int, now: Standing) -> str:
    """How many diverged."""
    return (
        f"{diverged} of {len(now.over)} trial{plural(len(now.over))} that {'is' if len(now.over) == 1 else 'are'} "
        "over diverged"
    )


def share(saved: int, now: Standing) -> float:
    """Of the steps that the trials that are over could have taken."""
    return saved / max(1, len(now.over) * now.search.steps)


def history(now: Standing) -> str:
    """Since when nothing better was found."""
    best = ledger.best_seen(now.trials)
    if now.over and not any(t.value is not None and math.isfinite(t.value) for t in now.trials):
        return "a dot would be a trial’s loss, and none has one that is finite."
    if best is None or best.best_seen is None:
        return "dots are trials in order; the green stair will be the best so far."
    if not best.over:
        return f"the best so far, {fixed(best.best_seen, 4)}, is trial {best.number}, which still trains."
    since = len([t for t in now.over if t.number > best.number])
    if since == 0:
        return f"trial {best.number} is the best and the newest: the search still improves."
    words = f"the best, {fixed(best.best_seen, 4)}, was trial {best.number}"
    return f"{words}; the {since} trial{plural(since)} after it found nothing better."


def importance(shares: dict[str, float], complete: int, over: int) -> str:
    """Which setting decides, and how much that stands on."""
    if not shares:
        return "not known yet."
    first, second = [*shares.items(), ("", 0.0)][:2]
    words = f"{first[0]} decides {percent(first[1])} of who is among the better trials"
    if second[0]:
        words += f", {second[0]} {percent(second[1])}"
    few = "; that is little to go by" if complete < 12 else ""
    return f"{words}. From the {complete} of {over} trial{plural(over)} that came to their end{few}."


def contour(trials: int, loss: np.ndarray) -> str:
    """Where the loss is low, and where nothing is known."""
    finite = np.isfinite(loss)
    if not finite.any():
        return (
            f"nothing between the trials yet: it takes three that came to their end and are not on a line ({trials})."
        )
    return (
        f"darker is better, from {fixed(np.nanmin(loss), 3)} to {fixed(np.nanmax(loss), 3)} nats between {trials} "
        "finished trials; "
        f"{percent(1 - finite.mean())} of the area lies outside of them and stays empty."
    )
