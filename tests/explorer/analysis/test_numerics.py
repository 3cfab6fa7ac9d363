"""The formats and what they do: against struct, numpy, math and 50 digits of mpmath, for any number."""

from __future__ import annotations

import math
import struct

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_runs import TINY

from explorer.analysis import numerics as lab
from explorer.analysis.numerics import FORMATS, bits_of, exact, number_of, rounded
from explorer.trace import observe
from explorer.training.loop import Training
from models.layers import Dropout

floats = st.floats(allow_nan=False)
logits = st.lists(st.floats(-40, 40), min_size=2, max_size=12)
mpmath.mp.dps = 50


def struct_bits(value: float, name: str) -> int:
    """A number's bits by Python's own `struct`; of bfloat16 the upper half of float32's, nearest-even."""
    with np.errstate(over="ignore"):
        single = np.float32(value)
        if name == "float16":
            return struct.unpack("<H", struct.pack("<e", np.float16(single)))[0]
    whole = struct.unpack("<I", struct.pack("<f", single))[0]
    return whole if name == "float32" else (whole + 0x7FFF + (whole >> 16 & 1)) >> 16


@given(floats, st.sampled_from(list(FORMATS)))
def test_any_number_is_stored_as_struct_stores_it(value, name):
    with np.errstate(over="ignore"):
        assert bits_of(rounded(value, name), name) == struct_bits(value, name)


@given(st.sampled_from(list(FORMATS)), st.data())
def test_bits_make_the_number_that_ieee_754_says_and_come_back(name, data):
    form = FORMATS[name]
    bits = data.draw(st.integers(0, 2**form.width - 1))
    sign = -1 if bits >> (form.width - 1) else 1
    stored, fraction = bits >> form.mantissa & 2**form.exponent - 1, bits & 2**form.mantissa - 1
    found = number_of(bits, name)
    if stored == 2**form.exponent - 1:
        assert math.isnan(found) if fraction else found == sign * math.inf
    elif stored == 0:
        assert found == sign * math.ldexp(fraction, 1 - form.bias - form.mantissa)
    else:
        assert found == sign * math.ldexp(1 + fraction / 2**form.mantissa, stored - form.bias)
    if not math.isnan(found):
        assert bits_of(rounded(found, name), name) == bits


@given(floats, st.sampled_from(list(FORMATS)))
def test_no_number_lies_between_neighbours(value, name):
    x = rounded(value, name)
    below, above = lab.neighbours(x)
    bits = bits_of(x, name)
    around = sorted(number_of(b, name) for b in (bits - 1, bits + 1) if bits % 2 ** (FORMATS[name].width - 1))
    if not around or not math.isfinite(x):
        return  # of zero and infinity one neighbour has the other sign, or there is none
    assert [below, above] == around


@pytest.mark.parametrize(
    ("name", "largest", "overflow", "normal", "smallest", "eps"),
    [  # IEEE 754-2019, table 3.5; bfloat16: Kalamkar et al. 2019, table 1
        ("float32", 3.4028234663852886e38, 3.4028235677973366e38, 2.0**-126, 2.0**-149, 2.0**-23),
        ("float16", 65504, 65520, 2.0**-14, 2.0**-24, 2.0**-10),
        ("bfloat16", 3.3895313892515355e38, 3.3961775292304601e38, 2.0**-126, 2.0**-133, 2.0**-7),
    ],
)
def test_formats_end_where_the_standard_says(name, largest, overflow, normal, smallest, eps):
    assert lab.limits(name) == {
        "eps": eps,
        "largest": largest,
        "overflow": overflow,
        "smallest_normal": normal,
        "smallest": smallest,
    }
    assert rounded(overflow, name).isinf()
    assert rounded(overflow * (1 - 2.0**-20), name).isfinite()
    assert rounded(smallest / 2, name) == 0  # halfway, to even
    assert rounded(smallest * 0.51, name) == smallest


@pytest.mark.parametrize("name", FORMATS)
def test_spacing_is_eps_until_numbers_become_subnormal(name):
    x, y = lab.spacing(name)
    limits = lab.limits(name)
    np.testing.assert_array_equal(y, np.maximum(limits["eps"], limits["smallest"] / x))
    assert (x[0], 2 * x[-1] > limits["largest"]) == (limits["smallest"], True)


def mp_softmax(x: list[float]) -> list[mpmath.mpf]:
    powers = [mpmath.exp(v) for v in x]
    return [p / mpmath.fsum(powers) for p in powers]


@given(logits)
def test_softmax_and_its_logarithms_are_right_to_the_last_bits_of_float64(x):
    wanted, total = mp_softmax(x), mpmath.log(mpmath.fsum(map(mpmath.exp, x)))
    there = torch.tensor(x, dtype=torch.float64)
    for softmax in (lab.plain_softmax, lab.stable_softmax):
        np.testing.assert_allclose(exact(softmax(there)), [float(p) for p in wanted], rtol=1e-13)
    for log_sum_exp in (lab.plain_log_sum_exp, lab.stable_log_sum_exp):
        assert log_sum_exp(there).item() == pytest.approx(float(total), rel=1e-13, abs=1e-13)
    for entropy in (lab.plain_cross_entropy, lab.stable_cross_entropy):
        assert entropy(there, 1).item() == pytest.approx(float(-mpmath.log(wanted[1])), rel=1e-12, abs=1e-12)


@given(logits, st.sampled_from(list(FORMATS)), st.floats(-60000, 60000))
def test_with_the_maximum_subtracted_softmax_is_finite_and_sums_to_1_however_large_logits_are(x, name, shift):
    p = exact(lab.stable_softmax(rounded(np.array(x) + shift, name)))
    assert np.isfinite(p).all()
    assert p.sum() == pytest.approx(1, abs=len(x) * lab.limits(name)["eps"])


@pytest.mark.parametrize(("name", "least"), [("float32", 88.73), ("float16", 11.1), ("bfloat16", 88.75)])
def test_plain_softmax_is_nan_where_an_exponential_overflows(name, least):
    assert lab.plain_softmax(rounded(np.array([least, 0.0]), name)).isnan().any()
    assert lab.plain_softmax(rounded(np.array([0.99 * least, 0.0]), name)).isfinite().all()
    assert lab.plain_softmax(rounded(np.array([-1000.0, -1001.0]), name)).isnan().all()  # 0 / 0


@given(st.floats(0, 100), st.floats(1e-4, 1))
def test_sums_in_float16_are_those_of_numpy(start, addend):
    counts = np.array([1, 2, 7, 40])
    plain, _ = lab.sums(start, addend, "float16", counts)
    total, add, found = np.float16(np.float32(start)), np.float16(np.float32(addend)), []
    for count in range(1, 41):
        total = np.float16(total + add)
        found += [float(total)] if count in counts else []
    assert plain.tolist() == found


def test_a_sum_stands_still_where_the_addend_is_half_a_spacing_and_compensation_goes_on():
    counts = np.array([3000, 4096])
    plain, compensated = lab.sums(0.0, 0.1, "float16", counts)
    assert plain.tolist() == [256, 256]  # numbers are 0.25 apart from there on
    np.testing.assert_allclose(compensated, counts * float(np.float16(0.1)), rtol=2**-11)


def test_layer_norm_agrees_with_torchs_and_divides_0_by_0_without_epsilon():
    x = torch.linspace(-1, 2, 8, dtype=torch.float64)
    torch.testing.assert_close(lab.layer_norm(x, 1e-5), torch.nn.functional.layer_norm(x, (8,), eps=1e-5))
    assert lab.layer_norm(torch.ones(8), 0.0).isnan().all()
    assert not lab.layer_norm(torch.ones(8), 1e-5).any()
    assert lab.layer_norm(torch.ones(8).half(), 1e-12).isnan().all()  # ε itself is 0 in float16


@given(st.lists(st.floats(width=32, allow_infinity=False), min_size=1, max_size=30), st.integers(0, 40))
def test_what_becomes_of_a_gradient_is_what_numpy_makes_of_it(values, exponent):
    found = lab.fates(torch.tensor(values, dtype=torch.float32), exponent).tolist()
    for value, fate in zip(values, found, strict=True):
        with np.errstate(over="ignore"):
            stored = abs(float(np.float16(np.float32(np.float64(np.float32(value)) * 2.0**exponent))))
        if value == 0 or math.isnan(value):
            assert fate == -1
        else:
            names = {0.0: "zero", math.inf: "infinite"}
            assert lab.FATES[fate] == names.get(stored, "coarse" if stored < 2**-14 else "kept")


def test_shares_are_of_what_has_a_fate_and_nothing_where_nothing_has():
    np.testing.assert_allclose(lab.shares(torch.tensor([-1, 0, 0, 2, 3])), [0.5, 0, 0.25, 0.25])
    assert np.isnan(lab.shares(torch.tensor([-1]))).all()


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_inverted_dropout_keeps_the_mean_and_adds_the_variance_that_the_formula_says(rate):
    x, g = torch.linspace(-1, 1, 50), torch.linspace(2, 3, 50)
    for of, drawn in zip((x, g), lab.through_masks(x, g, rate, 4000), strict=True):
        deviation = of.abs() * math.sqrt(rate / (1 - rate))
        assert ((drawn.mean(0) - of).abs() <= 5 * deviation / math.sqrt(4000) + 1e-6).all()
        torch.testing.assert_close(drawn.std(0, correction=0), deviation, rtol=0.1, atol=1e-6)


def test_masks_are_the_same_for_both_directions():
    x = torch.ones(40)
    out, back = lab.through_masks(x, 3 * x, 0.5, 8)
    assert torch.equal(3 * out, back)


@pytest.fixture(scope="module", params=["decoder", "encoder-decoder"])
def training(request) -> Training:
    training = Training(TINY.replace({"model.kind": request.param, "model.layers": 1}))
    next(training)
    training.model.eval()
    return training


def junction(name: str) -> bool:
    return ".residual_" in name


def test_without_dropping_every_copy_is_what_observe_sees(training):
    probe = training.task.probe()
    trace = observe(training.model, probe, wanted=junction)
    values, grads = lab.with_masks(training.model, probe, junction, 0.0, 20)
    assert list(values) == list(trace.values)
    for name in values:
        assert len(values[name]) == 20
        np.testing.assert_allclose(values[name], trace.values[name].repeat(20, 0), atol=1e-5)
        np.testing.assert_allclose(grads[name], trace.grads[name].repeat(20, 0), atol=1e-6)


def test_masks_differ_from_copy_to_copy_and_are_the_same_in_the_next_call(training):
    probe, progress = training.task.probe(), []
    first, second = (
        lab.with_masks(training.model, probe, junction, 0.3, 20, lambda *done: progress.append(done)) for _ in range(2)
    )
    for kinds in zip(first, second, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(kinds[0].values(), kinds[1].values(), strict=True))
    last = list(first[0].values())[-1]
    assert not torch.equal(last[0], last[1])
    assert not torch.equal(last[0], last[16])  # of the next sixteen
    assert progress == 2 * [(16, 20), (20, 20)]


def test_dropping_leaves_the_model_as_it_was(training):
    layers = [m for m in training.model.modules() if isinstance(m, Dropout)]
    before = [(m.rate, m.generator, m.training) for m in layers]
    with lab.dropping(training.model, 0.5, torch.Generator()):
        assert {m.rate for m in layers} == {0.5}
    assert [(m.rate, m.generator, m.training) for m in layers] == before
    assert all(p.grad is None for p in training.model.parameters())


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@given(data=st.data())
def test_a_number_is_rounded_once(name, data):
    """Just beside halfway between two numbers of a format, where rounding to float32 first would lose the side."""
    below = number_of(data.draw(st.integers(0, number_of_bits(name) - 2)), name)
    _, above = lab.neighbours(rounded(below, name))
    halfway = (below + above) / 2  # exact in float64
    for side, nearer in ((-math.inf, below), (math.inf, above)):
        for sign in (1, -1):
            assert rounded(sign * np.nextafter(halfway, side), name).item() == sign * nearer
    even = below if bits_of(rounded(below, name), name) % 2 == 0 else above
    assert rounded(halfway, name).item() == even


def number_of_bits(name: str) -> int:
    """How the largest finite number of a format is stored."""
    return bits_of(torch.tensor(torch.finfo(FORMATS[name].dtype).max, dtype=FORMATS[name].dtype), name)


def test_a_little_more_than_halfway_above_1_is_not_1():
    assert rounded(1 + 2.0**-11 + 2.0**-40, "float16").item() == 1 + 2.0**-10
    assert rounded(1 + 2.0**-8 + 2.0**-40, "bfloat16").item() == 1 + 2.0**-7
    wide = np.array([1e300, -1e300, 1e-300, -0.0, math.inf, -math.inf])
    for name in FORMATS:
        assert exact(rounded(wide, name)).tolist() == [math.inf, -math.inf, 0.0, 0.0, math.inf, -math.inf]
        assert rounded(math.nan, name).isnan()
