"""Facts: what a run knows of what was said and what was not, and one fact taught anew with its neighbours watched."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.answers.records.reading.facts import ITSELF, ON_IT, EditedFact, Group, Knowledge
from explorer.config.editing import LARGEST_RATE, MOST_STEPS
from explorer.measure.names import fixed, number, percent, plural
from explorer.ui import branching, picture
from explorer.ui.frame import cards
from explorer.ui.parts import length
from explorer.ui.parts.tables import table
from explorer.ui.view import View

EVERY, SELDOM = 4.0, 6.0  # seconds between two answers while it trains
SHOWN = 3  # neighbours in sight; all are in the fold
QUESTION, ANSWER = "currency of Hungary ?", "Euro"
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, LARGEST_RATE)
COMPUTED = r"""
Facts are babel's: currency and language of a territory, the country of a city. A tenth of them is never said in
training; of questions in two steps, whose parts are both said, a quarter is held out. An answer counts as right if all
its words are, each the likeliest one after the model's own. The edit is fine-tuning on the one question (a baseline in
Meng et al. 2022, §3): the chosen steps of Adam (β 0.9 and 0.999, no decay, moments from 0) on the mean cross-entropy
of the new answer and its end, at a constant rate, with every weight free to move. It is computed in a copy of these
weights, the same bit for bit at every call; the branch carries out the very same steps and keeps them as an event,
beside every step before. A probability is that of the whole watched answer with its end: of the fact the new one, of
questions in two steps through it what then follows (Cohen et al. 2024 call this a ripple effect), of all others
babel's. The nearest have the most similar states (by cosine) where the answer begins.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """The shares of what is known; under them the edit. given: the question that is typed above."""
    with cards("known", 1)[0]:
        knowledge = view.picture(Knowledge, SELDOM, lane="slow", says=False)
        if knowledge is None:
            picture.making(view.waiting, 219)
        else:
            head = (f"at step {knowledge.step:,}", "questions", "answered right", "always the most frequent answer")
            st.html(table(head, [row(group) for group in knowledge.groups], style="scores"))
            picture.look_for("known", knows(knowledge))
    with cards("edit", 1)[0]:
        edit(view, str(given.get("text") or QUESTION))
    picture.computed(COMPUTED)


def row(group: Group) -> list[str]:
    """A group's shares."""
    count = f"{group.count:,}" if group.count == group.examples else f"{group.examples:,} of {group.count:,}"
    return [group.name, count, percent(group.right), percent(group.majority)]


def knows(knowledge: Knowledge) -> str:
    """Whether it puts two facts together, and that it cannot know what was never said."""
    _, _, held_out, never = knowledge.groups
    more = held_out.right > held_out.majority + 0.1
    sign = "it puts facts together" if more else "no clear sign that it puts facts together"
    return (
        f"{percent(held_out.right)} of held-out two-step questions are right, {percent(held_out.majority)} by "
        f"guessing: {sign}. What was never said it cannot know: {percent(never.right)}."
    )


def edit(view: View, question: str) -> None:
    """The question taught another answer, and what becomes of its neighbours."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="edit-row"):
        st.markdown("**Teach another answer**", width="content", help="The question is typed above, under the title.")
        answer = st.text_input("New answer", ANSWER, key="edit-answer", width=200, bind="query-params")
        steps = int(st.number_input("Steps", 1, MOST_STEPS, 5, key="edit-steps", width=120, bind="query-params"))
        rate = st.selectbox("Rate", RATES, index=2, key="edit-rate", format_func=number, width=120, bind="query-params")
        detail: dict[str, Any] = {"question": question, "answer": answer or ANSWER, "steps": steps, "rate": float(rate)}
        st.button(
            "Branch with this edit",
            key="edit-branch",
            icon=":material/fork_right:",
            help="A run of its own that keeps every step before and has these weights from this step on.",
            on_click=branching.begin,
            args=(view.run, view.step, {}, [("edit", {"edit": detail})]),
        )
    if not length.fits(answer):
        return
    edited = view.picture(EditedFact, EVERY, lane="slow", says=False, **detail)
    if edited is None:
        picture.making(view.waiting, 189)
        return
    head = ("", "question", "before", "after", "watched answer", "its p", "p after")
    lines = rows(edited)
    first = [line for line in lines if line[0]][:SHOWN]  # of each kind of neighbour one: all do not fit the screen
    st.html(table(head, first, style="scores words", foreign=range(1, 5)))
    picture.look_for("edit", sentence(edited))
    picture.details(lambda: all_watched(edited, table(head, lines, style="scores words", foreign=range(1, 5))))


def all_watched(edited: EditedFact, watched: str) -> None:
    """Every neighbour, and how far the edit went."""
    st.markdown("**All that is watched**")
    st.html(watched)
    st.caption(
        f"The weights moved by {percent(edited.moved)} of their length. Before the first step the new answer’s loss "
        f"was {fixed(edited.losses[0], 2)} nats a word, before the last one {fixed(edited.losses[-1], 2)}."
    )


def rows(edited: EditedFact) -> list[list[str]]:
    """A row for each neighbour; how it is near stands at the first of its kind."""
    result, last = [], ""
    for one in edited.rows:
        kind = one.group if one.group != last else ""
        chances = percent(one.p_before), percent(one.p_after)
        result.append([kind, one.question, one.before or "–", one.after or "–", one.watched, *chances])
        last = one.group
    return result


def sentence(edited: EditedFact) -> str:
    """Whether the fact took, whether what follows from it follows, and what else changed."""
    itself = edited.rows[0]
    given = "it is given" if itself.after == edited.answer else "it is not given yet"
    before, after = percent(itself.p_before), percent(itself.p_after)
    words = f"the new answer’s probability goes from {before} to {after}, and {given}. "
    through = [one for one in edited.rows if one.group == ON_IT]
    if through:
        follow = sum(one.after == one.watched for one in through)
        words += (
            f"Of {len(through)} question{plural(len(through))} through it {follow} "
            f"{'is' if follow == 1 else 'are'} answered as then follows. "
        )
    near = [one for one in edited.rows if one.group not in (ITSELF, ON_IT)]
    turned = sum(one.before != one.after for one in near)
    return (
        f"{words}{turned} of {len(near)} other neighbour{plural(len(near))} {'is' if turned == 1 else 'are'} "
        f"answered otherwise; of {edited.others} other facts "
        f"{percent(edited.kept)} were right and {percent(edited.kept_after)} are."
    )
