"""Every answer of a run at a step, with the arguments that tests ask it with."""

from __future__ import annotations

from typing import Any

from live_changes import FROZEN, HEAD

NAME, ROW, COLUMN = "blocks.1.mlp.expand.weight", 3, 4
AT = {"name": NAME, "row": ROW, "column": COLUMN}
PLANE_CHOICE = ("random", 0, 1.0)
ASKED: dict[str, dict[str, Any]] = {  # every view of a Transformer's run at a step, with what it is asked
    "arithmetic.way": {"head": HEAD, "query": 5},
    "arithmetic.proved": {"head": FROZEN, "query": 5},
    "attention.patterns": {},
    "backward.walk": {},
    "backward.split": {},
    "diagnosis.findings": {},
    "embeddings.frame": {"what": "states", "layer": 2, "method": "pca"},
    "embeddings.big": {"layer": 2, "method": "pca"},
    "embeddings.axis": {"what": "states", "layer": 2, "start": 0, "end": 7},
    "gradients.flow": {},
    "gradients.heads": {},
    "heads.history": {},
    "instruments.measure": {},
    "instruments.history": {},
    "instruments.curvature": {},
    "interventions.ablations": {},
    "interventions.experiment": {"head": FROZEN, "query": 5, "temperature": 0.5},
    "lens.lens": {},
    "lens.attribution": {"position": 8},
    "numerics.softmax": {"scale": 1.0},
    "numerics.scaling": {"exponent": 12},
    "numerics.sweep": {},
    "numerics.dropout": {"rate": 0.1, "masks": 4},
    "optimizer_state.spread": {},
    "optimizer_state.effective": {},
    "positions.of_run": {},
    "reach.lengths": {},
    "recurrence.through_time": {},
    "recurrence.proved": {"at": 8},
    "writing.text.next_token": {},
    "writing.text.text": {"length": 5},
    "writing.text.why": {},
    "writing.errors.exposure": {"examples": 4},
    "reach.distances": {},
    "reach.shuffle": {},
    "samples.answers": {},
    "samples.response": {},
    "slices.line": {},
    "landscape.grid": {"plane_choice": PLANE_CHOICE},
    "weight.weight": AT,
    "weight.tensor": {"name": NAME, "what": "gradient"},
    "weight.proved": AT,
    "weight.history": AT,
}
OF_WORDS: dict[str, dict[str, Any]] = {  # and of word vectors
    "embeddings.frame": {"what": "input", "method": "pca"},
    "pair.pair": {"row": 4},
    "words.nearest": {"word": "the"},
    "words.samples": {},
    "words.analogy": {"a": "the", "b": "a", "c": "and"},
    "words.questions": {},
    "words.matrix": {},
    "optimizer_state.effective": {},
    "weight.weight": {"name": "context.weight", "row": 0, "column": 0},
    "weight.proved": {"name": "context.weight", "row": 0, "column": 0},
}
ELSEWHERE = {  # what depends on the run's past too, or needs a task that the runs here have not
    "autopsy.examine": "looks at the steps before",
    "embeddings.noise": "a layout of what embeddings.frame shows",
    "embeddings.trails": "the frames of earlier steps",
    "positions.rotation": "of rotary positions; test_answers_positions.py",
    "samples.generation": "of texts",
    "branch.branched": "makes a run and shows none",
    "recurrence.cells": "of recurrent networks; test_answers_recurrence.py",
    "recurrence.one_cell": "the same",
    "recurrence.find": "the same",
    "recurrence.since": "the same",
    "recurrence.by_delay": "of the task delay; test_answers_recurrence.py",
    "writing.decoding.beams": "of decoding; test_answers_decoding.py",
    "writing.decoding.tree": "the same",
    "writing.history.tree_history": "of the steps before too; test_writing_history.py",
    "writing.history.parse_history": "the same, of Python",
    "writing.speed.speed": "the clock's; test_answers_writing.py",
    "writing.text.write": "writing.text.text, of a run",
    "landscape.paths": "of several runs; test_answers_landscape.py",
}
