"""What the model says to examples at a step, coloured by right and wrong."""

from __future__ import annotations

from typing import Any

from explorer.runs.answer import Answer
from explorer.ui import feed
from explorer.ui.components.samples import Part, Words, message, samples
from explorer.ui.tokens import shown_token
from explorer.ui.view import View

LONGEST = 48  # tokens of a line
EVERY = 0.8  # seconds between two looks at the examples
WRITES = 2.0  # the same at what it writes by itself
NAME = "samples"


def show(view: View) -> None:
    """The probe's examples with the model's answers; a text task also writes by itself. One element."""
    writes = view.about["writes"]
    count = 3 if writes else 5
    answer = view.picture("samples.answers", EVERY, count=count)
    if answer is None:
        return
    written = view.picture("samples.generation", WRITES) if writes else None
    parts = [says(answer, writes), *([] if written is None else [wrote(written)])]
    samples(message(parts, NAME, moment(view, answer), writes), key=NAME)

    calm = feed.Calm()

    def again(view: View) -> bytes | None:
        now = calm.numbers(view, "samples.answers", count=count)
        return now and message([says(now, writes)], NAME, moment(view, now), writes)

    feed.offer(NAME, again, EVERY)


def near(view: View) -> None:
    """What word vectors say: some frequent words, each with those most similar to it. One element."""
    answer = view.picture("words.samples", EVERY)
    if answer is None:
        return
    samples(message([likens(answer)], NAME, moment(view, answer)), key=NAME)

    calm = feed.Calm()

    def again(view: View) -> bytes | None:
        now = calm.numbers(view, "words.samples")
        return now and message([likens(now)], NAME, moment(view, now))

    feed.offer(NAME, again, EVERY)


def moment(view: View, answer: Answer) -> dict[str, Any]:
    """Of what an answer tells: the page may show one that came a tick ago."""
    return feed.moment(view) | {"step": answer[0]["step"]}


def says(answer: Answer, writes: bool) -> Part:
    """The answers to the examples, token by token."""
    rows, step = answer[0]["rows"], answer[0]["step"]
    right = [r for row in rows for r in row["right"]]
    foot = [("right", "right"), ("", " "), ("wrong", "wrong"), ("", f" at step {step}: ")]
    foot.append(("", f"{sum(right)} of {len(right)} tokens"))
    return Part("What it says", "the same examples at every step", [line(row, writes) for row in rows], foot)


def wrote(answer: Answer) -> Part:
    """What it wrote by itself."""
    plain = answer[0]
    note = f"drawn from its own probabilities at step {plain['step']}"
    return Part("What it writes by itself", note, [], [("", plain["verdict"] or "")], plain["text"])


def likens(answer: Answer) -> Part:
    """Words and those most similar to each."""
    plain = answer[0]
    lines = [
        [("read", row["word"]), ("", " is near " + ", ".join(other["word"] for other in row["rows"]))]
        for row in plain["rows"]
    ]
    note = f"by the cosine of their vectors at step {plain['step']}"
    return Part("Most similar words", note, lines, [("", "The Words page shows more.")])


def line(row: dict[str, Any], running_text: bool) -> list[Words]:
    """One example: what was read and, token by token, what was said."""
    said = list(zip(row["said"], row["right"], strict=True))[-LONGEST:]
    found: list[Words] = [] if running_text else [("read", shown_token(row["read"])), ("", " → ")]
    for place, (token, right) in enumerate(said):
        found += [("", " ")] if place else []
        found.append(("right" if right else "wrong", shown_token(token)))
    return found
