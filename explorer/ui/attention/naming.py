"""What heads are called, and in which words one says what they do. H heads, Q queries, K keys."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.attention import AttentionMap, AttentionMaps
from explorer.measure import attention
from explorer.measure.names import finite, fixed, head_name, listed, lost, percent
from explorer.measure.standing import AGREEMENT, Claim, claim, sure
from explorer.ui.components.matrix_grid import Head

BROAD = 0.8  # share of the even row's entropy from which a head is said to look everywhere


def labels(path: str, maps: AttentionMaps) -> list[Head]:
    """Each head of an attention, with a plain word only if it clearly does something."""
    return [label(f"{path}.{h}", pattern, maps) for h, pattern in enumerate(maps.attentions[path].pattern)]


def label(head: str, pattern: np.ndarray, maps: AttentionMaps) -> Head:
    """A head's caption: what it clearly does, how well it keeps to the alignment where there is one, else nothing."""
    path, _, number = head.rpartition(".")
    name = "head " + head_name(head).rpartition(" ")[2]  # the row says which stack
    one, does = maps.attentions[path], does_at(maps, head)
    if head in maps.ablated:
        return Head(head, name, "switched off")
    if AGREEMENT in one.scores:
        agrees = one.scores[AGREEMENT][int(number)]
        return Head(head, name, f"agrees {fixed(agrees, 2)}", good=does is not None)
    if does is not None:
        return Head(head, name, does.words, good=True)
    return Head(head, name, "broad" if spread(one, int(number), pattern, maps) > BROAD else "")


def spread(one: AttentionMap, h: int, pattern: np.ndarray, maps: AttentionMaps) -> float:
    """The mean entropy of a head's rows as a share of the even row's, never of a pattern of means."""
    return float(attention.entropy(pattern[None])[0]) if maps.block is None else one.scores["entropy"][h]


def does_at(maps: AttentionMaps, head: str) -> Claim | None:
    """What a head clearly does."""
    path, _, number = head.rpartition(".")
    one, h = maps.attentions[path], int(number)
    return claim({name: values[h] for name, values in one.scores.items()}, one.chance, one.lines[h])


def claims(maps: AttentionMaps) -> dict[str, Claim]:
    """What each head clearly does, of those that do."""
    heads = [f"{path}.{h}" for path, one in maps.attentions.items() for h in range(len(one.pattern))]
    by_head = {head: does_at(maps, head) for head in heads}
    return {head: does for head, does in by_head.items() if does is not None}


def summary(maps: AttentionMaps) -> str:
    """What to look for in these patterns."""
    gold = {
        f"{path}.{h}": share
        for path, one in maps.attentions.items()
        for h, share in enumerate(one.scores.get(AGREEMENT, ()))
    }
    if gold:
        best = max(gold, key=lambda head: gold[head])
        even = maps.attentions[best.rpartition(".")[0]].chance[AGREEMENT]
        if sure(even):
            return "all that can be looked at is outlined, so every head agrees; look at another sample."
        return (
            f"{head_name(best)} agrees best with the true translation: {percent(gold[best])} of its attention lies on "
            f"the outlined letters, where even attention would put {percent(even)}."
        )
    attentions = list(maps.attentions.values())
    if not finite(*(one.pattern for one in attentions)):
        return lost("some attention", maps.step)
    clear = {head: does for head, does in claims(maps).items() if head not in maps.ablated}
    if not clear:
        scored = [attention.entropy(one.pattern) if maps.block is None else one.scores["entropy"] for one in attentions]
        mean = np.nanmean(np.concatenate(scored))
        return f"no head clearly does one thing yet; on average a row’s entropy is {percent(mean)} of an even row’s."
    best = max(clear, key=lambda head: clear[head].lead)
    others = [head_name(head) for head in clear if head != best]
    more = ""
    if others:
        more = (
            f"; {listed([*others[:3], *(['others'] if others[3:] else [])])} {'do' if others[1:] else 'does'} one "
            "thing too"
        )
    return f"{sentence(best, clear[best])}{more}."


def sentence(head: str, does: Claim) -> str:
    """What one head does, with its number and that of even attention."""
    return (
        f"{head_name(head)} stands out most ({does.words}): {percent(does.score)} of its attention lies there, where "
        f"even attention would put {percent(does.chance)}"
    )
