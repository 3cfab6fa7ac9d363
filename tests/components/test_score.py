"""A tune on its staff in a real browser: its notes are there, and it sounds after a press and never before."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from explorer.measure.music import abc
from explorer.measure.music.midi import midi
from explorer.ui.components import score

pytestmark = pytest.mark.journey
TUNE = "X:1\nM:4/4\nL:1/8\nK:D\nD2F2 A2d2|c4 z2^G2|d8|]"


def test_a_tune_is_drawn_sounds_after_a_press_and_is_saved_as_midi(blank_page) -> None:
    blank = blank_page(900, 700)
    page = blank.page
    blank.open(score.SOURCE)
    tune = abc.read(TUNE)
    blank.tell(score.message("A tune", tune, TUNE))
    root = page.locator(".score")
    expect(root.locator(".note")).to_have_count(len(tune.pitch))
    expect(root.locator("ellipse.hollow")).to_have_count(2)  # c4 and d8
    expect(root.locator(".barline")).to_have_count(3)
    expect(root.locator("text.sign")).to_have_count(2 + 1)  # two sharps of the key, one accidental
    expect(root).to_have_attribute("data-audio", "none")
    root.get_by_role("button", name="Play").click()
    expect(root).to_have_attribute("data-audio", "running")
    expect(root.locator(".note.on")).to_have_count(1)
    blank.tell(score.message("Another", abc.read("X:1\nK:C\nC"), "X:1\nK:C\nC"))
    expect(root.locator(".note")).to_have_count(len(tune.pitch))  # it waits for the end of the sound
    root.get_by_role("button", name="Stop").click()
    expect(root).to_have_attribute("data-audio", "closed")
    expect(root.locator(".note")).to_have_count(1)
    with page.expect_download() as saved:
        root.get_by_role("button", name="Save MIDI").click()
    assert saved.value.path().read_bytes() == midi(abc.read("X:1\nK:C\nC"))
