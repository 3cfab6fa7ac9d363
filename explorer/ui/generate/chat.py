"""Chat: a visitor says something, the run replies; beside it how much of what it says it has read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from explorer.answers.records.reading.chat import Habits, Reply
from explorer.answers.records.reading.facts import Knowledge
from explorer.config.quoting import quoted
from explorer.measure.names import percent, plural
from explorer.ui import foreign, picture, visit
from explorer.ui.frame import cards
from explorer.ui.parts import length
from explorer.ui.view import View

SELDOM = 8.0  # seconds between two measurements while it trains
KEPT = 5  # exchanges that are shown
NAMED = 6  # words never seen
SHOWN = 2 * length.MOST  # characters of what is said that stand in the exchange
HEIGHT = 300
COMPUTED = r"""
The run reads what was said last, and nothing that came before it: of a dialogue the last tokens, of a question all its
words. It writes token after token: at temperature 0 the likeliest, above it one drawn with the number of the exchange
as the seed. A reply is that of the weights at the step at which it was asked for. For *copied* the texts and replies
are taken as words in small letters without what stands between them; a run of four words counts as copied if a text
that is trained on, a speech or a reply as far as the model reads it, has these words one after the other. The right
replies come from plays never trained on: what of their runs stands there too, anybody would say.
"""


@dataclass
class Talk:
    """What was said to a run: the words, the step, and the temperature, of each exchange."""

    exchanges: list[tuple[str, int, float]] = field(default_factory=list)

    def say(self, step: int, temperature: float) -> None:
        """Adds what was typed, unless that is nothing."""
        if words := str(st.session_state["chat-said"] or "").strip():
            self.exchanges.append((words, step, temperature))


def show(view: View, given: dict[str, object]) -> None:
    """The exchange, newest last, and under it what the run can do."""
    talk, way, temperature = visit.kept(Talk, view.run.id), WAYS[view.config.task.name], 0.0
    with cards("chat", 1)[0]:
        if way.varied:
            temperature = st.slider(
                "Temperature", 0.0, 1.5, 0.7, 0.1, key="chat-temperature", width=300, bind="query-params"
            )
        with st.container(height=HEIGHT, border=False, key="chat-box"):
            if not talk.exchanges:
                st.caption(f"Nothing was said yet. Type below, such as: {quoted(way.example)}")
            first = max(0, len(talk.exchanges) - KEPT)
            for number, (words, step, warmth) in enumerate(talk.exchanges[first:], first):
                exchange(view, number, words, step, warmth)
        st.chat_input(
            way.label,
            key="chat-said",
            on_submit=talk.say,
            args=(view.step, temperature),
        )
        picture.look_for("chat", way.can_do(view, temperature) or "what it can do is being measured.")
    picture.computed(COMPUTED)


def exchange(view: View, number: int, words: str, step: int, temperature: float) -> None:
    """What was said, as plain text, and the reply; where it is refused, the reason stands in its place."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(words if len(words) <= SHOWN else f"{words[:SHOWN]}…")
    with st.chat_message("assistant", avatar=":material/neurology:"):
        if not length.fits(words):
            return
        answer = view.at(step, f"chat-{number}").picture(Reply, text=words, temperature=temperature, seed=number)
        if answer is None:
            return
        st.text(answer.text.strip() or "(nothing)")
        st.caption(note(answer))


def note(answer: Reply) -> str:
    """The step, how much of the reply was read, and the words that were never seen."""
    notes = [f"step {answer.step:,}"]
    if (size := len(answer.run.split())) > 1:
        notes.append(f"{size} of its {answer.words} words stand one after the other in a text it is trained on")
    if answer.unseen:
        notes.append(f"it never saw {foreign.text(', '.join(answer.unseen[:NAMED]))}")
    if not answer.ended:
        notes.append("cut off")
    return " · ".join(notes)


def speaks(view: View, temperature: float) -> str:
    """What a run of dialogue can do, measured; "" until it is."""
    habits = view.picture(Habits, SELDOM, lane="slow", says=False, temperature=temperature)
    if habits is None:
        return ""
    if not habits.runs:
        return f"at step {habits.step:,} its replies have no four words yet, so there is nothing to compare."
    return (
        f"it understands nothing and remembers nothing of what was said before. Of {habits.runs} "
        f"run{plural(habits.runs)} of four words in "
        f"its replies to {habits.examples} held-out speeches {percent(habits.copied)} stand word for word in the texts "
        f"it is trained on; of the right replies {percent(habits.true)} do."
    )


def answers(view: View, temperature: float) -> str:
    """What a run of facts can do, measured; "" until it is."""
    knowledge = view.picture(Knowledge, SELDOM, lane="slow", says=False)
    if knowledge is None:
        return ""
    one, _, held_out, never = knowledge.groups
    return (
        f"it answers questions of this one kind and no others. Of what was said to it {percent(one.right)} are right, "
        f"of questions in two steps never asked {percent(held_out.right)}, of what was never said "
        f"{percent(never.right)}: it does not know that it does not know."
    )


@dataclass(frozen=True)
class Way:
    """How a run is talked to. varied: its replies are drawn at a temperature, and not the likeliest alone.

    can_do: what it can do in a sentence, at a temperature.
    """

    label: str
    example: str
    varied: bool
    can_do: Callable[[View, float], str]


WAYS = {  # by task
    "dialogue": Way("Say something to it", "Who's there?", True, speaks),
    "facts": Way("Ask it", "currency of the country of Warsaw ?", False, answers),
}
