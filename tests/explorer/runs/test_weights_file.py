"""Files of weights: what export writes is opened again as it was, and anything else is refused in a sentence."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tiny_runs import TINY, recorded

from explorer.answers.task import judge
from explorer.runs.replay import restore
from explorer.runs.weights_file import packed, unpacked

STEP = 21
NAME = "blocks.1.mlp.expand.weight"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = recorded(tmp_path_factory.mktemp("weights") / "tiny.run", STEP)
    yield run
    run.close()


def header_of(data: bytes) -> dict:
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def with_header(data: bytes, header: dict) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + int.from_bytes(data[:8], "little") :]


def changed(data: bytes, **metadata: str) -> bytes:
    header = header_of(data)
    header["__metadata__"] |= metadata
    return with_header(data, header)


def again(run, change) -> bytes:
    """The run's file with its tensors changed."""
    data = packed(run, STEP)
    return safetensors.torch.save(change(safetensors.torch.load(data)), header_of(data)["__metadata__"])


def test_what_is_exported_opens_as_it_was(run, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(packed(run, STEP))
    opened = unpacked(path.read_bytes(), path.name, tmp_path)
    weights = restore(run, STEP).weights()
    assert all(torch.equal(weight, weights[name]) for name, weight in opened.training.weights().items())
    assert (opened.run, opened.step) == (run.id, str(STEP))
    answer = judge(str(path), path.name)
    training = restore(run, STEP)
    training.model.eval()
    batch = training.task.probe(64)
    with torch.no_grad():
        logits = training.model(batch.tokens, batch.source)
    assert answer.loss == training.task.objective.mean(logits, batch.targets).item()
    assert answer.parameters == sum(weight.numel() for weight in weights.values())


def test_the_same_numbers_in_another_order_fit_as_well_and_are_found_out_by_examples(run, tmp_path: Path) -> None:
    true, mixed = (safetensors.torch.load(packed(run, STEP, mixed)) for mixed in (False, True))
    for name, weight in true.items():
        assert torch.equal(weight.flatten().sort().values, mixed[name].flatten().sort().values)
    assert not torch.equal(true[NAME], mixed[NAME])
    assert unpacked(packed(run, STEP, True), "b", tmp_path).step == str(STEP)


def torch_saved(path: Path) -> bytes:
    torch.save({"a": torch.zeros(2)}, path)
    assert zipfile.is_zipfile(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda run, folder: torch_saved(folder / "a.pt"), "evil is a pickle"),
        (lambda run, folder: b"\x80\x04\x95\n}\x94\x8c\x01a\x94K\x01s.", "evil is a pickle"),
        (lambda run, folder: b"", "has no readable header"),
        (lambda run, folder: b"\x89PNG\r\n\x1a\n" + b"0" * 99, "has no readable header"),
        (lambda run, folder: (2**63 - 1).to_bytes(8, "little") + b"{}", "has no readable header"),
        (lambda run, folder: (20000).to_bytes(8, "little") + b"[" * 20000, "has no readable header"),
        (
            lambda run, folder: with_header(packed(run, STEP), header_of(packed(run, STEP)) | {"__metadata__": {}}),
            "not say of which",
        ),
        (lambda run, folder: changed(packed(run, STEP), config="{}x"), "cannot be built here: this is not JSON"),
        (lambda run, folder: changed(packed(run, STEP), config='{"model": {"width": -1}}'), "cannot be built here"),
        (
            lambda run, folder: changed(packed(run, STEP), config=TINY.replace({"model.width": 32}).to_json()),
            r"does not fit the model that it names: \S+ is ",
        ),
        (
            lambda run, folder: again(run, lambda tensors: {k: v for k, v in tensors.items() if k != NAME}),
            f"{NAME} is missing",
        ),
        (
            lambda run, folder: again(run, lambda tensors: tensors | {"more": torch.zeros(1)}),
            "more is none of its tens",
        ),
        (
            lambda run, folder: again(run, lambda tensors: tensors | {NAME: tensors[NAME].half()}),
            f"{NAME} is 64 × 16 of F16 and",
        ),
        (lambda run, folder: packed(run, STEP)[:-4], "is damaged"),
        (
            lambda run, folder: again(run, lambda tensors: tensors | {NAME: torch.full_like(tensors[NAME], torch.nan)}),
            f"numbers that are not finite, first in {NAME}",
        ),
    ],
)
def test_any_other_file_is_refused_by_what_is_wrong_with_it(run, tmp_path: Path, make, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        unpacked(make(run, tmp_path), "evil", tmp_path)
