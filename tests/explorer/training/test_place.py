"""Where steps are computed: which precision is slow there."""

from __future__ import annotations

import pytest

from explorer.training import place


@pytest.mark.parametrize(
    ("precision", "device", "multiplies", "says"),
    [
        ("bfloat16", "cpu", False, True),
        ("bfloat16", "cpu", True, False),
        ("bfloat16", "cuda", False, False),
        ("float32", "cpu", False, False),
    ],
)
def test_a_precision_that_the_processor_lacks_is_said_to_be_slow(
    monkeypatch: pytest.MonkeyPatch, precision: str, device: str, multiplies: bool, says: bool
) -> None:
    monkeypatch.setattr(place, "multiplies_bfloat16", lambda: multiplies)
    assert bool(place.slow(precision, device)) == says
