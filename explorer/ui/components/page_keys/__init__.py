"""Page keys: the projector, one picture on the whole screen and scenes, on pages without a player bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from explorer.ui.components import actions
from explorer.ui.components.actions import Action
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_page_keys",
    scripts=("keys.js", "filling.js", "outbox.js", "scene.js", "page_keys.js"),
    styles=("scene.css",),
)
MEANS = ("projector", "fill", "scene")  # of the kinds that keys.js knows, on every page
mount = SOURCE.component()


def page_keys(
    scene: Mapping[str, Any] | None, *, key: str, on_action: Callable[[Action], None], arrows: bool = False
) -> None:
    """Listens for P, F, N and B, and shows the sentence of a scene. Takes no room.

    scene: as `player_bar` takes it.   arrows: whether it listens for ← and → too.
    on_action: gets {"kind": "projector"}, {"kind": "scene", "by": 1, -1 or 0}, {"kind": "move", "direction": 1 or -1}.
    """
    data = {"means": (*MEANS, "move") if arrows else MEANS, "scene": scene, "seen": actions.seen(key)}
    mount(key=key, data=data, on_action_change=actions.deliver(key, on_action))
