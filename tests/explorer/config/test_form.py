"""What a form says of every setting stands in its field."""

from __future__ import annotations

import pytest

from explorer.config.form import Setting, settings
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig

REVERSE = {one.path: one for one in settings(RunConfig())}


@pytest.mark.parametrize("name", PRESETS)
def test_a_form_has_every_setting_of_a_config_in_its_order_with_its_value_within_the_limits(name: str):
    config = PRESETS[name].config
    made = {one.path: one for one in settings(config)}
    assert list(made) == list(config.flat())
    for path, value in config.flat().items():
        one = made[path]
        assert one.title
        assert not one.options or value in one.options
        assert not one.words or len(one.words) == len(one.options)
        if one.number and value is not None:
            assert one.low is None or one.low <= value
            assert one.high is None or value <= one.high


def test_limits_and_words_are_those_of_the_fields():
    assert REVERSE["model.width"] == Setting(
        "model.width", "Width", "channels C of the residual stream", number=True, whole=True, low=4, high=1024
    )
    assert (REVERSE["train.steps"].low, REVERSE["train.steps"].high) == (1, 10_000_000)  # though it may be none
    assert REVERSE["optimizer.lr"].low == 0  # which itself is refused
    assert REVERSE["model.mask"].words == ("the future is hidden", "none: it may cheat")
    assert REVERSE["train.accumulate"].title == "Batches a step"


@pytest.mark.parametrize("path", ["model.width", "model.layers", "model.heads", "model.context", "train.batch"])
def test_a_number_outside_of_its_limits_is_refused(path: str):
    assert REVERSE[path].low is not None
    assert REVERSE[path].high is not None
    for outside in (REVERSE[path].low - 1, REVERSE[path].high + 1):
        with pytest.raises(ValueError, match=path.replace(".", r"\.")):
            RunConfig().replace({path: int(outside)})
