"""The browser's stages of a sampler against those of the engine, and its χ² against scipy's, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy.stats import chi2, chisquare

from explorer.measure.sampling import STAGES, passed
from explorer.ui.components.source import FILES

pytestmark = pytest.mark.journey
CASES = 200


@pytest.fixture(scope="module")
def page(browser) -> Iterator[Page]:
    with browser.new_page() as page:
        for name in ("stages_math.js", "drafted_math.js"):
            page.add_script_tag(content=FILES[name].read_text("utf-8"))
        yield page


def cases() -> Iterator[dict]:
    """Random logits, settings and orders; each stage is off in a fifth of them."""
    rng = np.random.default_rng(0)
    for _ in range(CASES):
        size = int(rng.integers(1, 80))
        settings = {name: float(rng.uniform(stage.least, stage.most)) for name, stage in STAGES.items()}
        settings = {name: round(value) if STAGES[name].whole else value for name, value in settings.items()}
        settings |= {name: stage.neutral for name, stage in STAGES.items() if rng.random() < 0.2}
        settings |= {"temperature": 0.0} if rng.random() < 0.05 else {}
        yield {
            "logits": (3 * rng.normal(size=size)).tolist(),
            "settings": settings,
            "order": rng.permutation(list(STAGES)).tolist(),
            "seen": rng.integers(0, size, 4).tolist(),
        }


def test_the_browser_gets_the_same_probabilities_after_every_stage(page):
    given = list(cases())
    answers = page.evaluate(
        "cases => cases.map(({ logits, settings, order, seen }) => passed(logits, settings, order, new Set(seen)))",
        given,
    )
    for case, answer in zip(given, answers, strict=True):
        expected = passed(np.array(case["logits"]), case["settings"], case["order"], case["seen"])
        assert [stage["stage"] for stage in answer] == [stage.stage for stage in expected]
        for one, other in zip(answer, expected, strict=True):
            np.testing.assert_allclose(one["p"], other.p, atol=1e-9)
            assert one["survivors"] == other.survivors
            assert one["cut"] == pytest.approx(other.cut, abs=1e-9)
            assert one["bits"] == pytest.approx(other.bits, abs=1e-9)


def test_draws_are_from_the_probabilities_alone(page):
    counts = page.evaluate("drawnFrom([0.5, 0, 0.3, 0.2, 0], 10000)")
    assert sum(counts) == 10_000
    assert counts[1] == counts[4] == 0
    assert abs(counts[0] - 5000) < 6 * 50  # six standard deviations


def test_two_models_that_differ_by_rounding_alone_leave_nothing_to_draw_anew(page):
    assert page.evaluate("anew([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])") == pytest.approx([1, 0, 0])
    assert page.evaluate("anew([0.5, 0.25, 0.25], [0.25, 0.375, 0.375])") == pytest.approx([1, 0, 0])
    p = np.array([0.0765, 0.0434, 0.8801], np.float32)
    q = np.nextafter(p, np.float32(1))
    assert page.evaluate("([p, q]) => anew(p, q)", [q.tolist(), p.tolist()]) is None
    assert page.evaluate("([p, q]) => anew(p, q)", [p.tolist(), p.tolist()]) is None


@pytest.mark.parametrize(("value", "free"), [(0.1, 1), (3.84, 1), (30.0, 10), (64.0, 64), (200.0, 64), (0.0, 5)])
def test_the_chance_of_a_larger_chi_squared_is_scipys(page, value, free):
    chance = page.evaluate("([value, free]) => gammaAbove(free / 2, value / 2)", [value, free])
    assert chance == pytest.approx(chi2.sf(value, free), rel=1e-9)


def test_pearsons_chi_squared_counts_rare_tokens_together(page):
    answer = page.evaluate("chiSquared([52, 47, 1, 0], [0.5, 0.48, 0.01, 0.01])")
    expected = 2**2 / 50 + 1 / 48 + 1 / 2
    assert (answer["value"], answer["free"]) == (pytest.approx(expected), 2)


def test_drawing_by_the_rule_is_drawing_from_the_model_and_accepting_every_draft_is_not(page):
    p, q = [0.5, 0.3, 0.2, 0.0], [0.2, 0.2, 0.5, 0.1]
    counts, rejected = page.evaluate(
        "([p, q]) => { const all = drawnByRule(p, q, 10000); return [all.counts, all.rejected]; }", [p, q]
    )
    assert sum(counts) == 10_000
    assert counts[3] == 0
    assert chisquare(counts[:3], [5000, 3000, 2000]).pvalue > 1e-6
    assert abs(rejected - 4000) < 6 * 49  # 1 − Σ min(p, q) = 0.4, six standard deviations
    always = page.evaluate("([p, q]) => drawnByRule(p, q, 10000, true).counts", [p, q])
    assert chisquare(always, [2000, 2000, 5000, 1000]).pvalue > 1e-6, "what is written then is the draft's"
    assert page.evaluate("([p]) => drawnByRule(p, p, 100).rejected", [p]) == 0
