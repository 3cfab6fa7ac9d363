"""Places in a model in plain words: what a tap holds, what an operation computes. Layers count from 1."""

from __future__ import annotations

import re

PARTS = {  # of a block, by the module that computes it
    "project": "queries, keys and values",
    "output": "the attention’s output",
    "attention_norm": "the attention’s LayerNorm",
    "cross_norm": "the cross-attention’s LayerNorm",
    "mlp_norm": "the MLP’s LayerNorm",
    "expand": "the MLP’s first layer",
    "mlp": "the MLP’s activation",
    "contract": "the MLP’s second layer",
    "final_norm": "the final LayerNorm",
    "embedding": "the token embedding",
    "positions": "the positions",
    "unembedding": "the logits",
    "dropout": "dropout",
}
AFTER = {  # what an attention computes once it has passed a tap
    "values": "the scores",
    "scores": "the softmax of the scores",
    "pattern": "the weighted values",
}
TAPS = {
    "queries": "the queries",
    "keys": "the keys",
    "values": "the values",
    "scores": "the scores",
    "pattern": "the attention pattern",
    "head_out": "the heads’ outputs",
    "residual_in": "the stream",
    "residual_mid": "the stream after attention",
    "residual_cross": "the stream after cross-attention",
    "residual_out": "the stream after the MLP",
    "pre": "the MLP before its activation",
    "post": "the MLP after its activation",
    "token_embedding": "the token embedding",
    "logits": "the logits",
}


def layer(path: str) -> str:
    """Where a module is: " of layer 2", " of the encoder’s layer 1", or nothing outside blocks."""
    met = re.match(r"(?:(encoder|decoder)\.)?blocks\.(\d+)", path)
    if met is None:
        return f" of the {path.split('.')[0]}" if path.startswith(("encoder.", "decoder.")) else ""
    return f" of the {met[1]}’s layer {int(met[2]) + 1}" if met[1] else f" of layer {int(met[2]) + 1}"


def tap_words(name: str) -> str:
    """A tap in words: `blocks.1.attention.scores` is "the scores of layer 2"."""
    *_, module, last = ["", *name.split(".")]
    words = PARTS.get(module, TAPS.get(last, last)) if last == "out" else TAPS.get(last, last)
    if last == "out" and module in ("attention", "cross", "mlp"):
        words = "the MLP’s output" if module == "mlp" else "the attention’s output"
    cross = "cross-attention: " if ".cross." in name else ""
    return f"{cross}{words}{layer(name)}"


def operation_words(place: str, tap: str, operation: str) -> str:
    """What is being computed inside the module `place` after the tap `tap` was passed."""
    last = place.rpartition(".")[2]
    cross = "cross-attention: " if ".cross" in place else ""
    if place == "loss":
        return "the log-softmax of the logits" if operation == "_log_softmax" else "the cross-entropy"
    if last in ("attention", "cross"):
        return f"{cross}{AFTER.get(tap.rpartition('.')[2], 'the attention')}{layer(place)}"
    if last.isdecimal():
        return f"a sum in the residual stream{layer(place)}"
    if last in ("", "encoder", "decoder"):
        return "the sum of token and position" if operation == "add" else f"{operation} outside the blocks"
    return f"{cross}{PARTS.get(last, last)}{layer(place)}"
