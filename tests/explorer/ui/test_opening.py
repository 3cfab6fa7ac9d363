"""What the attention page opens on: what stands out, and what its visitor chose once he did."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from explorer.answers.records.attention import AttentionMap, AttentionMaps
from explorer.measure.attention import even
from explorer.measure.lines import lines
from explorer.ui import visit
from explorer.ui.attention import naming, opening

N = 16
EVEN = even(np.tril(np.ones((1, N, N))))[0]
BACK = np.eye(N)[np.maximum(np.arange(N) - 3, 0)]
MIRROR = np.eye(N)[np.where(np.arange(N) < N // 2, 0, N - 1 - np.arange(N))]


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})


def maps(*heads: np.ndarray, **more) -> AttentionMaps:
    """A layer of these heads over the half of whose positions something is asked."""
    pattern = np.stack(heads)
    one = AttentionMap(
        pattern=pattern,
        logits=pattern,
        weighted=pattern,
        gradient=None,
        scores={"entropy": [0.0] * len(heads)},
        chance={},
        lines=[lines(head) for head in heads],
        gold=[],
        causal=True,
    )
    fields = {"step": 7, "loss": 1.0, "targets": N // 2, "predicted": list(range(N // 2, N)), "ablated": []} | more
    return AttentionMaps(attentions={"blocks.0.attention": one}, flows={}, tokens=["a"] * N, source=None, **fields)


def mix(head: np.ndarray, share: float) -> np.ndarray:
    """So much of a head, and even attention."""
    return share * head + (1 - share) * EVEN


def opened(given: AttentionMaps, run: str = "run") -> tuple[str, int]:
    return opening.head_and_query(run, given)


def test_it_opens_on_the_head_that_stands_out_and_a_query_in_the_middle_of_the_answer() -> None:
    assert opened(maps(EVEN, mix(BACK, 0.6), mix(MIRROR, 0.9))) == ("blocks.0.attention.2", 12)


def test_while_it_trains_what_is_open_stays_until_another_clearly_leads() -> None:
    assert opened(maps(EVEN, EVEN))[0] == "blocks.0.attention.0", "nothing stands out yet"
    assert opened(maps(EVEN, mix(BACK, 0.6)))[0] == "blocks.0.attention.1"
    assert opened(maps(mix(MIRROR, 0.65), mix(BACK, 0.6)))[0] == "blocks.0.attention.1"
    assert opened(maps(EVEN, EVEN))[0] == "blocks.0.attention.1", "back in time the same head is shown"
    assert opened(maps(mix(MIRROR, 0.95), mix(BACK, 0.6)))[0] == "blocks.0.attention.0"


def test_a_branch_shows_the_head_that_was_looked_at_though_another_leads_where_it_begins() -> None:
    assert opened(maps(EVEN, mix(BACK, 0.6)))[0] == "blocks.0.attention.1", "in a film from the start"
    here = maps(mix(MIRROR, 0.65), mix(BACK, 0.6))
    assert opened(here)[0] == "blocks.0.attention.1"
    visit.hand_on("run", "branch")
    assert opened(here, "branch")[0] == "blocks.0.attention.1"
    assert opened(here, "another")[0] == "blocks.0.attention.0", "of a run that nobody looked at before"
    opened(maps(mix(MIRROR, 0.95), mix(BACK, 0.6)), "branch")
    assert opened(here)[0] == "blocks.0.attention.1", "the run keeps its own"


def test_what_a_visitor_chose_is_never_moved() -> None:
    visit.state().head, visit.state().query = "blocks.0.attention.0", 3
    assert opened(maps(EVEN, mix(MIRROR, 0.9))) == ("blocks.0.attention.0", 3)


def test_a_head_that_this_model_lacks_is_no_choice_and_a_query_beyond_the_end_is_the_last() -> None:
    visit.state().head, visit.state().query = "blocks.5.attention.0", 99
    assert opened(maps(EVEN, mix(MIRROR, 0.9))) == ("blocks.0.attention.1", N - 1)


def test_without_anything_asked_the_query_is_in_the_middle() -> None:
    assert opened(maps(EVEN, predicted=[], targets=0))[1] == N // 2


def test_a_head_that_is_switched_off_stays_open_and_is_not_praised() -> None:
    given = maps(mix(MIRROR, 0.9), EVEN, ablated=["blocks.0.attention.0"])
    assert opened(given)[0] == "blocks.0.attention.0"
    assert "no head clearly does one thing" in naming.summary(given)


def test_the_overview_says_which_head_stands_out_with_two_numbers() -> None:
    said = naming.summary(maps(mix(MIRROR, 0.9), mix(BACK, 0.6)))
    assert said == (
        "head 1.1 stands out most (reads back): 91\N{NARROW NO-BREAK SPACE}% of its attention lies there, where even "
        "attention would put 8\N{NARROW NO-BREAK SPACE}%; head 1.2 does one thing too."
    )


def test_where_all_that_can_be_looked_at_is_aligned_no_head_stands_out_by_agreeing() -> None:
    given = maps(mix(MIRROR, 0.9), EVEN)
    one = given.attentions["blocks.0.attention"]
    one.scores["agreement"], one.chance["agreement"] = [1.0, 1.0], 1.0
    assert naming.claims(given) == {}
    assert opened(given)[0] == "blocks.0.attention.0"
    assert "so every head agrees" in naming.summary(given)


def test_the_measure_is_the_one_in_which_a_head_stands_out_until_one_is_chosen() -> None:
    offered = ["induction", "mirror", "entropy"]
    assert opening.measure_of("run", {}, offered) == "induction"
    assert opening.measure_of("run", {"mirror": 0.5}, offered) == "mirror"
    assert opening.measure_of("run", {"mirror": 0.5, "induction": 0.55}, offered) == "mirror"
    assert opening.measure_of("another", {"induction": 0.9, "mirror": 0.5}, offered) == "induction"
    visit.kept(opening.Measure).chosen = "entropy"
    assert opening.measure_of("run", {"mirror": 0.9}, offered) == "entropy"
    assert opening.measure_of("run", {"mirror": 0.9}, offered[:2]) == "mirror", "where it is not offered"
