"""One text under several tokenizers: nothing is lost in the pieces, and what is unknown is named."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.tasks import bpe, segmentation
from explorer.tasks.segmentation import CharacterSegments, MergedSegments, WordSegments
from explorer.tasks.tokenizer import Characters

TEXT = "the cat sat on the mat.\nthe hat, the cat and the rat sat on that.\n" * 4


def kinds(text: str = TEXT, size: int = 300) -> list:
    counts = bpe.counted([text])
    return [
        CharacterSegments(Characters.trained(text, 0), Counter(text)),
        WordSegments(counts, size),
        MergedSegments(bpe.learn(counts, size), counts),
    ]


@given(st.text(max_size=150) | st.text("the catso.\n", max_size=150))
@settings(max_examples=40, deadline=None)
def test_the_pieces_of_every_tokenizer_joined_are_the_text(text):
    for kind in kinds():
        assert b"".join(s.piece for s in kind.cut(text)).decode() == text


@pytest.mark.parametrize("i", range(3))
def test_uses_are_those_of_cutting_the_text_itself(i):
    kind = kinds()[i]
    tokens = Counter(s.token for s in kind.cut(TEXT))
    assert {token: int(n) for token, n in enumerate(kind.used) if n} == tokens


def test_what_is_unknown_is_named_once_and_shares_a_token():
    characters, words, merged = kinds(size=4)[0], kinds(size=4)[1], kinds()[2]
    assert words.numbers == {" the": 0, " cat": 1, " sat": 2} or len(words.numbers) == 3
    cut = words.cut("the zebra saw the zebra")
    assert segmentation.unknown(cut).count(b" zebra") == 1
    assert {s.token for s in cut if not s.known} == {3}
    assert segmentation.unknown(characters.cut("cat é é")) == ["é".encode()]
    assert segmentation.unknown_share(characters.cut("é")) == 1
    assert segmentation.unknown(merged.cut("é 🙂")) == []


def test_entropy_of_even_use_is_the_logarithm_and_zipfs_law_has_slope_minus_one():
    assert segmentation.entropy(np.array([5, 5, 5, 0])) == pytest.approx(log(3))
    used = (1e9 / np.arange(1, 2001)).astype(int)
    ranks, shares = segmentation.zipf(used)
    assert segmentation.slope(ranks, shares) == pytest.approx(-1, abs=1e-3)
    assert (ranks[0], ranks[-1]) == (1, 2000)
    assert shares[0] == pytest.approx(used[0] / used.sum())
    assert segmentation.slope(ranks[:3], shares[:3]) is None
