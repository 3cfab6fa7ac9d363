"""Large grids of heads: means over blocks, with exact numbers for what is arguments, against the exact maps."""

import numpy as np
import pytest
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.answers import attention
from explorer.answers.attention import blocks
from explorer.answers.attention import exact as looking
from explorer.measure import attention as measure
from explorer.runs import kept

DATES = RunConfig.preset("dates-fr").replace({"model.width": 16, "model.heads": 2, "train.batch": 4})
PATH, HEAD = "blocks.1.attention", "blocks.1.attention.1"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 6, every=3)


@pytest.fixture(autouse=True)
def nothing_kept():
    kept.forget()
    yield
    kept.forget()


def made_large(monkeypatch: pytest.MonkeyPatch, means: int) -> None:
    """Every grid is too large for its numbers, and may have so many means."""
    for name, value in (("LONG", 1), ("MESSAGE", 0), ("MEANS", means)):
        monkeypatch.setattr(looking, name, value)


def kinds(one) -> dict[str, np.ndarray]:
    """The exact numbers of each kind, with the product."""
    return one.kinds() | ({} if one.gradient is None else {"product": one.pattern * one.gradient})


@pytest.mark.parametrize("config", [TINY, DATES, TINY.replace({"model.mask": "none"})])
def test_with_room_for_all_a_large_grid_has_every_number(tmp_path, monkeypatch, config):
    path = str(recorded(tmp_path / "one.run", 2, config, every=1).path)
    exact = attention.patterns(path, 2)
    assert exact.block is None
    made_large(monkeypatch, 10**9)
    large = attention.patterns(path, 2)
    assert (large.block, large.flows) == (1, {})
    for name, one in exact.attentions.items():
        for kind, values in kinds(one).items():
            found = large.attentions[name].kinds()[kind]
            seen = np.tril(np.ones(values.shape, bool)) if one.causal else np.ones(values.shape, bool)
            np.testing.assert_array_equal(found[seen], values.astype(np.float32)[seen])
        for field in ("scores", "chance", "lines", "gold", "causal"):
            assert getattr(large.attentions[name], field) == getattr(one, field)


def test_the_means_are_those_of_the_exact_numbers_and_all_else_stays(run, monkeypatch):
    exact = attention.patterns(str(run.path), 5)
    made_large(monkeypatch, 60)
    large = attention.patterns(str(run.path), 5)
    T = len(large.tokens)
    assert large.block is not None
    assert 4 * blocks.cells((T, T), large.block, True) <= 60
    seen = np.tril(np.ones((T, T), bool))
    for name, one in exact.attentions.items():
        for kind, values in kinds(one).items():
            hidden = -np.inf if kind == "logits" else 0
            expected = blocks.means(values, large.block, seen, hidden)
            np.testing.assert_array_equal(large.attentions[name].kinds()[kind], expected)
        assert large.attentions[name].scores == one.scores
    assert (large.step, large.loss, large.tokens) == (exact.step, exact.loss, exact.tokens)


def test_a_masked_score_is_in_no_mean(run, monkeypatch):
    made_large(monkeypatch, 60)
    logits = attention.patterns(str(run.path), 5).attentions[PATH].logits
    assert np.isfinite(logits[:, *np.tril_indices(logits.shape[1])]).all()


def test_the_chosen_head_and_the_edges_of_its_layer_are_exact(run):
    exact = attention.patterns(str(run.path), 5)
    detail, one = attention.detail(str(run.path), 5, HEAD), exact.attentions[PATH]
    assert (detail.step, detail.head, detail.block) == (5, HEAD, 1)
    seen = np.tril(np.ones(one.pattern.shape[1:], bool))
    for kind, values in kinds(one).items():
        np.testing.assert_array_equal(detail.kinds[kind][seen], values[1].astype(np.float32)[seen])
    flow = exact.flows[""]
    of_all = {
        "mean of all heads": one.pattern.mean(0),
        "largest of all heads": one.pattern.max(0),
        "rollout": flow.rollout[1],
        "gradient relevance": flow.relevance[1],
    }
    assert list(detail.together) == list(of_all)
    for name, matrix in of_all.items():
        most = max(1.0, float(np.abs(matrix).max()))
        assert detail.together[name].most == pytest.approx(most)
        assert detail.together[name].count == (matrix >= 0.01 * most).sum()
    for pattern, edges in zip(one.pattern, detail.edges, strict=True):
        assert edges.count == len(edges.places) == (pattern >= 0.01).sum()
        np.testing.assert_array_equal(edges.values, pattern.ravel()[edges.places])
        assert (np.diff(edges.values) <= 0).all()


def test_lines_are_the_rows_and_columns_of_every_head(run):
    one = attention.patterns(str(run.path), 5).attentions[PATH]
    row = attention.lines_at(str(run.path), 5, PATH, query=4)
    column = attention.lines_at(str(run.path), 5, PATH, key=2)
    for kind, values in kinds(one).items():
        np.testing.assert_array_equal(row.kinds[kind], values[:, 4].astype(np.float32))
        np.testing.assert_array_equal(column.kinds[kind], values[:, :, 2].astype(np.float32))


def test_moves_are_of_the_exact_patterns(run, monkeypatch):
    before, after = (attention.patterns(str(run.path), step).attentions for step in (0, 6))
    made_large(monkeypatch, 8)
    shares = attention.moves(str(run.path), 6, 0).shares
    for name, one in after.items():
        np.testing.assert_array_equal(shares[name], measure.moved(before[name].pattern, one.pattern))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "query=None and key=None: give one of the two"),
        ({"query": 1, "key": 1}, "query=1 and key=1: give one of the two"),
        ({"query": 99}, "query=99 is no position of this input; use 0 to 11"),
        ({"key": -1}, "key=-1 is no position of this input; use 0 to 11"),
        ({"attention": "blocks.9.attention", "query": 1}, "attention=blocks.9.attention is none of this model’s; use"),
    ],
)
def test_what_is_not_there_is_refused(run, arguments, message):
    with pytest.raises(ValueError, match=message):
        attention.lines_at(str(run.path), 5, **({"attention": PATH} | arguments))


def test_a_head_that_is_not_there_is_refused(run):
    with pytest.raises(ValueError, match=r"head=blocks.1.attention.2 is none of this model’s; the last is blocks.1"):
        attention.detail(str(run.path), 5, "blocks.1.attention.2")


def test_more_pairs_than_can_be_held_are_refused_before_anything_is_computed(run, monkeypatch):
    monkeypatch.setattr(looking, "MOST", 400)
    with pytest.raises(
        ValueError, match=r"2 attentions of 2 heads over 12 tokens are 576 pairs, and 400 .* of up to 10 tokens"
    ):
        attention.patterns(str(run.path), 5)


def test_up_to_64_tokens_every_number_is_there(tmp_path):
    changes = {"model.layers": 6, "model.heads": 8, "model.width": 16, "train.batch": 1}
    run = recorded(tmp_path / "deep.run", 0, RunConfig.preset("shakespeare").replace(changes))
    maps = attention.patterns(str(run.path), 0)
    assert maps.block is None
    assert maps.attentions["blocks.5.attention"].pattern.shape == (8, 64, 64)
    run = recorded(tmp_path / "long.run", 0, RunConfig.preset("shakespeare").replace(changes | {"model.context": 80}))
    assert attention.patterns(str(run.path), 0).block == 2
