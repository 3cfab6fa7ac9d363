"""What the instruments say in words, where the numbers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.answers.records.instruments import Curvature, InstrumentHistory, Measurement
from explorer.charts import instruments as charts
from explorer.charts.theme import spec
from explorer.ui.gradients import curvature, findings

STEPS = np.arange(0, 100, 10)
MEASURED = Measurement(
    step=90,
    numbers={},
    milliseconds={},
    length=2.5,
    texts=["ab → ba"] * 32,
    dropout=0.0,
    last=False,
    losses=np.ones(4),
    along=np.ones(4),
    across=np.ones(4),
)
HESSIAN = Curvature(
    step=90,
    optimizer="adamw",
    top=357.0,
    bottom=-6.5,
    divided=62750.0,
    lr=5e-4,
    descent_edge=4000.0,
    edge=76000.0,
    seconds=1.2,
)


def measured(step: int = 90, **numbers: float | None) -> Measurement:
    return replace(MEASURED, step=step, numbers=numbers)


def history(**numbers: np.ndarray) -> InstrumentHistory:
    return InstrumentHistory(step=90, steps=STEPS, numbers=numbers)


def test_it_counts_the_samples_that_pull_the_means_way():
    along = np.array([2.0, 1.5, 1.0, -0.5])
    samples = replace(MEASURED, along=along, across=np.array([0.0, 1.0, 3.0, 1.0]))
    sentence = findings.samples_sentence(samples)
    assert sentence.startswith("3 of 4 samples pull the way of their mean")
    assert "what they pull across it mostly cancels" in sentence
    assert "Sample 3 pulls hardest: 3.2 ‖g‖." in sentence
    assert "not finite" in findings.samples_sentence(replace(samples, across=np.full(4, np.nan)))


def test_the_tests_say_whether_noise_or_signal_is_larger():
    assert "0.5 times its length (less noise than signal)" in findings.tests_sentence(
        measured(norm=0.5, inner=0.3, orthogonality=0.4)
    )
    assert "(more noise than signal)" in findings.tests_sentence(measured(norm=2.0, inner=0.1, orthogonality=1.99))
    assert "zero or not finite" in findings.tests_sentence(measured(norm=None, inner=None, orthogonality=None))


@pytest.mark.parametrize(
    ("noise", "signal", "words"),
    [
        (640.0, 1.0, "the noise scale is 640 samples. The batch of 32 is dominated by noise"),
        (32.0, 1.0, "the noise scale is 32 samples. That is about the batch of 32"),
        (4.0, 1.0, "the noise scale is 4 samples. The batch of 32 is larger than it needs to be"),
        (4.0, -1.0, "the noise scale is not resolvable at this batch size"),
    ],
)
def test_the_noise_scale_is_held_against_the_batch_or_not_told(noise, signal, words):
    before = history(noise=np.full(10, noise), signal=np.full(10, signal))
    sentence = findings.noise_sentence(measured(noise=noise, signal=signal), before)
    assert words in sentence
    assert "over the last 8 measured steps" in sentence


def test_the_noise_scale_is_of_steps_before_the_one_looked_at():
    before = history(noise=np.array([8.0, 16.0, *np.full(8, 1e6)]), signal=np.ones(10))
    sentence = findings.noise_sentence(measured(15, noise=24.0, signal=1.0), before)
    assert "over the last 3 measured steps the noise scale is 16 samples" in sentence
    first = findings.noise_sentence(measured(0, noise=24.0, signal=1.0), before)
    assert "at step 0 alone the noise scale is 24 samples" in first


def test_signal_to_noise_is_held_against_the_first_one_measured():
    before = history(to_noise=np.full(10, 0.02))
    assert (
        "0.06 times its variance over the samples plus 10⁻⁵. That is 3 times what it was at step 0"
        in findings.to_noise_sentence(measured(to_noise=0.06), before)
    )
    assert findings.to_noise_sentence(measured(0, to_noise=0.06), before).endswith("over the samples plus 10⁻⁵.")


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (-1.5, "leads away from the floor"),
        (-1.0, "without a floor in sight"),
        (-0.6, "goes 40 % of the way to the valley’s floor (α = −0.60)"),
        (0.05, "ends on the valley’s floor"),
        (0.7, "ends lower than it began (α = +0.70)"),
        (1.2, "ends higher than it began"),
        (None, "where step 90 ends cannot be told"),
    ],
)
def test_the_quality_of_a_step_is_put_in_words(alpha, words):
    sentence = findings.quality_sentence(measured(quality=alpha), np.array([0.5, -0.5, np.nan]))
    assert words in sentence
    assert sentence.endswith(". Of 2 measured steps 1 went beyond it.")


def test_where_training_ends_no_step_is_judged():
    sentence = findings.quality_sentence(replace(measured(quality=None), last=True), np.array([-0.5]))
    assert (
        sentence == "training ends at step 90, so no step was taken from here. Of 1 measured steps none went beyond it."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            "divided as AdamW does, to 62,750, which is 83 % of the edge 76,000 at η = 5 × 10⁻⁴: not far from",
        ),
        (
            {"divided": 99999.0},
            "which is 132 % of the edge 76,000 at η = 5 × 10⁻⁴: on this batch alone",
        ),
        ({"divided": None}, "AdamW has divided nothing yet"),
        ({"optimizer": "sgd", "divided": None, "edge": 4000.0}, "that is 9 % of the edge 4,000"),
        ({"optimizer": "muon", "divided": None, "edge": None}, "for Muon no edge of stability is known"),
        ({"lr": 0.0, "edge": None, "descent_edge": None}, "training ends here, with a step size of 0"),
        ({"bottom": 0.5}, "from 0.5 (no direction bends down) to 357"),
    ],
)
def test_the_curvature_is_held_against_the_optimizers_own_edge(changes, words):
    changed = replace(HESSIAN, **changes)
    assert words in curvature.curvature_sentence(changed)
    assert "<td>357</td>" in curvature.curvature_table([changed])


def test_the_edge_is_named_in_the_table():
    assert "top, divided as AdamW does" in curvature.curvature_table([HESSIAN])
    momentum = curvature.curvature_table([replace(HESSIAN, optimizer="momentum", divided=None, edge=7600.0)])
    assert "edge with momentum" in momentum
    assert "divided" not in momentum


def test_the_chart_of_samples_holds_them_and_its_spec_does_not_depend_on_them():
    few = charts.pulls_frame(np.ones(2), np.array([0.5, 1.5]), np.array([3.0, 4.0]), ["ab → ba", "<b>"])
    many = charts.pulls_frame(np.ones(9), np.arange(9.0), np.arange(9.0), ["x"] * 9)
    assert spec(charts.pulls(few)) == spec(charts.pulls(many))
    assert few["length"].tolist() == pytest.approx([9.25**0.5, 18.25**0.5])
    assert charts.pulls(few).to_dict()["title"] == "How each sample pulls"
    scales = [layer["encoding"].get("x", {}).get("scale", {}) for layer in charts.pulls(few).to_dict()["layer"]]
    assert sum("domain" in scale for scale in scales) == 1  # Vega warns where several layers say how far it goes


def test_what_cannot_be_told_is_a_gap_in_the_curve():
    drawn = charts.parts(STEPS, {"noise scale": np.where(STEPS > 40, np.nan, 3.0)})
    assert np.isnan(drawn[0]["value"]).sum() == 5
