"""Numbers and module paths in words: one way of writing them, and no NaN inside a sentence."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.answers.records.instruments import Curvature, InstrumentHistory, Measurement
from explorer.answers.records.record import Array
from explorer.measure.highways import AttentionSplit, Fork, HeadPart, RolePart
from explorer.measure.names import (
    THIN,
    attention_name,
    fixed,
    head_name,
    layer_name,
    listed,
    lost,
    module_name,
    number,
    of_a_cell,
    percent,
    signed,
    spoken,
    tensor_name,
    times,
)
from explorer.ui.gradients import curvature, findings, highways, microscope, norms
from explorer.ui.train import sentences as train_sentences
from explorer.ui.words import curves

ODD = [math.nan, math.inf, -math.inf, 0.0, 1e300, 1e-300, 5e-324, 1e5, 0.4]


def read(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(THIN, " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.94312, "0.943"),
        (999.6, "1,000"),
        (2416.56, "2,417"),
        (99_999.4, "99,999"),
        (123_456, "1.23 × 10⁵"),
        (-3.2141e-5, "−3.21 × 10⁻⁵"),
        (math.inf, "+∞"),
        (-math.inf, "−∞"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_has_three_digits_and_one_way_of_powers_of_ten(value, text):
    assert read(number(value)) == text


@given(st.one_of(st.floats(-1e300, 1e300), st.floats(-1e6, 1e6)), st.integers(2, 17))
def test_a_written_number_is_the_number_and_short(value, digits):
    text = read(number(value, digits))
    assert len(text) <= 14 + digits
    mantissa, _, power = text.partition(" × 10")
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    back = float(f"{mantissa.replace('−', '-').replace(',', '')}e{power.translate(raised) or 0}")
    assert back == pytest.approx(value, rel=0.6 * 10.0 ** (1 - digits), abs=5e-324)


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.123, 0, "12 %"),
        (1.0, 1, "100.0 %"),
        (0.00045, 0, "0.045 %"),
        (1 / 200, 0, "0.5 %"),
        (-1 / 200, 0, "−0.5 %"),
        (1e-9, 1, "1 × 10⁻⁷ %"),
        (199 / 200, 0, "99.5 %"),
        (0.9999, 1, "99.99 %"),
        (1 - 2e-6, 0, "> 99.999 %"),
        (1 - 2**-24, 0, "100 %"),  # 1 as float32 sums it
        (1.004, 0, "100 %"),
        (0, 0, "0 %"),
        (-0.3, 0, "−30 %"),
        (2416.56, 0, "× 2,417"),
        (math.nan, 0, "NaN"),
    ],
)
def test_a_share_never_exceeds_what_makes_sense_and_reads_as_0_or_100_only_where_it_is_nothing_or_all(
    share, decimals, text
):
    assert read(percent(share, decimals)) == text


def test_decimals_signs_factors_and_lists():
    assert [read(fixed(x, 3)) for x in (3.2958, -0.5, 398280992.0, 1e-6)] == [
        "3.296",
        "−0.500",
        "3.98 × 10⁸",
        "1 × 10⁻⁶",
    ]
    assert [read(signed(x)) for x in (0.25, -0.25, 1e-5, math.nan)] == ["+0.250", "−0.250", "0", "NaN"]
    assert read(times(2.4166)) == "× 2.42"
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert lost("the loss", 1330) == "at step 1,330 the loss is not finite any more."


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
@pytest.mark.parametrize("write", [fixed, signed, percent])
@given(x=st.one_of(st.sampled_from([k * 5.0 * 10.0**-d for d in range(1, 8) for k in (1, -1)]), st.floats(-1e3, 1e3)))
def test_no_sign_stands_before_nothing_and_what_is_not_nothing_reads_as_0_in_changes_alone(write, decimals, x):
    text = read(write(x, decimals))
    if not re.search(r"[1-9]", text):
        assert text[0] not in "+−", text
        assert x == 0 or write is signed, text


def test_layers_and_heads_count_from_one_in_every_name():
    path = "decoder.blocks.0.cross"
    assert (layer_name(path), module_name(path), attention_name(path)) == (
        "decoder layer 1",
        "decoder cross 1",
        "decoder cross 1",
    )
    assert (attention_name("blocks.1.attention"), module_name("blocks.1.mlp")) == ("layer 2", "MLP 2")
    assert (head_name("blocks.0.attention.1"), head_name(f"{path}.0")) == ("head 1.2", "decoder cross-head 1.1")
    assert tensor_name("encoder.blocks.0.mlp.expand.weight") == "encoder L1 mlp.expand.weight"
    assert layer_name("embedding.weight") == ""
    assert tensor_name("embedding.weight") == "embedding.weight"


def viewed(row: dict[str, Any], answer: str = "token") -> Any:
    row = {"step": 7, "tokens": 100} | row
    run = SimpleNamespace(
        step_row=lambda step: row if step >= 0 else None,
        clipped=lambda: (0.5, 10),
        validation={"step": np.array([]), "loss": np.array([])},
        config_at=lambda step: SimpleNamespace(train=SimpleNamespace(batch=4, accumulate=1)),
    )
    about = SimpleNamespace(answer=answer, chance=0.1, metric="share right", guessing=(2.0, ""))
    return SimpleNamespace(run=run, step=7, last=8, about=about, live=False, cursor=None)


def measured(x: float, along: Array | None = None, across: Array | None = None) -> Measurement:
    keys = ("norm", "inner", "orthogonality", "noise", "signal", "to_noise", "quality")
    ones = np.ones(2)
    return Measurement(
        step=7,
        numbers=dict.fromkeys(keys, x),
        milliseconds={},
        length=x,
        texts=["a"] * 32,
        dropout=0.0,
        last=False,
        losses=ones,
        along=ones if along is None else along,
        across=ones if across is None else across,
    )


def series(x: float) -> InstrumentHistory:
    return InstrumentHistory(7, np.array([3, 7]), {k: np.array([x, x]) for k in ("noise", "signal", "to_noise")})


def fork(x: float, skip: float | None = None) -> Fork:
    return Fork("stream", "blocks.0.mlp", whole=x, skip=x if skip is None else skip, block=x, cosine=0.0)


def inside(x: float) -> AttentionSplit:
    parts = {role: RolePart(x, x, x) for role in ("queries", "keys", "values")}
    return AttentionSplit("blocks.0.attention", whole=x, memory=0.0, out=x, parts=parts, heads=[HeadPart(x, x, x, x)])


def curved(x: float) -> Curvature:
    return Curvature(7, "sgd", top=x, bottom=x, divided=x, lr=0.1, descent_edge=x, edge=x, seconds=0.1)


ROW = microscope.Row("blocks.0", "layer 1", "layer 1", "#111111")
SENTENCES = {
    "loss": lambda x: train_sentences.loss_sentence(viewed({"loss": x}), 2.0),
    "loss of words": lambda x: train_sentences.loss_sentence(viewed({"loss": x}, "pair"), 2.0),
    "metric": lambda x: train_sentences.metric_sentence(viewed({"metric": x})),
    "clipping": lambda x: train_sentences.clip_sentence(
        viewed({"grad_norm": x, "clipped_grad_norm": min(1.0, x)}), 1.0
    ),
    "clipped": lambda x: norms.clip_sentence(viewed({"grad_norm": x, "clipped_grad_norm": min(1.0, x)}), 1.0),
    "ratios": lambda x: norms.ratio_sentence(7, np.array([x, x]), ["embedding.weight", "blocks.0.mlp.expand.weight"]),
    "depth": lambda x: microscope.sentence(viewed({}), [ROW, ROW], *2 * [np.array([7])], np.array([[x], [x]])),
    "flow": lambda x: highways.flow_sentence(7, np.array([x, x, x]), ["a", "b", "logits"]),
    "forks": lambda x: highways.fork_sentence(7, [fork(x), fork(x)]),
    "a fork without a skip": lambda x: highways.fork_sentence(7, [fork(x, skip=0.0), fork(x, skip=0.0)]),
    "attentions": lambda x: highways.inside_sentence(7, [inside(x)]),
    "curvature": lambda x: curvature.curvature_sentence(curved(x)),
    "samples": lambda x: findings.samples_sentence(measured(x, np.array([x, 1]), np.array([1, x]))),
    "tests": lambda x: findings.tests_sentence(measured(x)),
    "noise": lambda x: findings.noise_sentence(measured(x), series(x)),
    "signal to noise": lambda x: findings.to_noise_sentence(measured(x), series(x)),
    "quality": lambda x: findings.quality_sentence(measured(x), np.array([x])),
    "word vectors": lambda x: curves.sentence(viewed({"loss": x})),
}


@pytest.mark.parametrize("x", ODD)
@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_says_in_words_what_is_not_finite_and_writes_no_number_out(name, x):
    with np.errstate(all="ignore"):
        said = SENTENCES[name](x)
    assert not re.search(r"\bnan\b|\binf\b|∞|e[+-]\d\d", said, re.IGNORECASE), said
    assert not re.search(r"\d{7}", said), said
    assert not re.search(r"\d{4,}[\s ]?%", said), said
    if not math.isfinite(x) and name not in ("metric", "a fork without a skip"):
        assert "not finite any more" in said, said
        assert "at step 7" in said, said


def test_a_sentence_with_paths_is_said_in_names_that_count_from_1() -> None:
    said = spoken("the gradient is not finite; first was the gradient at blocks.2.attention.scores")
    assert said == "the gradient is not finite; first was the gradient at the scores of layer 3"
    assert spoken("first was encoder.blocks.0.mlp.expand.weight") == "first was encoder L1 mlp.expand.weight"
    assert spoken("by hand") == "by hand"


def test_what_one_cell_has_is_named_by_its_tap():
    taps = ("hidden", "cell", "candidate", "forget_gate")
    assert [of_a_cell(tap) for tap in taps] == ["hidden state h", "cell state c", "candidate", "forget gate"]


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        ("all 3000 steps", "all 3,000 steps"),
        ("branched from reverse-1234 at step 20000", "branched from reverse-1234 at step 20,000"),
        ("a learning rate of 0.00012345, 12,345 tokens, loss 1234.5", None),
    ],
)
def test_a_recorded_count_is_shown_as_all_numbers_are(recorded: str, shown: str | None):
    assert spoken(recorded) == (shown or recorded)
