"""What the cache of keys and values saves, measured while one looks."""

from __future__ import annotations

import math
from typing import Any

from explorer.answers.records.writing import Speed
from explorer.charts import writing
from explorer.measure.names import fixed
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View
from models.cache import Cache

EVERY = 20.0  # seconds between two measurements while it trains
COMPUTED = r"""
To say the next token, a model without a cache reads all $T$ tokens of the text again. A key and a value depend on their
own token and those before it, so they stay as they are when the next one comes: with a cache the model reads one token,
and its query meets the $T$ keys that were kept. A recurrent network keeps its state instead. Past the context each new
token moves all others by one position, and nothing that was kept holds any more.

Each point is the median of up to 15 rounds, in pairs: one token with the cache, the same token without. The clock is
that of the process that computes pictures on this machine; the text of this page is written there too.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """Tokens a second over the length of the text. It is about the model, whatever the prompt."""
    with cards("speed", 1)[0]:
        answer = view.picture(Speed, EVERY, lane="slow")
        if answer is None:
            return
        rates = {"with the cache": answer.cached, "without": answer.plain}
        table = writing.frame(answer.lengths, rates)
        shortest, powers = writing.ends(table)
        picture.show(writing.speed, table, "writing-speed", shortest=shortest, powers=powers)
        picture.look_for("speed", sentence(answer))
    picture.computed(COMPUTED, Cache, title="How the speed is measured")


def sentence(answer: Speed) -> str:
    """What the cache saves at the longest text, and where it ends."""
    length, cached, plain = answer.lengths[-1], float(answer.cached[-1]), float(answer.plain[-1])
    if math.isnan(cached):
        return (
            "this model keeps nothing of what it has read: with the mask off, each new token changes what all others "
            f"say. It writes {plain:,.0f} tokens a second at {length:,} tokens, and reads all of them each time."
        )
    return (
        f"measured just now: at {length:,} tokens the cache gives {fixed(cached / plain, 2)} times as many tokens a "
        f"second. Past its context of {answer.context:,} tokens every token moves and nothing can be kept."
    )
