"""BPE merge by merge: the same as the library tokenizers' trainer and encoder; counts can be counted again."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer.tasks import bpe
from explorer.tasks.tokenizer import Bpe

FROZEN = "low low low low low lower lower newest newest newest newest newest newest widest widest widest"
LETTERS = st.text("ab ", max_size=120) | st.text("abcdé🙂 \n", max_size=200) | st.text(max_size=100)


def learned(text: str, size: int) -> bpe.Learned:
    return bpe.learn(bpe.counted([text]), size)


def stand_ins(piece: bytes) -> str:
    return "".join(next(c for c, b in bpe.BYTES.items() if b == byte) for byte in piece)


def test_the_merges_of_a_known_text_are_these():
    """Frozen from tokenizers 0.23.3, BpeTrainer with ByteLevel; the text is that of Sennrich et al. 2016, §3.2."""
    found = learned(FROZEN, 256 + 12)
    made = [found.pieces[merge.token].decode() for merge in found.merges]
    assert made == ["es", "est", "lo", "low", "ew", "new", " low", " new", " newest", "dest", "idest", "widest"]
    assert [merge.count for merge in found.merges[:3]] == [9, 9, 7]
    assert all(merge.runners_up[0][1] <= merge.count for merge in found.merges[:-1])


@given(LETTERS, st.integers(257, 330))
@example("aaaa aaa aa a", 262)
@example("abcabc ab bc abcbc bcabc", 275)
@settings(max_examples=60, deadline=None)
def test_every_merge_is_the_librarys(text, size):
    theirs, ours = Bpe.trained(text, size), learned(text, size)
    expected = [tuple(pair) for pair in json.loads(theirs.saved)["model"]["merges"]]
    assert [tuple(stand_ins(ours.pieces[i]) for i in merge.pair) for merge in ours.merges] == expected
    assert ours.pieces == theirs.pieces


@given(LETTERS, LETTERS)
@settings(max_examples=60, deadline=None)
def test_a_text_is_cut_as_the_library_cuts_it_and_comes_back(text, other):
    theirs, ours = Bpe.trained(text, 300), learned(text, 300)
    tokens = ours.tokens(other)
    assert tokens == (theirs.tokens(other).tolist() if other else [])
    assert ours.text(tokens) == other


@given(LETTERS, LETTERS)
@settings(max_examples=40, deadline=None)
def test_the_first_merges_alone_give_what_is_gone_after_them(text, other):
    whole = learned(text, 300)
    counts = bpe.counted([other])
    after = bpe.lengths(counts, whole)
    assert after[0] == len(other.encode())
    for k in {0, 1, len(whole.merges) // 2, len(whole.merges)} & set(range(len(whole.merges) + 1)):
        fewer = bpe.Learned(whole.merges[:k], whole.pieces)
        assert after[k] == len(fewer.tokens(other))


def test_counts_are_those_of_counting_again():
    text = "the cat sat on the mat, then the rat ate that hat; the thing is that there they are. " * 3
    found = learned(text, 330)
    for rank, merge in enumerate(found.merges):
        pairs: Counter[bpe.Pair] = Counter()
        for word, count in bpe.counted([text]).items():
            tokens = bpe.Learned(found.merges[:rank], found.pieces).word(word)
            for pair in pairwise(tokens):
                pairs[pair] += count
        most = max(pairs.values())
        assert (merge.count, merge.pair) == (most, min(pair for pair in pairs if pairs[pair] == most))
        others = sorted((-n, pair) for pair, n in pairs.items() if pair != merge.pair)[: bpe.RUNNERS_UP]
        assert merge.runners_up == tuple((pair, -n) for n, pair in others)


@pytest.mark.parametrize("text", ["", "a b c"])
def test_where_no_pair_is_left_learning_ends(text):
    found = learned(text, 400)
    assert len(found.merges) <= 2
    assert found.sizes[-1] == len(found.pieces)


def test_progress_is_told_up_to_the_size_asked_for():
    progress: list[tuple[int, int]] = []
    bpe.learn(
        bpe.counted([FROZEN * 3, "".join(map(chr, range(200, 600)))]), 356, lambda done, of: progress.append((done, of))
    )
    assert progress[0] == (32, 100)
