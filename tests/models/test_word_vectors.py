"""Word vectors against plain loops: what is scored, from which numbers, and how it begins."""

from __future__ import annotations

import pytest
import torch

from models.config import WordVectorConfig
from models.word_vectors import MODELS, build, nearness

V, C, B, J, W = 9, 4, 3, 5, 2


def built(kind: str, seed: int = 0) -> torch.nn.Module:
    model = build(WordVectorConfig(kind=kind, width=C), V, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator)
    return model


@pytest.mark.parametrize("kind", MODELS)
def test_scores_are_those_of_plain_loops(kind: str) -> None:
    model = built(kind)
    read = 2 * W if kind == "cbow" else 1
    tokens = torch.arange(B * read).view(B, read) % V
    source = (torch.arange(B * J).view(B, J) * 2 + 1) % V
    scores = model(tokens, source)
    embedding, context = model.embedding.weight.tolist(), model.context.weight.tolist()
    weights = [1 / 6, 2 / 6, 2 / 6, 1 / 6] if kind == "cbow" else [1.0]  # at −2, −1, 1, 2
    for b in range(B):
        v = [sum(w * embedding[tokens[b, i]][c] for i, w in enumerate(weights)) for c in range(C)]
        for j in range(J):
            score = sum(v[c] * context[source[b, j]][c] for c in range(C))
            if kind == "glove":
                score += model.bias[tokens[b, 0]].item() + model.context_bias[source[b, j]].item()
            assert scores[b, j].item() == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("window", [1, 2, 5])
def test_a_word_weighs_the_chance_that_a_window_of_random_size_holds_it(window: int) -> None:
    distances = [*range(window, 0, -1), *range(1, window + 1)]
    chances = [sum(size >= d for size in range(1, window + 1)) / window for d in distances]
    assert nearness(window).tolist() == pytest.approx([c / sum(chances) for c in chances])


@pytest.mark.parametrize("kind", MODELS)
def test_initial_vectors_come_from_the_generator_alone_and_are_small(kind: str) -> None:
    def weights() -> list[torch.Tensor]:
        return list(build(WordVectorConfig(kind=kind, width=C), V, torch.Generator().manual_seed(3)).parameters())

    before = torch.random.get_rng_state()
    assert all(torch.equal(a, b) for a, b in zip(weights(), weights(), strict=True))
    assert torch.equal(before, torch.random.get_rng_state())
    model = build(WordVectorConfig(kind=kind, width=C), V, torch.Generator().manual_seed(3))
    assert 0 < model.embedding.weight.abs().max() <= 0.5 / C
    assert (model.context.weight == 0).all() == (kind != "glove")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"width": 1}, "model.width=1 is out of range; use 2 to 300"),
        ({"x_max": 0.0}, "model.x_max=0.0 is out of range"),
        ({"alpha": 1.5}, "model.alpha=1.5 is out of range; use 0 to 1"),
    ],
)
def test_a_refusal_names_field_value_and_way_out(changes: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        WordVectorConfig(**changes)
