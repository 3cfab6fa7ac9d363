"""Record: an answer between processes, a frozen dataclass that travels as one string of bytes, without pickle.

    looker: function(...) -> Record ──pack──> bytes ──unpack──> the same Record: page

A record may hold numbers, text, arrays, other dataclasses, and lists, tuples and dicts of these. Arrays travel as
safetensors; all else as JSON in its metadata, where an array's place holds its number.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import safetensors.numpy

Array = np.ndarray
R = TypeVar("R", bound="Record")
ARRAY = "array"  # the key of an array's number in the JSON; no field of a record is called so
ANSWERS: dict[str, type[Record]] = {}  # by the function that gives them, the path of a function in explorer.answers


class Record:
    """Base of every answer. `class Lens(Record, of="lens.lens")` says which function gives it.

    of: the path of a function in explorer.answers, or `package.module:function` of another part of the engine.
    """

    function: ClassVar[str]  # `package.module:function`

    def __init_subclass__(cls, of: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if of:
            assert of not in ANSWERS, f"{of} gives {ANSWERS[of].__name__} already"
            names = {kind.__name__ for kind in ANSWERS.values()}
            assert cls.__name__ not in names, f"there is a record {cls.__name__} already"
            module, _, name = of.rpartition(".")
            cls.function = of if ":" in of else f"explorer.answers.{module}:{name}"
            ANSWERS[of] = cls


def pack(record: Record) -> bytes:
    """The record as bytes."""
    arrays: list[Array] = []
    plain = json.dumps(encoded(record, arrays))
    named = {str(number): np.ascontiguousarray(array) for number, array in enumerate(arrays)}
    return safetensors.numpy.save(named, {"plain": plain})


def unpack(data: bytes, kind: type[R]) -> R:
    """The opposite of `pack`: a record of this kind."""
    length = int.from_bytes(data[:8], "little")
    plain = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["plain"])
    return decoder(kind)(plain, safetensors.numpy.load(data))  # type: ignore[arg-type]


def encoded(value: Any, arrays: list[Array]) -> Any:
    """A value as JSON; its arrays are added to `arrays`."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {ARRAY: len(arrays) - 1}
    if is_dataclass(value):
        return {field.name: encoded(getattr(value, field.name), arrays) for field in fields(value)}
    if isinstance(value, dict):
        return {key: encoded(one, arrays) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(one, arrays) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


Decode = Callable[[Any, dict[str, Array]], Any]


@lru_cache(maxsize=512)
def decoder(kind: Any) -> Decode:
    """What turns JSON and arrays back into a value of this type. TypeError where records cannot hold the type."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind is np.ndarray:
        return lambda value, arrays: arrays[str(value[ARRAY])]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        each = {field.name: decoder(hints[field.name]) for field in fields(kind)}
        make: Any = kind
        return lambda value, arrays: make(**{name: decode(value[name], arrays) for name, decode in each.items()})
    if origin in (Union, types.UnionType):
        inner = [part for part in parts if part is not type(None)]
        if len(inner) > 1:  # numbers and text alone, which JSON tells apart
            return lambda value, arrays: value
        of_inner = decoder(inner[0])
        return lambda value, arrays: None if value is None else of_inner(value, arrays)
    if origin is list or (origin is tuple and parts[-1] is Ellipsis):
        of_one, sequence = decoder(parts[0]), origin
        return lambda value, arrays: sequence(of_one(one, arrays) for one in value)
    if origin is tuple:
        of_each = [decoder(part) for part in parts]
        return lambda value, arrays: tuple(of(one, arrays) for of, one in zip(of_each, value, strict=True))
    if origin is dict:
        of_key, of_one = parts[0], decoder(parts[1])
        return lambda value, arrays: {of_key(key): of_one(one, arrays) for key, one in value.items()}
    if kind in (int, float, str, bool, Any) or origin is Literal:
        return lambda value, arrays: value
    raise TypeError(f"a record cannot hold {kind}")


def parts(record: Record) -> tuple[dict[str, Any], dict[str, Array]]:
    """A record's plain fields and its arrays, by field, for a picture that hands all of them on to the browser."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    plain = {name: encoded(value, []) for name, value in values.items() if name not in arrays}
    return plain, arrays
