"""The Runs page with files from anywhere: a bad one is one bad card."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import mutations
import numpy as np
import pytest
from messages import read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded

from explorer.runs import branch, catalogue, file, race

PAGE = str(Path(__file__).parents[4] / "pages" / "runs.py")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch) -> Path:
    """A folder of runs with a sound one in it, which is called as people call copies."""
    folder = tmp_path / "runs"
    monkeypatch.setattr(catalogue, "folder", lambda: folder)
    recorded(folder / "My copy (2).run", 5).close()
    return folder


def shown() -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=240).run()
    assert not page.exception, page.exception
    return page


def test_a_bad_file_is_one_bad_card(tmp_path: Path, runs: Path):
    for name, sql in {
        "text": "UPDATE steps SET loss = 'abc'",
        "status": "UPDATE meta SET value = '[1]' WHERE key = 'status'",
        "parent": "INSERT INTO meta VALUES ('parent', '\"x\"')",
    }.items():
        recorded(runs / f"{name}.run", 5).close()
        with closing(sqlite3.connect(runs / f"{name}.run")) as connection:
            connection.execute(sql)
            connection.commit()
    (runs / "empty.run").write_bytes(b"")
    page = shown()
    assert [b.key for b in page.button if b.key.startswith("open-")] == ["open-My copy (2)"]
    assert len(page.warning) == 4
    assert all(len(warning.value) < 300 for warning in page.warning)


def mutated_cards(runs: Path, seeds: range, together: int) -> None:
    """Draws the page over mutated files, so many at a time."""
    data = mutations.sound(runs.parent / "sound.run")
    for first in range(seeds.start, seeds.stop, together):
        for seed in range(first, first + together):
            mutations.mutated(data, runs / f"mutated-{seed}.run", np.random.default_rng(seed))
        page = shown()
        assert "open-My copy (2)" in [button.key for button in page.button]
        for path in runs.glob("mutated-*"):
            path.unlink()


def test_mutated_files_leave_the_page_standing(runs: Path):
    mutated_cards(runs, range(40), 40)


@pytest.mark.prove
def test_three_thousand_mutated_files_leave_the_page_standing(runs: Path):
    mutated_cards(runs, range(3000), 40)


def labels(page: AppTest) -> list[str]:
    """The titles of all rows."""
    return [read(m.value.split("  \n")[0]).replace("**", "") for m in page.markdown if "  \n:gray[" in m.value]


def test_a_race_is_one_row_and_a_branch_stands_under_its_trunk(runs: Path):
    configs = {name: TINY.replace({"optimizer.lr": rate}) for name, rate in (("slow", 1e-4), ("fast", 1e-2))}
    race.begin(configs, "reverse-race")
    recorded(runs / "trunk.run", 10).close()
    branch.branch(str(runs / "trunk.run"), 5, str(runs / "twig.run"), {})
    page = shown()
    names = labels(page)
    assert "Race" in names
    trunk, twig = (i for i, m in enumerate(page.markdown) if any(n in m.value for n in ("trunk", "twig")))
    assert twig == trunk + 2, "below it: each row has two columns of words"
    assert any(name.startswith("↳ reverse · branch at 5") for name in names)
    assert [one.label for one in page.expander if "contender" in one.label] == ["2 contenders"]
    assert any(m.value.startswith("2 contenders · 2 waiting") for m in page.markdown)


def test_a_name_is_text_and_finds_the_run(runs: Path):
    recorded(runs / "other.run", 5).close()
    file.rename(runs / "other.run", ":red[hot] **bold** <b>")
    page = shown()
    assert ":red[hot] **bold** <b>" in [read(m.value.split("  \n")[0][2:-2]) for m in page.markdown]
    page.text_input(key="runs-find").set_value("HOT bold").run()
    assert [b.key for b in page.button if b.key.startswith("open-")] == ["open-other"]
    page.text_input(key="runs-find").set_value("nothing like it").run()
    assert "Clear “Find”" in page.info[0].value
    assert not [b for b in page.button if b.key.startswith("open-")]
    page.text_input(key="runs-find").set_value("").run()
    page.selectbox(key="runs-state").set_value("paused").run()
    assert len([b for b in page.button if b.key.startswith("open-")]) == 2


def test_the_largest_comes_first_if_asked_for(runs: Path):
    recorded(runs / "large.run", 60, every=1).close()
    recorded(runs / "small.run", 5).close()
    page = shown()
    page.selectbox(key="runs-order").set_value("largest first").run()
    assert next(b.key for b in page.button if b.key.startswith("open-")) == "open-large"
