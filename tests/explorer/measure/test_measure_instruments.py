"""The formulas of the instruments, where the answer is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.measure import instruments as measure
from explorer.measure.updates import edge


def drawn(seed: int, samples: int, size: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.5, 1, (samples, size))


def pulled(gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    mean = gradients.mean(0)
    return (gradients**2).sum(1), gradients @ mean, float(mean @ mean)


@given(st.integers(0, 999), st.integers(2, 20))
def test_the_norm_test_is_made_of_the_other_two(seed, samples):
    squares, along, size = pulled(drawn(seed, samples))
    both = measure.inner_test(along, size) ** 2 + measure.orthogonality_test(squares, along, size) ** 2
    assert measure.norm_test(squares, size) ** 2 == pytest.approx(both, rel=1e-9)


@given(st.integers(0, 999), st.integers(2, 20))
def test_the_variance_is_that_of_every_parameter_summed(seed, samples):
    gradients = drawn(seed, samples)
    squares, _, size = pulled(gradients)
    assert measure.variance(squares, size) == pytest.approx(gradients.var(0, ddof=1).sum(), rel=1e-9)


def test_samples_that_agree_have_no_noise():
    squares, along, size = pulled(np.ones((4, 3)))
    assert measure.norm_test(squares, size) == measure.inner_test(along, size) == 0
    assert measure.orthogonality_test(squares, along, size) == 0
    assert measure.noise_scale([measure.variance(squares, size)], [measure.signal(squares, size)]) == 0


def test_the_estimates_of_signal_and_noise_have_the_right_mean():
    true, spread = np.full(6, 0.5), 6.0  # unit variance in each of six parameters
    found = [pulled(drawn(seed, 5)) for seed in range(4000)]
    assert np.mean([measure.variance(s, n) for s, _, n in found]) == pytest.approx(spread, rel=0.03)
    assert np.mean([measure.signal(s, n) for s, _, n in found]) == pytest.approx(true @ true, rel=0.05)


def test_signal_and_noise_are_those_of_two_batch_sizes():
    """McCandlish et al. 2018, eq. A.1 and A.2, with batches of 1 and of B."""
    squares, _, size = pulled(drawn(3, 7))
    small, B = squares.mean(), 7
    assert measure.signal(squares, size) == pytest.approx((B * size - small) / (B - 1))
    assert measure.variance(squares, size) == pytest.approx((small - size) / (1 - 1 / B))


def test_numerator_and_denominator_are_averaged_apart():
    assert measure.noise_scale([1, 3], [1, 0.5]) == pytest.approx(4 / 1.5)
    running = measure.running_noise_scale(np.array([1.0, 3, 5]), np.array([1.0, 0.5, 2]), window=2)
    assert running == pytest.approx([1, 4 / 1.5, 8 / 2.5])


def test_where_noise_hides_the_signal_there_is_no_number():
    assert measure.noise_scale([4.0], [-0.1]) is None
    assert measure.noise_scale([4.0, 4.0], [0.1, -0.1]) is None
    assert np.isnan(measure.running_noise_scale(np.array([4.0]), np.array([0.0]), 3)).all()


@pytest.mark.parametrize(("step", "alpha"), [(0.5, -0.5), (1.0, 0.0), (1.5, 0.5), (2.0, 1.0), (3.0, 2.0), (-1.0, -2.0)])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_the_quality_on_a_parabola_is_known(step, alpha, spread):
    """f = (s − 1)²: its floor is at 1, and a step from 0 to 2 ends as high on the other side."""
    noise = spread * np.array([-1.0, 0, 1])
    losses, slopes = [(s - 1) ** 2 + noise for s in (0, step)], [2 * (s - 1) + noise for s in (0, step)]
    toward = np.sign(step)
    assert measure.step_quality(abs(step), losses, [toward * s for s in slopes]) == pytest.approx(alpha, abs=1e-6)


def test_a_dome_has_no_floor_to_step_to():
    noise = np.array([-1e-3, 0, 1e-3])
    assert measure.step_quality(1.0, [0 + noise, -1 + noise], [0 + noise, -2 + noise]) == -1


def test_what_is_less_sure_counts_for_less():
    """The two slopes say the floor is at 1; the losses, far more noisy, do not."""
    sure, unsure = np.array([-1e-3, 0, 1e-3]), np.array([-1e3, 0, 1e3])
    assert measure.step_quality(1.0, [5 + unsure, 7 + unsure], [-2 + sure, 0 + sure]) == pytest.approx(0, abs=1e-5)


def test_a_step_that_went_nowhere_or_to_infinity_has_no_quality():
    values = np.array([1.0, 2.0])
    assert measure.step_quality(0.0, [values, values], [values, values]) is None
    assert measure.step_quality(1.0, [values, values * np.inf], [values, values]) is None


def test_the_edges_of_stability_are_the_papers():
    assert edge(0.1) == pytest.approx(20)
    assert edge(0.1, momentum=0.9) == pytest.approx(38)
    assert edge(1.0, momentum=0.9, averaged=True) == pytest.approx(38)


@pytest.mark.parametrize("side", [0.98, 1.02])
def test_nesterovs_edge_is_where_its_steps_on_a_parabola_begin_to_grow(side):
    curvature, kept, x = side * edge(0.1, momentum=0.9, ahead=True), 0.0, 1.0
    for _ in range(2000):
        slope = curvature * x
        kept = 0.9 * kept + slope
        x -= 0.1 * (slope + 0.9 * kept)
        if abs(x) > 1e6:
            break
    assert (abs(x) > 1e6) == (side > 1)
