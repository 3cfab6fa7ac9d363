"""Examples of the components that show a text and how it was written, of the same kinds as in `examples`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from tiny_runs import recorded

from components.mounting import numbers
from explorer.answers.writing import speculative
from explorer.answers.writing import text as writing
from explorer.measure.music import abc
from explorer.measure.sampling import ORDERS
from explorer.ui.components import drafted, score, stages, written

LONG = "w" * 300  # a word that no page is wide enough for


def of_drafted() -> None:
    path = Path(tempfile.mkdtemp()) / "a.run"
    recorded(path, 2)
    for text, k in ((None, 2), ("fedcba", 2), ("abcdef", 4)):
        answer = speculative.speculation(str(path), 2, str(path), 0, text, k=k)
        symbols = [LONG, *answer.symbols[1:]] if k > 2 else answer.symbols
        data = drafted.message(f"It writes {LONG}", replace(answer, symbols=symbols), " " * (k > 2))
        drafted.drafted(data, key="c")


def of_score() -> None:
    tunes = (
        "X:1\nM:6/8\nL:1/8\nK:Em\nE2F G2^A|B>c d/e/ z2 g|(3efg a'3|]\n",
        "X:1\nM:4/4\nL:1/8\nK:Bb\nB,8|=B4 _d4|" + "F2G2 A2B2|" * 30,
        "no tune at all",
    )
    for text in tunes:
        score.score(score.message(f"A tune of {len(text)}", abc.read(text), text), key="c")


def of_stages() -> None:
    face, llama = ORDERS.values()
    for symbols, settings, order in (
        ("abcdefgh", {}, face),
        ("abcdefgh", {"temperature": 0.5, "top_k": 3}, llama),
        ([*"klmnopqrstuvw", LONG], {"repetition": 1.5, "top_p": 0.7, "min_p": 0.1}, face),
    ):
        title = f"After “{symbols[-1]}”"
        data = stages.message(title, symbols, numbers(len(symbols), seed=len(settings)), [0, 2], settings, order)
        stages.stages(data, key="c", on_chosen=print)


def of_written() -> None:
    path = Path(tempfile.mkdtemp()) / "a.run"
    recorded(path, 1)
    plain, other = (writing.text(str(path), 1, text) for text in (None, "abcdef"))
    long = replace(plain, tokens=[*plain.tokens[:-1], LONG], text=LONG, prompt_text=LONG, forced=[0])
    why = writing.why(str(path), 1, said=(0,))
    for text, earlier, place in ((plain, None, None), (other, None, 0), (long, plain, 1)):
        data = written.message("What it writes", text, earlier, why if place else None, place, not place)
        written.written(data, key="c", on_chosen=print)
