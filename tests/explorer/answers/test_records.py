"""Records: what travels comes back as it was, and every record names a function that gives it."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import pkgutil
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from explorer.answers import embeddings, records
from explorer.answers.records.record import ANSWERS, Array, Record, decoder, pack, parts, unpack
from explorer.ui.parts.map_choice import Choice

for module in pkgutil.walk_packages(records.__path__, f"{records.__name__}."):
    importlib.import_module(module.name)


@dataclass(frozen=True)
class Walk:
    name: str
    places: Array  # (N, 2)
    ended: str | None = None


@dataclass(frozen=True)
class Everything(Record):
    number: float
    count: int | None
    word: Literal["a", "b"]
    sure: bool
    heights: Array
    walks: list[Walk]
    by_layer: dict[int, Array]
    window: tuple[tuple[float, float], ...]
    pair: tuple[int, str]
    mixed: dict[str, Any]
    either: int | str = 0


def example() -> Everything:
    return Everything(
        number=math.inf,
        count=None,
        word="b",
        sure=True,
        heights=np.array([[0.0, np.nan]], np.float32),
        walks=[Walk("adam", np.zeros((0, 2))), Walk("sgd", np.arange(4).reshape(2, 2), "left")],
        by_layer={3: np.array([True, False])},
        window=((0.0, 1.0), (2.0, 3.0)),
        pair=(1, "x"),
        mixed={"a": [1, None]},
        either="word",
    )


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if is_dataclass(one):
        return type(one) is type(other) and all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_what_travels_comes_back_as_it_was() -> None:
    assert same(unpack(pack(example()), Everything), example())


def test_a_picture_hands_on_plain_fields_and_arrays_apart() -> None:
    plain, arrays = parts(example())
    assert list(arrays) == ["heights"]
    assert plain["pair"] == [1, "x"]
    assert "heights" not in plain


def test_a_field_that_cannot_travel_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        decoder(complex)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_record_names_a_function_that_gives_it(name: str) -> None:
    kind = ANSWERS[name]
    decoder(kind)  # every field can travel
    module, _, function = kind.function.partition(":")
    gives = inspect.signature(getattr(importlib.import_module(module), function)).return_annotation
    assert gives == kind.__name__


ROOT = Path(__file__).parents[3]
KINDS = {kind.__name__: kind for kind in ANSWERS.values()}
# what goes along with a question and is not part of it, or what whoever passes the question on adds to it
ALONG = {
    "lane",
    "past",
    "visit",
    "doing",
    "says",
    "patience",
    "every",
    "of",
    "view",
    "part",
    "path",
    "step",
    "progress",
    "over",
}


def drawing() -> list[str]:
    """What draws: every module of ui and every page."""
    paths = [*(ROOT / "explorer/ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def asks(name: str) -> list[tuple[str, str, set[str], bool]]:
    """Every call that names a kind of record: where, which, the arguments by name, and whether it may give more."""
    found = []
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("explorer.answers.records.")
        for alias in node.names
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for argument in call.args:
            if isinstance(argument, ast.Name) and imported.get(argument.id) in KINDS:
                given = {keyword.arg for keyword in call.keywords if keyword.arg}
                more = len(given) < len(call.keywords)
                found.append((f"{name}:{call.lineno}", imported[argument.id], given - ALONG, more))
    return found


def taken(kind: type[Record]) -> dict[str, inspect.Parameter]:
    """The parameters of the function that gives records of this kind. `style` of a map stands for those of a style."""
    module, _, function = kind.function.partition(":")
    parameters = dict(inspect.signature(getattr(importlib.import_module(module), function)).parameters)
    if parameters.pop("style", None):
        parameters |= inspect.signature(embeddings.styled).parameters
    return parameters


ASKING = [name for name in drawing() if "explorer.answers.records." in (ROOT / name).read_text("utf-8")]


@pytest.mark.parametrize("name", ASKING)
def test_what_a_page_asks_for_takes_what_it_is_given(name: str) -> None:
    for where, kind, given, more in asks(name):
        takes = taken(KINDS[kind])
        assert given <= set(takes), where
        needed = {key for key, parameter in takes.items() if parameter.default is parameter.empty} - ALONG
        assert more or needed <= given, where


MAPS = sorted(name for name in ANSWERS if name.startswith("embeddings.") and name != "embeddings.load")


@pytest.mark.parametrize("name", MAPS)
def test_what_is_chosen_of_a_map_is_what_maps_are_asked_with(name: str) -> None:
    choice = Choice("states", "umap", 2, 1, "", 15, 0.1, "cosine", 0, 0, trails=False)
    given = choice.points if name == "embeddings.axis" else choice.arguments
    assert set(given) <= set(taken(ANSWERS[name]))


def test_every_kind_of_record_is_asked_for() -> None:
    """By a page, by the search or by the server: a record that nobody asks for is not a seam."""
    paths = [path for path in (ROOT / "explorer").rglob("*.py") if "answers" not in path.parts]
    names = {
        node.id for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)
    }
    assert set(KINDS) <= names


def test_no_page_looks_up_a_word_in_an_answer() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in drawing()
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8")))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("plain", "arrays", "answer")
    ]
    assert not found


def test_two_records_of_one_name_are_refused() -> None:
    with pytest.raises(AssertionError, match="there is a record PointMap already"):
        type("PointMap", (Record,), {}, of="elsewhere.map")
    with pytest.raises(AssertionError, match=r"embeddings.frame gives PointMap already"):
        type("OtherMap", (Record,), {}, of="embeddings.frame")


def test_records_are_frozen() -> None:
    for kind in KINDS.values():
        assert is_dataclass(kind)
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
