"""Which way imports point: one table of allowed pairs, no cycle, and what each process may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# what a room may import besides itself; a late import inside a function counts as any other
ALLOWED = {
    "models": set(),
    "explorer.home": set(),
    "i18n": set(),
    "config": {"models", "tasks", "measure"},
    "tasks": {"models", "measure", "explorer.home"},
    "explorer.trace": {"models", "tasks"},
    "training": {"models", "config", "tasks", "explorer.trace"},
    "measure": {"explorer.home"},
    "analysis": {"models", "config", "tasks", "training", "measure", "explorer.trace"},
    "runs": {"config", "tasks", "training", "measure", "explorer.home"},
    "answers": {"models", "config", "tasks", "training", "measure", "analysis", "runs", "script", "explorer.trace"},
    "cluster": {"runs", "processes"},
    "search": {"config", "tasks", "training", "measure", "runs", "answers", "processes", "cluster"},
    "processes": {"config", "tasks", "training", "runs", "answers", "cluster", "explorer.trace"},
    "charts": {"measure"},
    "lessons": {"models", "config", "tasks", "training", "measure", "runs", "answers"},
    "ui": {
        "explorer.home",
        *("models", "config", "tasks", "training", "measure", "runs", "answers", "processes", "charts"),
        *("search", "cluster", "lessons", "i18n", "explorer"),
    },
    "pages": {"ui", "charts", "measure", "runs", "search"},
    "explorer": set(),  # the public names, imported when first used
    "explorer.commands": {"explorer", "config", "training", "measure", "runs", "lessons", "script"},
    "explorer.scoring": {"explorer", "measure", "runs", "answers", "cluster"},
    "explorer.writing": {"explorer", "measure", "runs", "answers"},
    "explorer.__main__": {
        *("explorer.commands", "explorer.scoring", "explorer.writing", "explorer.home"),
        *("config", "measure"),
    },
    "script": {"models", "config", "tasks", "training", "runs"},
    "explorer.app": {"ui"},
    "explorer.serve": {"ui"},
}
# two public conveniences may look up from where they stand
CONVENIENCES = {
    ("explorer.config.run", "explorer.config.presets"),  # RunConfig.preset
    ("explorer.runs.run", "explorer.runs.replay"),  # Run.model_at
}
FOLDERS = ("models", "explorer", "pages")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {name_of(path): path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))}


def room(module: str) -> str:
    """`explorer.runs.run` stands in `runs`; a module that is no package of `explorer`'s is a room of its own."""
    first, *rest = module.split(".")
    if first != "explorer" or not rest:
        return first
    return rest[0] if (ROOT / "explorer" / rest[0]).is_dir() else f"explorer.{rest[0]}"


def page(module: str) -> str | None:
    """The page that `explorer.ui.words.pair` and `pages.words` are of; None for what pages share."""
    ui, _, rest = module.partition("explorer.ui.")
    folder = rest.partition(".")[0] if not ui else module.removeprefix("pages.")
    return folder if (ROOT / "pages" / f"{folder}.py").is_file() else None


def imported(path: Path) -> Iterator[str]:
    """The modules of this house that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules() else str(node.module) for name in names]
        else:
            continue
        yield from (name for name in names if name in modules())


@cache
def arrows() -> dict[str, set[str]]:
    """What each module imports, without the declared conveniences."""
    return {
        module: {name for name in imported(path) if (module, name) not in CONVENIENCES}
        for module, path in modules().items()
    }


def test_every_import_is_in_the_table() -> None:
    wrong = [
        f"{module} imports {name}: {room(module)} must not know {room(name)}"
        for module, names in arrows().items()
        for name in sorted(names)
        if room(name) != room(module) and room(name) not in ALLOWED[room(module)]
    ]
    assert not wrong, "\n".join(wrong)


def test_what_two_pages_share_lies_in_parts() -> None:
    """Neither another page nor what all pages stand on imports a page's package."""
    wrong = [
        f"{module} imports {name}: move what is shared to explorer/ui/parts/"
        for module, names in arrows().items()
        for name in sorted(names)
        if page(name) not in (None, page(module))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_arrow_of_the_table_is_unused() -> None:
    used = {(room(module), room(name)) for module, names in arrows().items() for name in names}
    unused = [(one, other) for one, others in ALLOWED.items() for other in others if (one, other) not in used]
    assert not unused


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"a circle: {' -> '.join((*path[path.index(module) :], module))}"
        if module not in done:
            for name in sorted(arrows()[module]):
                visit(name, (*path, module))
            done.add(module)

    for module in modules():
        visit(module, ())


@pytest.mark.parametrize(("module", "name"), sorted(CONVENIENCES))
def test_a_convenience_is_imported_late(module: str, name: str) -> None:
    assert name in imported(modules()[module]), "it is not needed any more"
    top = ast.parse(modules()[module].read_text("utf-8")).body
    assert name not in [node.module for node in top if isinstance(node, ast.ImportFrom)]


def test_few_modules_stand_in_the_hall() -> None:
    assert len(list((ROOT / "explorer").glob("*.py"))) <= 10


def test_no_folder_holds_more_than_thirty_modules() -> None:
    own = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    for folder in {path.parent for path in [*modules().values(), *own]}:
        assert len(list(folder.glob("*.py"))) <= 30, folder
        assert len(list(folder.glob("*.js"))) <= 30, folder


def test_no_module_is_longer_than_300_lines() -> None:
    paths = [*modules().values(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert [path.name for path in paths if len(path.read_text("utf-8").splitlines()) > 300] == []


# one interpreter for many modules: one that loads what it must not is named, whichever it is
CODE = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
    loaded = [banned for banned in sys.argv[1].split(",") if banned in sys.modules]
    assert not loaded, f"{name} loads {loaded}"
"""


def check(banned: str, names: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, banned, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1]


def those_in(*rooms: str) -> list[str]:
    return [module for module in modules() if room(module) in rooms]


GLUE = ("pages", "ui", "explorer.app", "explorer.serve", "explorer.__main__")


def test_the_engine_loads_neither_streamlit_nor_altair() -> None:
    check("streamlit,altair", [module for module in modules() if room(module) not in (*GLUE, "charts")])


def test_models_do_not_know_the_explorer() -> None:
    check("explorer,numpy.ma,pandas,pydantic", those_in("models"))


def test_charts_do_not_load_torch() -> None:
    check("torch,streamlit", those_in("charts"))


def test_numbers_from_arrays_do_not_load_torch() -> None:
    check("torch,streamlit,altair", those_in("measure"))


def test_plain_data_does_not_load_torch() -> None:
    check(
        "torch,streamlit",
        [*those_in("config", "explorer"), "models", "models.config", "models.families", "explorer.tasks.fields"],
    )


def test_a_lesson_is_read_without_torch() -> None:
    check("torch,streamlit,altair", ["explorer.lessons.reading"])


def test_what_pages_read_of_answers_does_not_load_torch() -> None:
    check("torch,streamlit,altair", [module for module in modules() if module.startswith("explorer.answers.records")])


def test_the_cards_do_not_load_what_charts_need() -> None:
    body = ast.parse((ROOT / "explorer" / "app.py").read_text("utf-8")).body
    first = [
        f"{line.module}.{name.name}"
        for line in body
        if isinstance(line, ast.ImportFrom) and line.module.startswith("explorer")
        for name in line.names
    ]
    assert "explorer.ui.parts.lesson_beside" in first
    check("altair,pandas,torch", [*first, "explorer.ui.cards", "explorer.serve", "pages.start"])


def test_no_room_has_the_name_of_one_of_pythons_own_modules() -> None:
    """Streamlit puts explorer/, the folder of its script, first: a `locale` there was taken for Python's."""
    names = {path.parent.name for path in (ROOT / "explorer").glob("*/*.py")}
    names |= {path.stem for path in (ROOT / "explorer").glob("*.py")} - {"__init__", "__main__"}
    assert names & sys.stdlib_module_names <= {"trace"}  # that of Python is a tool of its own, which nothing imports
