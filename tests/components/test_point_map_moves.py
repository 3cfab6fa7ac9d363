"""The map of embeddings, moved by the feed between two runs of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from components.blank_page import BlankPage, given
from explorer.ui.components import point_map

pytestmark = pytest.mark.journey
COUNT = 4


def message(step: int, moment: dict[str, Any] | None, of: str = "umap", chosen: list[int] | None = None) -> bytes:
    """A frame of a map that says which step it is of. moment: its changes to a live one of this step."""
    near = point_map.Neighbours(np.zeros((COUNT, 1)), np.ones((COUNT, 1)), "cosine", 16)
    frame = point_map.Frame(
        title="Tokens",
        subject=of,
        step=step,
        points=np.random.default_rng(step).normal(size=(COUNT, 2)),
        labels=list("abcd"),
        notes=[""] * COUNT,
        shades=[point_map.Shade("frequency", np.linspace(0, 1, COUNT))],
        neighbours=near,
        quality=[("trustworthiness", "0.9")],
        trust="so far",
        of=of,
    )
    moment = None if moment is None else {"run": "r", "step": step, "live": True} | moment
    return point_map.message(frame, chosen, 300, live=True, moment=moment)


def shown(blank: BlankPage) -> tuple[int, str]:
    step, subject = (
        f"parent_.querySelector('.point-map{rest}" for rest in ("').dataset.step", " .subject').textContent")
    )
    return int(blank.page.evaluate(step)), str(blank.page.evaluate(subject))


def by_feed(blank: BlankPage, data: bytes, step: int) -> None:
    """What feed.js does with a message of the newest step."""
    blank.page.evaluate("step => void Object.assign(explorerFeed, { run: 'r', step })", step)
    blank.page.evaluate("data => explorerFeed.takers.get('map')(opened(data))", given(data))


def listed(blank: BlankPage) -> str:
    """What stands beside the map of what is chosen on it."""
    return str(blank.page.evaluate("parent_.querySelector('.list').innerText"))


@pytest.fixture
def blank(blank_page) -> Iterator[BlankPage]:
    blank = blank_page(900, 420)
    blank.open(point_map.SOURCE)
    yield blank
    blank.page.evaluate("void Object.assign(explorerFeed, { run: null, step: -1, wanted: undefined })")


def test_the_feed_moves_it_and_a_page_that_was_drawn_before_does_not_take_it_back(blank):
    blank.tell(message(8, {}, chosen=[]))
    by_feed(blank, message(12, {}), 12)
    assert shown(blank) == (12, "umap")
    blank.tell(message(9, {}, chosen=[]))
    assert shown(blank) == (12, "umap")
    blank.tell(message(13, {}, chosen=[]))
    assert shown(blank) == (13, "umap")
    blank.tell(message(5, None, chosen=[]))
    assert shown(blank) == (5, "umap"), "what comes with the page alone"
    assert not blank.page.evaluate("explorerFeed.takers.has('map')")


def test_another_map_is_there_at_once_and_the_one_before_does_not_come_back(blank):
    blank.tell(message(8, {}, chosen=[]))
    by_feed(blank, message(12, {}), 12)
    blank.tell(message(9, {}, "pca", []))
    assert shown(blank) == (9, "pca")
    by_feed(blank, message(14, {}, "umap"), 14)
    assert shown(blank) == (9, "pca")
    by_feed(blank, message(15, {}, "pca"), 15)
    assert shown(blank) == (15, "pca")


def test_what_is_chosen_stays_while_the_feed_moves_the_map_and_comes_with_a_late_page_too(blank):
    blank.tell(message(8, {}, chosen=[]))
    before = listed(blank)
    by_feed(blank, message(12, {}), 12)
    blank.tell(message(9, {}, chosen=[2]))  # late, and yet what the page says is chosen
    chosen = listed(blank)
    assert chosen != before
    by_feed(blank, message(13, {}), 13)
    assert listed(blank) == chosen


def test_in_a_film_each_frame_that_comes_is_shown_though_the_film_has_gone_on(blank):
    past = {"live": False}
    blank.tell(message(400, {}, chosen=[]))
    blank.page.evaluate(
        "void Object.assign(explorerFeed, { run: 'r', step: 400, film: true, wanted: 30, arrived: null })"
    )
    blank.tell(message(10, past, chosen=[]))
    assert shown(blank) == (10, "umap"), "from where it stood before the film"
    blank.tell(message(20, past, chosen=[]))
    assert shown(blank) == (20, "umap")
    blank.tell(message(15, past, chosen=[]))
    assert shown(blank) == (20, "umap"), "it does not go back"
    blank.page.evaluate("void Object.assign(explorerFeed, { film: false, wanted: 50, arrived: null })")
    blank.tell(message(30, past, chosen=[]))
    assert shown(blank) == (20, "umap"), "the hand wants another step"
    blank.tell(message(50, past, chosen=[]))
    assert shown(blank) == (50, "umap")
