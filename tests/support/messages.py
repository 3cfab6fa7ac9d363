"""Reads what Python sends to the browser: to components of our own as they do, and sentences."""

from __future__ import annotations

import json
import math
import re
from html import unescape
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest


def read(markdown: str) -> str:
    """Foreign text as a visitor reads it."""
    return unescape(markdown).replace("\u2060", "")


def read_curves(message: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The header, and each curve with its step, value, low and high."""
    length = int.from_bytes(message[:4], "little")
    header, numbers = json.loads(message[4 : 4 + length]), np.frombuffer(message, "<f8", offset=4 + length)
    curves, at = [], 0
    for curve in header["curves"]:
        columns = ["step", "value", *(("low", "high") if curve["band"] else ()), *(["go"] if curve["going"] else [])]
        read = {name: numbers[at + i * curve["n"] : at + (i + 1) * curve["n"]] for i, name in enumerate(columns)}
        at += len(columns) * curve["n"]
        curves.append({"low": read["value"], "high": read["value"]} | curve | read)
    assert at == len(numbers)
    return header, curves


def panels(app: AppTest) -> list[bytes]:
    """The messages of all panels of curves on a page: one component may hold several."""
    found = []
    for component in app.get("bidi_component"):
        if component.proto.component_name == "explorer_curves":
            data = component.proto.bytes
            start = 4 + int.from_bytes(data[:4], "little")
            for length in json.loads(data[4:start])["lengths"]:
                found.append(data[start : start + length])
                start += length
            assert start == len(data)
    return found


def read_microscope(message: bytes) -> tuple[dict[str, Any], np.ndarray, dict[str, np.ndarray]]:
    """The header, the steps (n,), and by name each quantity (R, n)."""
    length = int.from_bytes(message[:4], "little")
    header, numbers = json.loads(message[4 : 4 + length]), np.frombuffer(message, "<f4", offset=4 + length)
    columns, rows = header["columns"], len(header["rows"])
    values = numbers[2 * columns :].reshape(-1, rows, columns)
    return (
        header,
        numbers[columns : 2 * columns],
        {q["name"]: v for q, v in zip(header["quantities"], values, strict=True)},
    )


def read_point_map(message: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header, and by name points (N, dims), neighbours, distances, also (N, K), moved, each shade, paths."""
    length = int.from_bytes(message[:4], "little")
    header, numbers = json.loads(message[4 : 4 + length]), np.frombuffer(message, "<f4", offset=4 + length)
    N, K, trails = header["count"], header["neighbours"]["count"], header["trails"]
    shapes = {"points": (N, header["dims"]), "neighbours": (N, K), "distances": (N, K)}
    shapes |= {"also": (N, K)} if header["neighbours"]["second"] else {}
    shapes |= {"moved": (N,)} | {shade["name"]: (N,) for shade in header["shades"]}
    shapes |= {"paths": (trails["length"], len(trails["tokens"]), header["dims"])}
    parts = np.split(numbers, np.cumsum([math.prod(shape) for shape in shapes.values()]))
    assert not len(parts.pop())
    return header, {name: part.reshape(shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}


def looked_for(app: AppTest) -> list[str]:
    """What a page says to look for under its pictures: as HTML, or sent to the curves above it."""
    said = [html.proto.body for html in app.get("html") if "What to look for" in html.proto.body]
    said = [re.sub("</?abbr[^>]*>", "", words) for words in said]  # what a term means is not part of the sentence
    return said + [
        sentence for sentence in (read_curves(message)[0]["sentence"] for message in panels(app)) if sentence
    ]
