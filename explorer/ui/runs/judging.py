"""Judging: weights from elsewhere, a safetensors file that is checked, opened and asked the examples of its task."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from explorer.answers.records.task import Judgement, WeightsFile
from explorer.i18n.translation import translated
from explorer.measure.names import fixed, percent
from explorer.processes.client import FOLDER
from explorer.runs import file, leftovers
from explorer.runs.run import Run
from explorer.ui import chosen, foreign, picture, refusals, server, visit
from explorer.ui.locale.language import current
from explorer.ui.pressing import pressed
from explorer.ui.store import TEMPORARY

KINDS = ["safetensors", "pt", "pth", "bin", "pkl"]  # all but the first are refused, and why is worth reading
NAME = "model.safetensors"
UPLOAD_MB = 50
ALMOST = 0.05  # nats below guessing, under which a model knows nothing worth the name


@dataclass
class Verdict:
    """The file whose numbers are shown, and what was found."""

    file: str = ""
    answer: Judgement | None = None


def show() -> None:
    """A file to judge, and the weights of the run that was looked at last, to try it with."""
    with st.expander("Weights from elsewhere: open a file and judge it", icon=":material/fact_check:"):
        st.caption(
            "A safetensors file holds names, shapes and numbers, and no program. Here it is checked before a number is "
            "read, and then its model is asked the examples of its task."
        )
        if (run := chosen.run()) is not None:
            hand_out(run)
        upload = st.file_uploader("Open weights", type=KINDS, key="upload-weights", max_upload_size=UPLOAD_MB)
        if upload is None:
            return
        mine = visit.kept(Verdict)
        with refusals.at("judge"):
            if pressed(st.button, "Judge it", "judge", type="primary"):
                mine.file, mine.answer = upload.file_id, None
                mine.answer = judgement_of(upload.name, upload.getvalue())
        if mine.answer is not None and mine.file == upload.file_id:
            picture.figures(numbers(mine.answer))
            st.markdown(sentence(mine.answer))


def hand_out(run: Run) -> None:
    """Two files of the run that was looked at last: as it is, and with its numbers in random order."""
    step = run.newest_snapshot()
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, mixed in (("Save its weights", False), ("Save them shuffled", True)):
            st.download_button(
                label,
                partial(packed, run, step, mixed),
                file_name=f"{run.id}-{step}{'-shuffled' * mixed}.safetensors",
                key=f"weights-{mixed}",
                on_click="ignore",
                icon=":material/download:",
            )
        name = chosen.differences(run)
        name = name if run.meta("title") else translated(name, current())
        st.caption(f"Of {foreign.text(name)} at step {step:,}.")


def packed(run: Run, step: int, mixed: bool) -> bytes:
    """The file's bytes."""
    request = server.host().request(WeightsFile, lane="slow", path=str(run.path), step=step, mixed=mixed)
    return server.answer(request).data.tobytes()


def judgement_of(name: str, data: bytes) -> Judgement:
    """What the host's looker finds. ValueError says why the file is not opened."""
    place = Path(tempfile.gettempdir())
    with file.writing("a copy of the file", TEMPORARY), leftovers.working(place, FOLDER) as folder:
        path = folder / NAME
        path.write_bytes(data)
        request = server.host().request(Judgement, lane="slow", visit=server.visitor(), path=str(path), name=name)
        return server.answer(request, "the file is checked and its model asked…")


def numbers(answer: Judgement) -> dict[str, str]:
    """The judgement in numbers."""
    return {
        f"Loss, {answer.unit}": fixed(answer.loss, 3),
        "Loss of guessing": fixed(answer.guessing, 3),
        "Right": percent(answer.right),
        "Right by guessing": percent(answer.chance),
        "Parameters": f"{answer.parameters:,}",
    }


def sentence(answer: Judgement) -> str:
    """What it is, where it says it is from, and whether it knows anything."""
    changes = [f"{path}={value}" for path, value in answer.changes.items()]
    of = foreign.text(" · ".join([answer.preset, *changes[:4]]))
    whence = (
        f"It says that it is step {foreign.text(answer.step)} of {foreign.text(answer.run)}, which nothing proves. "
    )
    knows = answer.loss < answer.guessing - ALMOST
    verdict = (
        f"On {answer.examples} examples it does better than guessing."
        if knows
        else f"Its form is right, and it knows nothing: on {answer.examples} examples it does no better than guessing."
    )
    return f"The file fits its model, {of}. {whence if answer.run and answer.step else ''}{verdict}"
