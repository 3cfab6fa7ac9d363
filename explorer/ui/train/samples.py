"""What the model says to examples at a step, coloured by right and wrong."""

from __future__ import annotations

from explorer.answers.records.samples import Example, Generation, Predictions
from explorer.answers.records.words import Examples
from explorer.measure.names import plural
from explorer.ui import feed
from explorer.ui.components.samples import Part, Words, message, samples
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

LONGEST = 48  # tokens of a line
EVERY = 0.8  # seconds between two looks at the examples
WRITES = 2.0  # the same at what it writes by itself
NAME = "samples"
SAYS, WRITES_ITSELF, SIMILAR = "What it says", "What it writes by itself", "Most similar words"
NEAR = 6  # frequent words with those most similar
BLANK = "It wrote nothing but spaces and ends of lines."
WAITS, NOTHING = "computing…", (("", "\u00a0"),)


def show(view: View) -> None:
    """What the model says at this step, in one element, which is there before it has anything to say."""
    (examples if view.about.answer == "token" else near)(view)


def examples(view: View) -> None:
    """The probe's examples with the model's answers; a text task also writes by itself."""
    writes = view.about.writes
    count = 1 if writes else 3
    answer = None if view.first else view.picture(Predictions, EVERY, count=count, says=False)
    written = view.picture(Generation, WRITES, says=False) if writes and answer is not None else None
    parts = [waits(SAYS, count) if answer is None else says(answer, writes)]
    if writes:
        parts.append(Part(WRITES_ITSELF, WAITS, [], NOTHING, "") if written is None else wrote(written))
    samples(message(parts, NAME, feed.moment(view, -1 if answer is None else answer.step), writes), key=NAME)

    calm = feed.Calm()

    def again(view: View) -> bytes | None:
        now = calm.numbers(view, Predictions, count=count)
        return None if now is None else message([says(now, writes)], NAME, feed.moment(view, now.step), writes)

    def then(view: View) -> bytes | None:
        past = feed.soon(view, Predictions, count=count)
        return None if past is None else message([says(past, writes)], NAME, feed.moment(view, past.step), writes)

    feed.offer(NAME, again, EVERY, past=then)


def near(view: View) -> None:
    """What word vectors say: some frequent words, each with those most similar to it."""
    answer = None if view.first else view.picture(Examples, EVERY, says=False)
    part = waits(SIMILAR, NEAR) if answer is None else likens(answer)
    samples(message([part], NAME, feed.moment(view, -1 if answer is None else answer.step)), key=NAME)

    calm = feed.Calm()

    def again(view: View) -> bytes | None:
        now = calm.numbers(view, Examples)
        return None if now is None else message([likens(now)], NAME, feed.moment(view, now.step))

    def then(view: View) -> bytes | None:
        past = feed.soon(view, Examples)
        return None if past is None else message([likens(past)], NAME, feed.moment(view, past.step))

    feed.offer(NAME, again, EVERY, past=then)


def waits(title: str, count: int) -> Part:
    """The place of `count` lines."""
    return Part(title, WAITS, [NOTHING] * count, NOTHING)


def says(answer: Predictions, writes: bool) -> Part:
    """The answers to the examples, token by token."""
    rows, step = answer.rows, answer.step
    right = [r for row in rows for r in row.right]
    foot = [("right", "right"), ("", " "), ("wrong", "wrong"), ("", " · "), ("", f"step {step:,}"), ("", " · ")]
    foot.append(("", f"{sum(right)} of {len(right):,} token{plural(len(right))}"))
    note = "each token after the right ones (teacher forcing)" if answer.forced else "all tokens at once"
    return Part(SAYS, note, [line(row, writes) for row in rows], foot)


def wrote(answer: Generation) -> Part:
    """The text that it wrote by itself."""
    note = f"drawn from its own probabilities at step {answer.step:,}"
    says = answer.verdict if answer.text.strip() else BLANK
    return Part(WRITES_ITSELF, note, [], [("", says)] if says else NOTHING, answer.text)


def likens(answer: Examples) -> Part:
    """Words and those most similar to each."""
    lines = [
        [("read", shown_token(row.word)), ("", " is near "), *listed([other.word for other in row.rows])]
        for row in answer.rows
    ]
    note = f"by the cosine of their vectors at step {answer.step:,}"
    return Part(SIMILAR, note, lines, [("", "The Words page shows more.")])


def listed(words: list[str]) -> list[Words]:
    """Words in their order, whichever way their letters run."""
    return [part for word in words for part in (("", ", "), ("word", shown_token(word)))][1:]


def line(row: Example, running_text: bool) -> list[Words]:
    """One example: its input and, token by token, the predictions."""
    predicted = list(zip(row.predicted, row.right, strict=True))[-LONGEST:]
    words: list[Words] = [] if running_text else [("read", shown_token(row.read)), ("", " → ")]
    for place, (token, right) in enumerate(predicted):
        words += [("", " ")] if place else []
        words.append(("right" if right else "wrong", shown_token(token)))
    return words
