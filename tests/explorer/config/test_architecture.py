"""A model as boxes, from its settings alone: those that backpropagation walks through, and parts for every kind."""

from __future__ import annotations

from itertools import product

import pytest

from explorer import RunConfig
from explorer.analysis import boxes as walked
from explorer.config.architecture import boxes
from explorer.config.presets import PRESETS
from explorer.tasks import build
from explorer.training.loop import initial_model
from models.config import TranslatorConfig
from models.families import PARTS, kind_of, kinds

KINDS = {"decoder": "reverse", "encoder": "sort", "encoder-decoder": "dates-fr"}


@pytest.mark.parametrize(
    ("kind", "norm", "residual", "positions"),
    [*product(KINDS, ("pre", "post", "none"), ("add", "none"), ("learned", "rotary"))],
)
def test_they_are_those_that_backpropagation_walks_through(kind, norm, residual, positions):
    changes = {"model.kind": kind, "model.norm": norm, "model.residual": residual, "model.positions": positions}
    config = RunConfig.preset(KINDS[kind]).replace(changes | {"model.width": 8, "model.heads": 2})
    model = initial_model(config, build(config.task, config.model))
    expected = [(box.id, box.kind, box.row, box.reads) for box in walked.boxes(model)]
    assert [(box.id, box.kind, box.row, box.reads) for box in boxes(config.model)] == expected


@pytest.mark.parametrize("name", PRESETS)
def test_each_box_reads_what_stands_before_it_and_is_a_part_that_its_kind_has(name):
    model = PRESETS[name].config.model
    before: set[str] = set()
    for box in boxes(model):
        assert set(box.reads.values()) <= before
        assert not box.part or (box.part in PARTS and box.part in kind_of(model).parts)
        assert box.id not in before
        before.add(box.id)
    assert "loss" in before


def test_there_is_a_preset_of_every_kind_or_one_of_its_family():
    known = {preset.config.model.kind for preset in PRESETS.values()}
    assert {"decoder", "encoder-decoder", "lstm", "skip-gram"} <= known <= set(kinds())


def test_an_attention_that_reads_the_source_stands_before_the_cell_that_uses_it():
    made = boxes(TranslatorConfig())
    assert [box.kind for box in made if box.row.startswith("decoder.")][-2:] == ["context", "cell"]
    assert made[-4].reads["memory"] == "decoder.layers.0.cross"
    without = boxes(TranslatorConfig(kind="gru-encoder-decoder"))
    assert without[-4].reads["memory"] == "encoder.layers.0.hidden"
