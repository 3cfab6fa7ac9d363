"""RunConfig: exact round trips, and refusals of one sentence that names field, value and way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from explorer.config.presets import PRESETS, WORDS
from explorer.config.run import RunConfig
from explorer.tasks.fields import TASKS

PATHS = sorted({path for preset in PRESETS.values() for path in preset.config.flat()})
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=80),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.sampled_from(["nan", "-1", "1e400", "rotary", "encoder", "muon", "cosine", "1e-3", "\n", "Ω"]),
)


ONE_SENTENCE = r"\A[^\n]+\Z"


def refused(changes: dict) -> str:
    with pytest.raises(ValueError, match=ONE_SENTENCE) as error:
        RunConfig().replace(changes)
    return str(error.value)


def made(make: Callable[[], RunConfig]) -> RunConfig | None:
    """The config, or None where it was refused in one sentence. Anything else fails the test."""
    try:
        return make()
    except ValueError as error:
        refusal = error
    assert type(refusal) is ValueError
    assert "\n" not in str(refusal)
    return None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("optimizer.lr", -1), ("optimizer.lr", float("nan")), ("optimizer.lr", float("inf")),
        ("optimizer.lr", "fast"), ("optimizer.lr", None), ("optimizer.name", "adamm"),
        ("optimizer.weight_decay", -0.1), ("optimizer.warmup", 1.5), ("optimizer.schedule", "steps"),
        ("train.batch", 0), ("train.batch", 10**9), ("train.seed", -1), ("train.steps", 0), ("train.clip", 0),
        ("train.accumulate", 0), ("train.precision", "float8"), ("train.device", "tpu"),
        ("model.width", 2), ("model.width", "wide"), ("model.layers", 0), ("model.heads", 33),
        ("model.context", 2048), ("model.dropout", 1), ("model.dropout", -0.1), ("model.kind", "rnn?"),
        ("model.positions", "gps"), ("model.norm", "mid"), ("model.activation", "step"),
        ("task.length", 1), ("task.symbols", 61),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence_with_field_value_and_way_out(path: str, value: object) -> None:
    message = refused({path: value})
    assert message.startswith(f"{path}=")
    assert str(value) in message
    assert "\n" not in message
    assert len(message) < 300
    assert any(way in message for way in ("; use ", "; try ", "should be "))


def test_heads_that_do_not_divide_the_width_get_a_multiple_to_use() -> None:
    message = refused({"model.width": 100, "model.heads": 3})
    assert message == ("model.width=100 cannot be split among model.heads=3; use a multiple of 3, such as 99")


def test_rotary_needs_pairs_and_a_schedule_needs_an_end() -> None:
    assert "use an even number a head" in refused({"model.width": 12, "model.heads": 4, "model.positions": "rotary"})
    assert refused({"optimizer.schedule": "cosine"}).endswith("set train.steps")


@pytest.mark.parametrize("path", ["optimizer.speed", "nonsense", "", "model", "task.words", "model.", ".lr"])
def test_a_setting_that_is_not_there_is_refused(path: str) -> None:
    assert refused({path: 1}).startswith("there is no setting")


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("lr", "optimizer.lr"),
        ("model.lr", "optimizer.lr"),
        ("name", "task.name or optimizer.name"),
        ("optimiser.lr", "optimizer.lr"),
        ("optimizer.weightdecay", "optimizer.weight_decay"),
        ("model.n_heads", "model.heads"),
        ("train.epochs", "train.steps"),
        ("task.lenght", "task.length"),
    ],
)
def test_a_misspelt_setting_is_told_the_ones_near_it(path: str, near: str) -> None:
    assert f"{path}; did you mean {near}" in refused({path: 1})


def test_only_settings_of_the_task_asked_for_are_near() -> None:
    assert "did you mean task.language" in refused({"task.name": "dates", "task.langage": "fr"})
    assert "task.language" not in refused({"task.langage": "fr"})


@given(st.one_of(st.text(max_size=90), st.sampled_from(PATHS).map(lambda path: f"{path}s"), st.just("x" * 10**6)))
@settings(deadline=None)
def test_a_setting_that_is_not_there_is_refused_in_one_short_sentence(path: str) -> None:
    assume(path not in RunConfig().flat())  # Hypothesis also draws words that it finds in our code
    with pytest.raises(
        ValueError, match=r"\Athere is no setting [^\n]*; (did you mean|names look like) [^\n]*\Z"
    ) as error:
        RunConfig().get(path)
    assert len(str(error.value)) < 160


@given(st.dictionaries(st.one_of(st.sampled_from(PATHS), st.text(max_size=12)), VALUES, max_size=4))
@settings(max_examples=300, deadline=None)
def test_replace_gives_a_config_that_round_trips_or_one_sentence(changes: dict) -> None:
    config = made(lambda: RunConfig().replace(changes))
    assert config is None or RunConfig.from_json(config.to_json()) == config


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_text_that_is_no_config_is_refused_in_one_sentence(text: str) -> None:
    assert made(lambda: RunConfig.from_json(text)) is None


@given(st.dictionaries(st.one_of(st.sampled_from([*PATHS, "v", "preset"]), st.text(max_size=9)), st.text(max_size=9)))
@settings(max_examples=200, deadline=None)
def test_a_link_with_nonsense_is_refused_in_one_sentence(query: dict[str, str]) -> None:
    made(lambda: RunConfig.from_query(query))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_round_trips_as_json_and_as_a_link(name: str) -> None:
    config = RunConfig.preset(name)
    assert RunConfig.from_json(config.to_json()) == config
    assert config.to_query() == {"v": "1", "preset": name}
    plain = "task.text" if name in WORDS else "model.positions"  # no text, or a kind of that name
    none = {plain: "none" if plain == "model.positions" else None} if plain in config.flat() else {}
    changed = config.replace({"optimizer.lr": 0.00123, "train.clip": None} | none)
    query = changed.to_query()
    assert RunConfig.from_query(query) == changed
    assert query["optimizer.lr"] == "0.00123"
    assert query.get("train.clip") == ("none" if config.train.clip else None)  # left out where it is the preset's


@pytest.mark.parametrize("name", [name for name in TASKS if name != "text"])
def test_every_task_round_trips_as_a_link(name: str) -> None:
    config = RunConfig().replace({"task.name": name})
    assert RunConfig.from_query(config.to_query()) == config


def test_a_text_of_ones_own_is_not_put_into_a_link_but_into_json() -> None:
    config = RunConfig().replace({"task.name": "text", "task.text": "ä\n" * 50})
    assert RunConfig.from_json(config.to_json()) == config
    with pytest.raises(ValueError, match="share the run file instead"):
        config.to_query()


def test_a_link_of_a_newer_form_and_an_unknown_preset_say_so() -> None:
    with pytest.raises(ValueError, match="newer form"):
        RunConfig.from_query({"v": "99"})
    with pytest.raises(ValueError, match=r"these are nearest: .*reverse"):
        RunConfig.from_query({"preset": "revers"})


def test_a_model_without_a_kind_is_a_transformer_and_one_of_another_family_starts_from_its_own_defaults() -> None:
    assert RunConfig.from_plain({"model": {"width": 32}}).model.width == 32
    words = RunConfig().replace({"task.name": "words", "model.kind": "glove", "model.x_max": 5})
    assert words.flat()["model.width"] == 48
    assert "model.layers" not in words.flat()
    assert words.replace({"task.name": "sort", "model.kind": "encoder"}).model.layers == 2
    assert words.has("word vectors", "token embedding")
    assert not words.has("word vectors", "attention")
    with pytest.raises(ValueError, match=r"learns word vectors \(glove\) and has no attention; look at a run that has"):
        words.need("token embedding", "attention")


def test_a_config_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().train.batch = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        RunConfig().model.width = 3  # type: ignore[misc]


def test_what_is_done_with_the_values_by_path_leaves_the_config_as_it_is() -> None:
    config = RunConfig.preset("reverse")
    before = config.flat()
    config.flat()["optimizer.lr"] = 7.0
    assert config.flat() == before
    assert (config.get("optimizer.lr"), config) == (config.optimizer.lr, RunConfig.from_json(config.to_json()))
    changed = config.replace({"optimizer.lr": 0.5})
    assert (changed.flat()["optimizer.lr"], changed.differences(config)) == (0.5, {"optimizer.lr": 0.5})
