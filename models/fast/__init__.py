"""Training passes once more, with the backward pass written out: the same mathematics as the models', less time.

B batch, T position, V vocabulary.

    tokens, source -> outputs, and a function from ∂loss/∂outputs to the gradient of every parameter

`transformer.py` and `word_vectors.py` are the models, and this follows them line by line. There is neither autograd nor
a module's call. What it gives on a CPU: products by oneDNN, which uses AVX-512 wherever it is (MKL does so on Intel's
processors only), few copies and few calls.
It trains when nobody looks inside; `refusal` says when it cannot. Its gradients equal autograd's up to rounding, so a
run records which of the two it was trained by.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules import module as torch_module

from models import positions
from models.attention import Attention, attention_scores, weighted_values
from models.fast import stacks, vectors
from models.fast.parts import DERIVATIVES, Gradients, gradient_of_weight, product
from models.layers import Dropout, Embedding, Linear, Norm, Unnormed
from models.tap import Tap
from models.transformer import MLP, Block, EncoderDecoder, LanguageModel, Stack
from models.word_vectors import Cbow, Glove, SkipGram, Table

__all__ = ["forward", "gradient_of_weight", "product", "refusal"]

MODELS = {LanguageModel, EncoderDecoder, SkipGram, Cbow, Glove}
ENCODINGS = {positions.Positions, positions.Learned, positions.Sinusoidal, positions.Rotary, positions.Alibi}
LAYERS = {Stack, nn.ModuleList, Block, Attention, MLP, Linear, Norm, Unnormed, Embedding, Table, Dropout, Tap}
PARTS = MODELS | ENCODINGS | LAYERS


def refusal(model: nn.Module) -> str:
    """Why `forward` cannot stand for this model in its present state, in words; empty if it can."""
    if type(model) not in MODELS:
        return "this family of models has only one"
    if next(model.parameters()).device.type != "cpu":
        return "it is one of processors, and the model is on another device"
    if torch_module._has_any_global_hook():
        return "somebody looks inside: there are hooks on all modules"
    for module in model.modules():
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks:
            return "somebody looks inside: there are hooks on the model"
        if any(parameter is not None and parameter._backward_hooks for parameter in module._parameters.values()):
            return "somebody looks inside: there are hooks on a weight"
        if isinstance(module, Dropout) and module.rate > 0:
            return "it has no dropout"
        if isinstance(module, Linear) and module.multiply is not F.linear:
            return "it multiplies in float32 only"
        if isinstance(module, Attention):
            if module.head_gain is not None:
                return "it switches no heads off"
            if module.score is not attention_scores or module.weigh is not weighted_values:
                return "it multiplies in float32 only"
        if type(module) not in PARTS or "forward" in vars(module):
            return f"it does not know how this {type(module).__name__} computes"
        if isinstance(module, MLP) and module.activation not in DERIVATIVES:
            return "it does not know this activation"
    return ""


@torch.no_grad()
def forward(model: nn.Module, tokens: Tensor, source: Tensor | None) -> tuple[Tensor, Callable[[Tensor], Gradients]]:
    """What the model gives, and from ∂loss/∂outputs the gradient of every parameter."""
    gradients: Gradients = {}
    if isinstance(model, SkipGram | Glove):
        assert source is not None
        outputs, backward = vectors.forward(model, tokens, source, gradients)
    else:
        assert isinstance(model, LanguageModel | EncoderDecoder)
        outputs, backward = stacks.forward(model, tokens, source, gradients)

    @torch.no_grad()
    def back(g: Tensor) -> Gradients:
        backward(g)
        return gradients

    return outputs, back
