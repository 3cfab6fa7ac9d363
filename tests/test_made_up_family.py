"""A family of models that the house has only a record of: every answer is asked and every page drawn with it.

It has a token embedding and logits, and nothing else: what needs more says so in a sentence. So does a recurrent
network, which has states beside them.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bag_of_words import BAG, RECORD, Bag, BagConfig
from every_page import APP, PAGES, ROOT, draw
from here import Here
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from turns import in_turn

from explorer import RunConfig
from explorer import answers as package
from explorer.answers import numerics, samples, weight
from explorer.charts import gradients
from explorer.processes.looker import call
from explorer.runs import catalogue, footprint
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.training.divergence import Diverged
from explorer.ui import server
from models.families import FAMILIES

STEPS = 4


@pytest.fixture(scope="module", autouse=True)
def house(tmp_path_factory) -> Iterator[None]:
    """A host that knows what this process knows, and the family."""
    folder, here = tmp_path_factory.mktemp("runs"), Here()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        patch.setattr(server, "host", lambda: here)
        patch.setitem(FAMILIES, "bag", RECORD)
        patch.setitem(sys.modules, BAG.__name__, BAG)
        yield


def config() -> RunConfig:
    return TINY.replace({"model.kind": "bag", "optimizer.lr": 0.01})


@pytest.fixture(scope="module")
def run(house) -> Run:
    return recorded(catalogue.new_path("bag"), STEPS, config(), every=2)


@pytest.fixture(scope="module")
def recurrent(house) -> Run:
    """A run of an LSTM of two layers."""
    changes = {"model.kind": "lstm", "model.width": 6, "model.layers": 2}
    return recorded(catalogue.new_path("lstm"), STEPS, config().replace(changes), every=2)


@pytest.fixture(scope="module")
def translator(house) -> Run:
    """A run of a recurrent encoder-decoder with attention."""
    changes = {"model.kind": "gru-attention", "model.width": 6, "model.context": 32, "train.batch": 4}
    return recorded(catalogue.new_path("gru"), STEPS, RunConfig.preset("dates-fr").replace(changes), every=2)


@pytest.fixture(scope="module")
def of_words(house) -> Run:
    """A run of word vectors, which has neither logits nor attention."""
    text = " ".join(["the king loves the queen", "a man sees a woman and a child"] * 60)
    changes = {"task.text": text, "task.subsample": 1.0, "task.window": 2, "model.width": 6, "train.batch": 16}
    return recorded(catalogue.new_path("glove"), STEPS, RunConfig.preset("words-glove").replace(changes), every=2)


@pytest.fixture(scope="module")
def visits(run, recurrent, translator) -> dict[str, AppTest]:
    """A visit that looks at each run."""
    apps = {}
    for name, one in (("bag", run), ("lstm", recurrent), ("gru-attention", translator)):
        apps[name] = AppTest.from_file(APP, default_timeout=120)
        apps[name].query_params["run"] = one.path.stem
        apps[name].run()
    return apps


@pytest.mark.parametrize(("page", "section", "family"), in_turn(PAGES, ["bag", "lstm", "gru-attention"]))
def test_every_page_is_drawn(visits, family, page, section):
    host = server.host()
    host.failures.clear()
    host.refused.clear()
    draw(visits[family], page, section)
    assert host.failures == []
    assert host.refused == [], "a page asks for nothing that the model has no part for"


LACKING = {"attention": "attention", "gradients/Highways": "residual stream", "numerics/Dropout": "residual stream"}
SPOKEN = {"bag": "is a bag of words (bag)", "lstm": "is a recurrent network (lstm)"}


@pytest.mark.parametrize("where", LACKING)
@pytest.mark.parametrize("family", SPOKEN)
def test_a_page_says_which_part_is_missing(visits, family, where):
    page, _, section = where.partition("/")
    app = visits[family]
    draw(app, page, section)
    assert any(
        info.value == f"This run {SPOKEN[family]}: it has no {LACKING[where]} to look into. The Train page "
        "shows what it has learned."
        for info in app.info
    )


ARGUMENTS: dict[str, Any] = {
    "head": "blocks.0.attention.0",
    "query": 1,
    "attention": "blocks.0.attention",
    "before": 0,
    "name": "embedding.weight",
    "row": 0,
    "column": 0,
    "what": "input",
    "tokens": [0],
    "start": 0,
    "end": 1,
    "position": 0,
    "at": 8,
    "draft": "",
    "exponent": 4,
    "rate": 0.1,
    "masks": 2,
    "scale": 1.0,
    "plane_choice": ["random", 0, 1.0, [], []],
    "word": "king",
    "a": "king",
    "b": "queen",
    "c": "man",
    "question": "currency of Hungary ?",
    "answer": "Euro",
    "text": "currency of Hungary ?",
} | {"first": "king loves", "second": "queen sees", "one": "man a", "other": "woman the", "number": "42"}


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every answer about a run at a step, with arguments to ask for it."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = inspect.signature(function).parameters
            progress = parameters.get("progress")
            if function.__module__ != module.__name__ or name[0] == "_" or not {"path", "step"} <= set(parameters):
                continue
            if progress is None or progress.default is inspect.Parameter.empty or "new" in parameters:
                continue
            needed = [one for one, of in parameters.items() if of.default is of.empty and of.kind is not of.VAR_KEYWORD]
            arguments = {one: ARGUMENTS[one] for one in needed if one not in ("path", "step", "progress")}
            if any(of.kind is of.VAR_KEYWORD for of in parameters.values()):
                arguments["method"] = "tsne" if name == "noise" else "pca"  # PCA's layout has no noise
            if "what" in arguments and "embeddings" not in module.__name__:
                arguments["what"] = "value"
            yield f"{module.__name__}:{name}", arguments


ANSWERS = dict(answers())
SENTENCE = re.compile(r"[^\n]{10,240}")


@cache
def refusal(function: str, run: Run) -> str:
    """What an answer was refused with; empty if it was given."""
    arguments = ANSWERS[function] | {"path": str(run.path), "step": 2}
    if "name" in arguments:
        arguments["name"] = run.tensors[0]  # the embedding
    if "position" in arguments:
        arguments["position"] = 8  # where an answer is asked of `config`
    if "draft" in arguments:
        arguments |= {"draft": str(run.path), "at": 2}  # for itself
    try:
        call(function, arguments, lambda done, of: None)
    except (ValueError, Diverged) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("function", ANSWERS)
def test_every_answer_is_given_or_refused_in_a_sentence(run, recurrent, translator, of_words, function):
    for one in (run, recurrent, translator, of_words):
        refused = refusal(function, one)
        assert not refused or SENTENCE.fullmatch(refused), refused


REFUSED = {  # answers that look at what a bag of words has not, by module or by name
    "arithmetic", "attention", "backward", "gradients", "heads", "interventions", "lens", "numerics:dropout",
    "positions", "reach", "reading.digits", "reading.gaps", "reading.telling", "recurrence", "words", "pair",
    "translating.alignment",
    "samples:generation", "embeddings:big", "writing.history:parse_history", "writing.facts", "learning.clock",
    "writing.chat", "writing.secrets", "following",
}  # fmt: skip
WHY = re.compile(
    r"this run is a (bag of words \(bag\)|recurrent network \(lstm\)) and has no "
    "(attention|attention heads|cross-attention|residual stream|positions|states|recurrent state|cache of what was read"
    "); look at a run that "
    "has"
    "|this run is not asked after a delay; .*|this run learns no word vectors; .*|this task does not write; .*"
    "|this run learned no facts; .*|the tokens of this run are no numbers of a clock; .*"
    "|this run learned no dialogue; .*|this run has learned to answer nobody; .*|a secret is looked for letter by .*"
    "|this run does not write Python; .*|this task has no text to hide tokens of; .*|this task tells no texts apart; .*"
    "|this model has no 'states' to map; .*"
    "|this model sees what comes after a token, .*"
    "|“.*” tells no tokens of the probe from others; .*"
)


@pytest.mark.parametrize("family", SPOKEN)
def test_no_more_is_refused_than_what_looks_at_a_part_that_it_has_not(run, recurrent, family):
    one = {"bag": run, "lstm": recurrent}[family]
    refused = {
        function.removeprefix("explorer.answers."): why for function in ANSWERS if (why := refusal(function, one))
    }
    assert {name: why for name, why in refused.items() if not WHY.fullmatch(why)} == {}
    here = REFUSED | ({"writing.speculative", "translating.states"} if family == "bag" else set())  # keeps nothing
    assert {name if name in REFUSED else name.partition(":")[0] for name in refused} == here


def test_its_numbers_are_its_own(run):
    training = restore(run, 2)
    assert isinstance(training.model, Bag)
    probe = training.task.probe(5)
    with torch.no_grad():
        p = training.model(probe.tokens).softmax(-1)
    rows = samples.answers(str(run.path), 2).rows
    right = p.gather(-1, probe.targets.clamp(min=0)[..., None])[..., 0]
    np.testing.assert_allclose(rows[0].p, right[0][probe.targets[0] >= 0].numpy(), atol=1e-4)
    softmax = numerics.softmax(1.0, str(run.path), 2)
    np.testing.assert_allclose(softmax.probabilities[0].sum(), 1, atol=1e-6)
    proved = weight.proved(str(run.path), 2, "embedding.weight", 1, 1)
    assert proved.taken == 2
    assert gradients.place("blocks.0.mixing.weight") == ("layer 1", "mixing")


def test_its_settings_are_read_written_and_refused_like_any_others():
    made = config()
    assert made.model == BagConfig(context=16)
    assert RunConfig.from_json(made.to_json()) == made
    assert RunConfig.from_query(made.to_query()) == made
    with pytest.raises(ValueError, match=r"there is no setting model.heads"):
        made.replace({"model.heads": 2})
    with pytest.raises(ValueError, match=r"model.width=wide is refused: .*; try 8"):
        made.replace({"model.width": "wide"})
    with pytest.raises(ValueError, match=r"model.kind=bog is not a kind of model; use decoder, .*, bag"):
        made.replace({"model.kind": "bog"})
    long = made.replace({"task.length": 12})
    with pytest.raises(ValueError, match=r"model.context=16 is shorter than this task's sequences of 24 tokens"):
        footprint.admit(long, Path())


def test_the_form_asks_for_what_the_family_has(run):
    def page() -> None:
        from explorer.config.run import RunConfig
        from explorer.ui import restarting

        restarting.form(RunConfig().replace({"model.kind": "bag"}))

    form = AppTest.from_function(page).run(timeout=240)
    assert not form.exception
    assert form.selectbox(key="restart:model.kind").options == ["bag"]
    model = {number.key for number in form.number_input if "model." in number.key}
    assert model == {"restart:model.width", "restart:model.context"}
    form.selectbox(key="restart:task.name").set_value("sort").run()
    assert form.selectbox(key="restart:sort:model.kind").options == ["bag"], "a task that it can learn"
    form.selectbox(key="restart:task.name").set_value("words").run()
    assert "bag" not in form.selectbox(key="restart:words:model.kind").options, "one that it has not the parts for"


def test_no_code_elsewhere_asks_which_kind_or_which_task_it_is():
    guilty = []
    for path in [*(ROOT / "explorer").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            asks = any(re.search(r"\b(model\.kind|task\.name|fields\.name)$", ast.unparse(side)) for side in sides)
            parts = [part for side in sides for part in getattr(side, "elts", [side])]
            constants = any(isinstance(part, ast.Constant) for part in parts)
            tests = isinstance(node, ast.Call) and re.match(r"isinstance\(.*, \w*Config\)$", ast.unparse(node))
            if tests or (asks and constants):
                guilty.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    assert guilty == []
