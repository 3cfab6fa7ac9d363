"""What the positions page asks for: of a run at a step, or of the formulas alone."""

from __future__ import annotations

import math
from collections.abc import Callable

from explorer.charts import theme
from explorer.config.encodings import ENCODINGS
from explorer.config.run import RunConfig
from explorer.ui import chosen, picture, refusals, visit
from explorer.ui.components.heat_map import heat_map

EVERY = 1.5  # seconds: an Altair chart's update costs the browser 45 ms


def color(kind: str) -> str:
    """The colour of an encoding, on every picture of this page."""
    return theme.layer(list(ENCODINGS).index(kind))


def heat(draw: Callable[[], bytes], key: str, of: object) -> None:
    """A heat map that is drawn anew when `of` changes: what it shows, and of which step."""
    heat_map(picture.paced(draw, key, (of, visit.state().projector), math.inf), key=key)


def begin(config: RunConfig) -> None:
    """Starts a run and stays on the page; a refusal is shown there."""
    try:
        chosen.begin(config)
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))
