"""A script to take home: as a text, as a notebook, and with its data in one file."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import torch

from explorer.script.data import FILE


@dataclass(frozen=True)
class Script:
    """parts: the script's parts, top first.   tensors: what it reads from data.pt; None: nothing.   steps: it takes.

    about: what it is, in words, which stand at its top.
    """

    about: str
    parts: list[str]
    tensors: dict[str, Any] | None
    steps: int

    @property
    def text(self) -> str:
        """The whole script."""
        return "\n\n".join([f'"""{self.about}\n"""\n' + self.parts[0], *self.parts[1:]]) + "\n"

    @property
    def lines(self) -> int:
        """How many lines of code it has: without blank ones, comments and what stands at its top."""
        code = "\n".join(self.parts).splitlines()
        return sum(bool(line.strip()) and not line.startswith("#") for line in code)

    def notebook(self) -> str:
        """The same as a Jupyter notebook (nbformat 4.5): the words, then a cell for each part."""
        about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        cells = [cell("markdown", self.about, 0)]
        cells += [cell("code", part, n) for n, part in enumerate(self.parts, 1)]
        return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}, indent=1)

    def zipped(self, name: str) -> bytes:
        """The folder `name`: script, notebook, and data where there is any."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}/train.py", self.text)
            archive.writestr(f"{name}/train.ipynb", self.notebook())
            if self.tensors is not None:
                archive.writestr(f"{name}/{FILE}", saved(self.tensors))
        return buffer.getvalue()


def cell(kind: str, text: str, number: int) -> dict[str, Any]:
    """A cell of a notebook."""
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    source = text.splitlines(keepends=True)
    return {"cell_type": kind, "id": f"part-{number}", "metadata": {}, "source": source} | code


def saved(tensors: dict[str, Any]) -> bytes:
    """What `torch.load(…, weights_only=True)` reads: tensors, and lists of them, alone."""
    buffer = io.BytesIO()
    torch.save(tensors, buffer)
    return buffer.getvalue()
