"""Where a model has states that a gradient can be followed back to, and in which order they are read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from explorer.config.run import RunConfig
from explorer.measure.recurrence import Order
from models.families import kind_of


@dataclass(frozen=True)
class States:
    """The states of one stack.

    tap: of layer `{}`.   words: what they are.   order: in which they were read.   direct: the tap of what is read of
    them without a way through later states, (B, S, 2C) for both orders, or "".
    """

    tap: str
    words: str
    order: Order = "written"
    direct: str = ""


STATES = {  # a part -> the states that a layer hands on from position to position
    "recurrent state": States("layers.{}.hidden", "hidden state h"),
    "residual stream": States("blocks.{}.residual_in", "residual stream"),  # before attention hands it on
}
DECODER = "decoder"


def states_of(config: RunConfig) -> dict[str, States]:
    """The states of a model by the stack that has them, those of the predictions last.

    Recurrent encoders have two: read from the left and from the right. ValueError if the model has none.
    """
    config.need("states")
    part = next(part for part in STATES if config.has(part))
    states, (*readers, writer) = STATES[part], kind_of(config.model).stacks
    result = {}
    for stack in readers:
        name = stack.rstrip(".")
        if part == "recurrent state":
            cells, direct = f"{stack}layers.{{}}", f"{stack}layers.{{}}.annotations"
            result[f"{name}, left to right"] = States(f"{cells}.ahead.hidden", states.words, "left to right", direct)
            result[f"{name}, right to left"] = States(f"{cells}.back.hidden", states.words, "right to left", direct)
        else:
            result[name] = replace(states, tap=stack + states.tap, order="left to right")
    return result | {DECODER: replace(states, tap=writer + states.tap)}
