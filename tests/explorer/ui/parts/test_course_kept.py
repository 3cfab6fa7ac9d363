"""What was guessed in the course is there after the server has started again, whatever became of its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.config.scenes import Scene
from explorer.lessons.reading import lessons
from explorer.ui.components.sketch import PLACES
from explorer.ui.parts import course_kept
from explorer.ui.parts.course_kept import Beside, Progress, digest, read, save

CHOSEN, DRAWN = "4.1-surprise", "2.3-what-came-next"
CURVE = [place / (PLACES - 1) for place in range(PLACES)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "guesses.json"


@pytest.fixture
def logged(monkeypatch) -> list[str]:
    """What the log says."""
    lines: list[str] = []
    monkeypatch.setattr(course_kept.log, "warning", lambda text, *values: lines.append(text % values))
    return lines


def somebody(choice: int = 2) -> Progress:
    return Progress(opened={CHOSEN}, started={CHOSEN}, guesses={CHOSEN: choice}, curves={DRAWN: CURVE})


def aside(path: Path) -> list[str]:
    """What the files hold that were moved aside."""
    return [one.read_text("utf-8", errors="replace") for one in path.parent.glob("guesses-unread-*.json")]


def test_what_was_guessed_and_begun_is_there_again(path):
    save(path, {digest("a"): somebody(), digest("b"): Progress(opened={CHOSEN}), digest("c"): somebody(1)})
    again = read(path)
    assert list(again) == [digest("a"), digest("c")], "who did nothing is not kept"
    assert again[digest("a")].guesses == {CHOSEN: 2}
    assert again[digest("a")].curves[DRAWN] == pytest.approx(CURVE)
    assert again[digest("a")].started == {CHOSEN}
    assert again[digest("c")].guesses == {CHOSEN: 1}


def test_the_lesson_beside_a_page_is_there_again(path):
    before = Scene(
        page="attention", run="a-run", step=7, head="blocks.1.attention.2", controls={"closer": "Arithmetic"}
    )
    beside = {CHOSEN: Beside(runs=["b-run", "c-run"], reached=[0], before=before), DRAWN: Beside(runs=["d-run"])}
    save(path, {digest("a"): Progress(started={CHOSEN}, beside=beside)})
    again = read(path)[digest("a")].beside
    assert again == beside
    assert list(again) == [CHOSEN, DRAWN]


def test_a_file_of_before_lessons_were_kept_beside_pages_is_read(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "browsers": {digest("a"): {"guesses": {CHOSEN: 2}}}}))
    assert read(path)[digest("a")].guesses == {CHOSEN: 2}


def test_no_name_of_a_browser_stands_in_the_file(path):
    name = "0123456789abcdef" * 2
    save(path, {digest(name): somebody()})
    text = path.read_text("utf-8")
    assert name not in text
    assert json.loads(text)["browsers"].keys() == {digest(name)}


def test_no_file_is_no_guess(path):
    assert read(path) == {}


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"no json",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b'{"version": 2, "browsers": {}}',
        b'{"version": 1, "browsers": {"a name": {}}}',
        b'{"version": 1, "browsers": {"%s": {"guesses": {"4.1-surprise": "2"}}}}' % digest("a").encode(),
        b'{"version": 1, "browsers": {"%s": {"name": "Ada"}}}' % digest("a").encode(),
        b'{"version": 1, "browsers": {"%s": {"curves": {"2.3-what-came-next": [1e999]}}}}' % digest("a").encode(),
        b'{"version": 1, "browsers": {"%s": {"beside": {"4.1-surprise": {"runs": ["../run"]}}}}}'
        % digest("a").encode(),
        b'{"version": 1, "browsers": {"%s": {"beside": {"4.1-surprise": {}}}}}' % digest("a").encode(),
        b'{"version": 1, "browsers": {"%s": {"beside": {"4.1-surprise": {"runs": [], "before": {"page": 1}}}}}}'
        % digest("a").encode(),
        b"[" * 100_000,
    ],
)
def test_a_file_that_holds_no_guesses_is_moved_aside_and_said(path, bad, logged):
    path.parent.mkdir()
    path.write_bytes(bad)
    assert read(path) == {}
    (said,) = logged
    assert "holds no guesses" in said
    assert not path.exists()
    assert aside(path) == [bad.decode("utf-8", errors="replace")]
    save(path, {digest("a"): somebody()})
    path.write_bytes(bad)
    read(path)
    assert len(aside(path)) == 2, "the second does not take the place of the first"


def test_a_file_that_is_far_too_large_is_not_read(path, monkeypatch):
    monkeypatch.setattr(course_kept, "MOST_BYTES", 1000)
    path.parent.mkdir()
    path.write_text('{"version": 1, "browsers": {}}' + " " * 3000)
    assert read(path) == {}
    assert aside(path)


@pytest.mark.parametrize(
    ("guesses", "curves"),
    [
        ({"0.0-gone": 1}, {}),
        ({CHOSEN: 0}, {}),
        ({CHOSEN: 99}, {}),
        ({DRAWN: 1}, {}),
        ({}, {CHOSEN: CURVE}),
        ({}, {DRAWN: CURVE[:-1]}),
        ({}, {DRAWN: [-1.0, *CURVE[1:]]}),
        ({}, {DRAWN: [1e9, *CURVE[1:]]}),
    ],
)
def test_a_guess_that_its_lesson_does_not_ask_for_is_left_out_and_no_other(path, guesses, curves):
    save(path, {digest("a"): Progress(guesses=guesses, curves=curves), digest("b"): somebody()})
    again = read(path)
    assert again[digest("a")].guessed == {}
    assert again[digest("b")].guessed == somebody().guessed


@pytest.mark.parametrize(("name", "reached"), [("0.0-gone", []), (CHOSEN, [9]), (CHOSEN, [-1])])
def test_a_lesson_beside_a_page_that_cannot_be_is_left_out_and_no_guess(path, name, reached):
    beside = {name: Beside(runs=["a-run"], reached=reached)}
    save(path, {digest("a"): Progress(guesses={CHOSEN: 1}, beside=beside)})
    again = read(path)[digest("a")]
    assert not again.beside
    assert again.guesses == {CHOSEN: 1}


def test_a_full_file_has_those_who_came_last(path, monkeypatch):
    everyone = {digest(str(n)): Progress(guesses=dict.fromkeys([CHOSEN], 1)) for n in range(50)}
    monkeypatch.setattr(course_kept, "MOST_BYTES", 2000)
    save(path, everyone)
    kept = list(read(path))
    assert path.stat().st_size < 2200
    assert 5 < len(kept) < 50
    assert kept == list(everyone)[-len(kept) :]
    monkeypatch.setattr(course_kept, "MOST", 3)
    save(path, everyone)
    assert list(read(path)) == list(everyone)[-3:]


def test_a_class_fits(path):
    every = {name: lesson.head.answer for name, lesson in lessons().items() if lesson.head.answer}
    drawn = {name: [0.123456] * PLACES for name, lesson in lessons().items() if lesson.head.draw}
    one = Progress(started=set(lessons()), guesses=every, curves=drawn)
    save(path, {digest(str(n)): one for n in range(course_kept.MOST)})
    assert len(read(path)) > 1000


def test_two_servers_on_one_folder_keep_what_the_other_kept(path):
    save(path, {digest("a"): somebody(1)})
    save(path, {digest("b"): somebody(2)})
    save(path, {digest("a"): somebody(3)})
    assert {name: one.guesses[CHOSEN] for name, one in read(path).items()} == {digest("a"): 3, digest("b"): 2}


def test_where_nothing_can_be_written_the_log_says_so_and_nothing_stops(path, logged):
    path.parent.write_text("a file in the folder's place")
    save(path, {digest("a"): somebody()})
    (said,) = logged
    assert "a restart forgets them" in said


def test_a_server_that_starts_again_knows_the_class(path, monkeypatch):
    from explorer.ui.parts import course_visitor, course_way

    monkeypatch.setattr(course_kept, "place", lambda: path)
    monkeypatch.setattr(course_visitor, "visitor", lambda: "the browser of a student")
    mine = course_way.Way()
    monkeypatch.setattr(course_way, "way", lambda: mine)
    course_visitor.everyone.clear()
    lesson = lessons()[CHOSEN]
    course_way.guess(lesson, lesson.head.answer)
    course_visitor.everyone.clear()  # as a start of the server finds it
    assert course_way.of_class(lesson) == [lesson.head.answer]
    assert course_visitor.progress().guesses == {CHOSEN: lesson.head.answer}
    course_visitor.everyone.clear()
