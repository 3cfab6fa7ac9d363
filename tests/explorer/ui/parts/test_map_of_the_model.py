"""The map of the model: what it says of every model, what is lit, and where a click leads."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visits import go, sound, stored, visit, visit_of

from explorer import Run
from explorer.config.presets import PRESETS
from explorer.runs import catalogue
from explorer.ui import sitemap
from explorer.ui.components.model_map import Zone, describe
from explorer.ui.parts import model_map
from models.families import PARTS


def maps(app: AppTest) -> list:
    """What the browser gets of the maps of models on a page."""
    import json

    return [
        json.loads(c.proto.json) for c in app.get("bidi_component") if c.proto.component_name == "explorer_model_map"
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_every_model_has_its_parts_in_words_and_each_leads_to_a_page(name: str):
    _, parts = model_map.parts_of(PRESETS[name].config.model)
    assert len(parts) >= 2
    names = [model_map.name_of(part, row) for part, row, _ in parts]
    assert len(set(names)) == len(names)
    for part, _, _ in parts:
        assert part in PARTS
        assert model_map.LEADS[part] in sitemap.TITLES


def test_parts_are_counted_from_1_and_named_by_their_stack():
    assert model_map.name_of("attention", "blocks.0.attention") == "Attention 1"
    assert model_map.name_of("attention", "decoder.blocks.1.cross") == "Decoder: cross-attention 2"
    assert model_map.name_of("MLP", "encoder.blocks.0.mlp") == "Encoder: MLP 1"
    assert model_map.name_of("recurrent state", "layers.0") == "Cells 1"


def test_a_part_with_boxes_that_the_model_has_not_is_refused():
    made, _ = model_map.parts_of(PRESETS["reverse"].config.model)
    with pytest.raises(ValueError, match="boxes that the model has not"):
        describe(made, [Zone(("nothing",), "a part", "opens")], 40, 320, False)


@pytest.mark.usefixtures("served")
def test_every_page_of_a_run_has_it_with_what_it_shows_lit():
    name = stored("mapped", 10, "paused", "by hand")
    app = visit("train", run=name)
    for page, lit in {
        "train": ["Loss"],
        "embeddings": ["Embedding"],
        "positions": ["Positions"],
        "attention": ["Attention 1", "Attention 2"],
    }.items():
        (header,) = maps(sound(go(app, page)))
        assert [zone["name"] for zone in header["zones"] if zone["lit"]] == lit
        assert header["height"] <= 44


@pytest.mark.parametrize(
    ("preset", "kinds", "parts"),
    [
        ("reverse", {"queries", "keys"}, {"Attention 1", "Attention 2"}),
        ("dates-fr", {"queries", "keys"}, {"Encoder: attention 1", "Decoder: attention 1"}),
    ],
)
def test_positions_that_are_no_part_are_lit_where_they_act(monkeypatch: pytest.MonkeyPatch, preset, kinds, parts):
    """As `models/transformer.py` has it: never in cross-attention. Positions that do nothing light nothing."""
    monkeypatch.setattr(model_map.visit, "state", lambda: type("State", (), {"head": ""})())
    drawn: list = []
    monkeypatch.setattr(model_map, "model_map", lambda made, zones, **_: drawn.append((made, zones)))
    for positions, wanted in {"rotary": kinds, "alibi": {"scores"}, "none": set()}.items():
        model = PRESETS[preset].config.replace({"model.positions": positions}).model
        model_map.draw(model, "a map", "positions")
        made, zones = drawn.pop()
        kind_of = {box.id: box.kind for box in made}
        assert {kind_of[box] for zone in zones for box in zone.where} == wanted
        lit = {zone.name for zone in zones if zone.lit}
        assert lit >= parts if wanted else not lit
        assert not any("cross" in name for name in lit)


@pytest.mark.parametrize("preset", ["dates-fr", "dates-gru"])
def test_on_translating_what_reads_the_source_is_lit(monkeypatch: pytest.MonkeyPatch, preset: str):
    monkeypatch.setattr(model_map.visit, "state", lambda: type("State", (), {"head": ""})())
    drawn: list = []
    monkeypatch.setattr(model_map, "model_map", lambda made, zones, **_: drawn.extend(zones))
    model_map.draw(PRESETS[preset].config.model, "a map", "translate")
    lit = [zone.name for zone in drawn if zone.lit]
    assert lit
    assert all("ross-attention" in name for name in lit)


@pytest.mark.usefixtures("served")
def test_a_click_opens_the_part_and_an_attention_with_a_head_of_its_layer(monkeypatch: pytest.MonkeyPatch):
    state = type("State", (), {"head": "blocks.0.attention.1"})()
    monkeypatch.setattr(model_map.visit, "state", lambda: state)
    went: list[str] = []
    monkeypatch.setattr(model_map.sitemap, "go_to", went.append)
    _, parts = model_map.parts_of(PRESETS["reverse"].config.model)
    for number in range(len(parts)):
        model_map.go(parts, number)
        if number == 2:
            assert state.head == "blocks.0.attention.1", "a head of this layer was chosen already"
    assert went == ["embeddings", "positions", "attention", "gradients", "attention", "gradients", "train"]
    assert state.head == "blocks.1.attention.0"


@pytest.mark.usefixtures("served")
def test_the_start_page_has_it_large_of_the_first_card_or_filled_by_a_runs_gradients():
    (header,) = maps(sound(visit("start")))
    assert header["names"]
    assert {zone["level"] for zone in header["zones"]} == {None}
    name = stored("filled", 10, "paused", "by hand")
    (header,) = maps(sound(go(visit("train", run=name), "start")))
    levels = {zone["name"]: zone["level"] for zone in header["zones"]}
    assert max(levels.values()) == 1
    run = Run.open(catalogue.path_of(name))
    _, norms, _ = run.tensor_norms(np.array([9]))
    by_part = {
        part: sum(n**2 for tensor, n in zip(run.tensors, norms[0], strict=True) if tensor.startswith(prefix))
        for part, prefix in {"MLP 1": "blocks.0.mlp", "Embedding": "embedding.", "Loss": "unembedding."}.items()
    }
    assert sorted(by_part, key=by_part.get) == sorted(by_part, key=levels.get)
    assert all(tensor_in_one_part(run, tensor) for tensor in run.tensors if not tensor.startswith("final_norm"))
    assert visit_of(visit("start")).run is None


def tensor_in_one_part(run: Run, tensor: str) -> bool:
    """Whether a parameter is counted once."""
    return sum(model_map.holds(part, row, tensor) for part, row, _ in model_map.parts_of(run.config.model)[1]) == 1
