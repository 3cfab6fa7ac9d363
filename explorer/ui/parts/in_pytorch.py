"""In PyTorch: the run's training as a script of PyTorch alone, in a dialog."""

from __future__ import annotations

import streamlit as st

from explorer.answers.records.task import TorchScript
from explorer.runs.run import Run
from explorer.ui import foreign, server

CODE_HEIGHT = 520  # pixels
ROUND = 50  # steps, after which a growing run gets another script


@st.dialog("The same in PyTorch", width="large")
def dialog(run: Run) -> None:
    """The script, to read, to copy and to save."""
    last = run.last // ROUND * ROUND or run.last
    try:
        script = server.answer(server.shared(TorchScript, "slow", path=str(run.path), last=last), "writing it")
    except ValueError as error:
        st.info(foreign.sentence(str(error)))
        return
    st.caption(
        f"{script.lines} lines without any of this explorer. They print the losses of this run, steps 0 to "
        f"{script.steps - 1}: the same initial weights, the same batches, the same arithmetic. Save it to run it."
    )
    st.download_button(
        "Save script, notebook and data",
        script.zipped.tobytes(),
        file_name=f"{run.id}-pytorch.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        key="save-pytorch",
    )
    st.code(script.text, language="python", height=CODE_HEIGHT)
