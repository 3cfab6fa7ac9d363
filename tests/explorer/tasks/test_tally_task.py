"""Tally: answers and links against a plain loop, what is held out, chance against counting every list."""

from __future__ import annotations

from collections import Counter
from itertools import islice, product

import pytest
import torch

from explorer import RunConfig, train
from explorer.tasks import build
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from explorer.tasks.tally import likeliest
from models.config import ModelConfig

KINDS = ["encoder-decoder", "decoder"]
FROZEN = [
    "plum lime nut pear fig lime fig fig → 1 plum 2 lime 1 nut 1 pear 3 fig",
    "fig lime nut plum pear → 1 fig 1 lime 1 nut 1 plum 1 pear",
]


def task_of(kind="encoder-decoder", **settings):
    return build(f.Tally(**settings), ModelConfig(kind=kind, context=32))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def counted(words):
    """The answer to a list of words."""
    return " ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def read_and_said(task, batch, row):
    read, _, said = task.sample(batch, row).partition(" → ")
    return read.split(), said.split()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", ["batch", "held_out"])
def test_an_answer_is_what_a_loop_counts(kind, split):
    task = task_of(kind)
    batch = getattr(task, split)(100, seeded())
    for row in range(100):
        read, said = read_and_said(task, batch, row)
        assert " ".join(said) == counted(read)
        predicted = batch.targets[row][batch.targets[row] != IGNORE].tolist()
        assert predicted.count(task.end) == 1
        assert predicted[-1] == task.end
        assert (len(predicted), len(read)) <= (task.longest, task.n)


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_and_its_word_come_from_all_places_of_the_word(kind):
    task = task_of(kind)
    batch = task.batch(60, seeded(1))
    for row in range(60):
        read, said = read_and_said(task, batch, row)
        first = int((batch.targets[row] != IGNORE).int().argmax())
        links = {(t - first, s) for t, s in (batch.alignment[row] > 0).nonzero().tolist()}
        partners = [said[t + 1] if said[t].isdecimal() else said[t] for t in range(len(said))]
        assert links == {(t, s) for t, word in enumerate(partners) for s, other in enumerate(read) if other == word}


def test_no_answer_is_both_trained_on_and_held_out():
    task = task_of()
    trained, held_out = (
        {task.sample(batch, row).partition(" → ")[2] for row in range(len(batch.tokens))}
        for batch in (task.batch(1500, seeded(2)), task.held_out(1500, seeded(3)))
    )
    assert not trained & held_out
    assert len(held_out) > 500
    lists = [list(one) for one in product(range(task.word, task.word + 6), repeat=4)]
    share = task.is_held_out(torch.tensor(lists)).float().mean()
    assert 0.05 < float(share) < 0.15


def test_a_batch_is_a_function_of_its_generator_alone():
    task = task_of()
    first, again, other = (task.batch(16, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.source, again.source)
    assert torch.equal(first.alignment, again.alignment)
    assert first.source.shape != other.source.shape or not torch.equal(first.source, other.source)


def test_a_frozen_example():
    task = task_of()
    batch = task.batch(4, seeded(0))
    assert [task.sample(batch, row) for row in range(2)] == FROZEN


@pytest.mark.parametrize(("longest", "kinds"), [(2, 2), (3, 4), (5, 3), (4, 2)])
def test_chance_is_what_the_likeliest_token_of_each_place_gets_over_all_lists(longest, kinds):
    places = [Counter() for _ in range(2 * longest + 1)]
    for length in range(1, longest + 1):
        for words in product("abcd"[:kinds], repeat=length):
            for place, token in enumerate([*counted(list(words)).split(), "end"]):
                places[place][token] += 1 / (longest * kinds**length)
    said = sum(sum(place.values()) for place in places)
    assert likeliest(longest, kinds) == pytest.approx(
        sum(max(place.values(), default=0) for place in places) / said, rel=1e-9
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "has 0 words and this model reads 1 to 8"),
        ("pear " * 9, "has 9 words and this model reads 1 to 8; type pear fig pear"),
        ("pear <b>pear</b> mango", "never saw <b>pear</b>, mango; type something such as pear fig pear"),
        ("2 pear", "has words and no numbers"),
    ],
)
def test_odd_lists_are_refused_with_an_example(typed, why):
    with pytest.raises(ValueError, match=why):
        task_of().encode(typed)


def test_a_list_of_ones_own_is_read_in_any_case():
    task = task_of()
    assert task.sample(task.encode(" Pear  fig PEAR ")) == "pear fig pear → 2 pear 1 fig"


def test_an_encoder_cannot_tally():
    with pytest.raises(ValueError, match=r"cannot do task.name=tally.*use model.kind=encoder-decoder or decoder"):
        task_of("encoder")


@pytest.mark.parametrize("steps", [80, pytest.param(200, marks=pytest.mark.prove)])
def test_without_what_the_encoder_read_it_learns_no_more_than_chance(steps):
    """The control: every head that reads the encoder is off from the beginning."""
    config = RunConfig.preset("tally").replace({"train.steps": 200, "model.width": 32})
    right = {}
    for ablated in (False, True):
        training = train(config)
        for head in training.heads.names():
            if ablated and ".cross." in head:
                training.apply("ablate", {"head": head})
        for _ in islice(training, steps):
            pass
        right[ablated] = training.validate()[1]
    assert right[False] > right[True] + 0.15
    assert right[True] < training.task.chance + 0.08
