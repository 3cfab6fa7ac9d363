"""Every component drawn, changed, changed back, in the dark, for a projector: as if each time were the first.

The components are those of the folder, so that none is forgotten.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

from components.blank_page import DARK, LIGHT, BlankPage
from components.examples import EXAMPLES
from components.mounting import messages
from explorer.ui import components
from explorer.ui.components.source import Source

pytestmark = pytest.mark.journey
SCRIPTS = sorted(  # of every folder with a component, its own script or another's
    module.name
    for module in pkgutil.iter_modules(components.__path__)
    if hasattr(importlib.import_module(f"{components.__name__}.{module.name}"), "SOURCE")
)


@pytest.fixture(scope="module")
def blank(blank_page) -> BlankPage:
    return blank_page(1000, 800, reduced_motion="reduce")


@pytest.fixture(scope="module", params=SCRIPTS)
def component(request) -> tuple[Source, list[Any]]:
    """A component with its example messages."""
    module = importlib.import_module(f"explorer.ui.components.{request.param}")
    return module.SOURCE, messages(module, EXAMPLES[request.param])


@pytest.fixture(scope="module")
def fresh(blank, component) -> Callable[..., list[str]]:
    """What is seen of a message that is the first one, in a theme; each is drawn once for all tests of a component."""
    source, drawn = component[0], {}

    def of(data: Any, theme: dict[str, str] = LIGHT) -> list[str]:
        key = repr(data), theme["background-color"]
        if key not in drawn:
            blank.theme(theme)
            drawn[key] = blank.fresh(source, data)
        return drawn[key]

    return of


def test_every_component_of_the_folder_has_examples():
    assert sorted(EXAMPLES) == SCRIPTS


def enlarged(data: Any) -> Any:
    """The same message for a projector, where it has one."""
    if not isinstance(data, bytes):
        return data | {"projector": True} if "projector" in data else data
    return data.replace(b'"projector":false', b'"projector":true ')  # as long as before


def test_a_later_message_is_drawn_as_if_it_were_the_first(blank, component, fresh):
    source, (first, alike, other, *more) = component
    messages = [first, alike, first, other, *more, first, first]
    if enlarged(first) != first:
        messages += [enlarged(first), first, enlarged(other)]
    messages.append(alike)
    expected = [fresh(data) for data in messages]
    assert fresh(first) != fresh(other)
    blank.theme(LIGHT)
    blank.open(source)
    for place, (data, wanted) in enumerate(zip(messages, expected, strict=True)):
        differing = difference(blank.tell(data), wanted)
        assert not differing, f"message {place}: {differing}"
        assert_nothing_is_wider(blank, blank.page.viewport_size["width"])


def test_another_theme_is_drawn_as_if_it_had_always_been_there(blank, component, fresh):
    source, (first, *_, other) = component
    walk = [(DARK, first), (DARK, other), (LIGHT, other)]
    expected = [fresh(data, theme) for theme, data in walk]
    blank.theme(LIGHT)
    blank.open(source)
    blank.tell(first)
    for (theme, data), wanted in zip(walk, expected, strict=True):
        blank.theme(theme)
        assert not difference(blank.tell(data), wanted)


def test_after_a_message_that_fails_the_next_is_drawn_whole(blank, component, fresh):
    source, (first, *_) = component
    expected = fresh(first)
    blank.theme(LIGHT)
    blank.open(source)
    blank.tell(first)
    with pytest.raises(Exception, match="Error"):
        blank.tell(b"\x02\x00\x00\x00{}" if isinstance(first, bytes) else {})
    assert not difference(blank.tell(first), expected)


def test_what_is_removed_leaves_nothing_behind(blank, component):
    source, (first, *_) = component
    blank.open(source)
    blank.tell(first)
    assert blank.page.evaluate("end(), parent_.children.length > 1"), "an update that came too late removes nothing"
    assert blank.page.evaluate("host.remove(), end(), parent_.children.length") == 1  # its style
    assert blank.page.evaluate("window.explorerFeed?.takers.size ?? 0") == 0


def test_an_update_that_comes_after_its_page_draws_nothing(blank, component):
    source, (first, alike, *_) = component
    for before in ([], [first]):
        blank.open(source)
        for data in before:
            blank.tell(data)
        blank.page.evaluate("host.remove()")
        blank.tell(alike)
        assert not before or blank.page.evaluate("end(), parent_.children.length") == 1  # its style


def assert_nothing_is_wider(blank: BlankPage, width: int) -> None:
    page, host = blank.page.evaluate("[document.documentElement.scrollWidth, host.scrollWidth]")
    assert page <= blank.page.viewport_size["width"]
    assert host <= width


def test_words_of_any_length_widen_nothing_in_a_narrow_place(blank, component):
    source, messages = component
    blank.open(source)
    blank.page.evaluate("Object.assign(host.style, { width: '360px' })")
    for data in messages:
        blank.tell(data)
        assert_nothing_is_wider(blank, 360)


PHONE = 294  # pixels of a picture in its card, in a window of 390
BLANK = """[...parent_.querySelectorAll("canvas:not(.over)")].filter((canvas) => {
  if (!canvas.offsetWidth || !canvas.width || !canvas.height) return false;
  return !canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
}).map((canvas) => canvas.className || canvas.parentElement.className)"""


def test_every_canvas_is_painted_on_a_phone(blank, component):
    """Where one was blank at the width of a window it has to be so on a phone, and else not."""
    source, messages = component
    for data in messages:
        blank.fresh(source, data)
        wide = blank.page.evaluate(BLANK)
        blank.open(source)
        blank.page.evaluate("width => void (host.style.width = `${width}px`)", PHONE)
        blank.tell(data)
        assert sorted(set(blank.page.evaluate(BLANK))) == sorted(set(wide))


def difference(seen: list[str], wanted: list[str]) -> str:
    """The first thing that differs, in short; nothing where all is alike."""
    for at, (one, other) in enumerate(zip(seen, wanted, strict=False)):
        if one != other:
            return f"at {at} of {len(wanted)}: {one[:300]!r} is not {other[:300]!r}"
    return "" if len(seen) == len(wanted) else f"{len(seen)} things are not {len(wanted)}"
