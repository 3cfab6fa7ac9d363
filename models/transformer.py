"""The Transformer: blocks, and three models made of them.

B batch, T position, S source position, H heads, C width, V vocabulary.

    tokens (B, T) -> embedding + positions -> blocks -> final norm -> unembedding -> logits (B, T, V)

A decoder looks back only, an encoder looks both ways, an encoder-decoder joins one of each by
cross-attention. All three are the same `Stack` of the same `Block`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention import Attention
from models.cache import Cache
from models.config import ModelConfig
from models.layers import INIT_STD, Dropout, Embedding, Linear, Norm, Unnormed
from models.positions import POSITIONS, Positions
from models.tap import Tap

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,  # exact, x Φ(x) (Hendrycks & Gimpel 2016)
    "relu": F.relu,
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
RESIDUALS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # the stream and what a sublayer adds -> the stream
    "add": operator.add,
    "none": lambda x, output: output,
}
INITS = {"gpt2": 1.0, "large": 10.0}  # times GPT-2's, every matrix


class MLP(nn.Module):
    """Each position by itself: C -> 4C -> C."""

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__()
        self.expand = Linear(config.width, 4 * config.width, generator)
        self.contract = Linear(4 * config.width, config.width, generator, INIT_STD / (2 * config.layers) ** 0.5)
        self.adopt(config)
        self.pre, self.post, self.out = Tap(), Tap(), Tap()  # (B, T, 4C), (B, T, 4C), (B, T, C)

    def adopt(self, config: ModelConfig) -> None:
        """Takes over the settings that need no other weights."""
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.post(self.activation(self.pre(self.expand(x))))
        return self.out(self.contract(hidden))


class Block(nn.Module):
    """Attention, then (in a decoder with an encoder) cross-attention, then the MLP, each added to x."""

    def __init__(self, config: ModelConfig, generator: torch.Generator, cross: bool):
        super().__init__()
        self.pre_norm = config.norm == "pre"
        self.adopt(config)
        norm = Unnormed if config.norm == "none" else Norm
        self.attention_norm, self.attention = norm(config.width), Attention(config, generator)
        self.cross_norm = norm(config.width) if cross else None
        self.cross = Attention(config, generator) if cross else None
        self.mlp_norm, self.mlp = norm(config.width), MLP(config, generator)
        self.dropout = Dropout(config.dropout)
        self.residual_in, self.residual_mid, self.residual_out = Tap(), Tap(), Tap()  # (B, T, C)
        self.residual_cross = Tap() if cross else None

    def adopt(self, config: ModelConfig) -> None:
        """Takes over the settings that need no other weights."""
        self.join = RESIDUALS[config.residual]

    def forward(
        self,
        x: Tensor,
        mask: Tensor,
        positions: Positions,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        x = self.residual_in(x)
        x = self.add(x, self.attention_norm, lambda y: self.attention(y, mask, positions, cache=cache))
        x = self.residual_mid(x)
        if self.cross is not None:
            assert self.cross_norm is not None
            assert self.residual_cross is not None
            cross = self.cross
            x = self.add(x, self.cross_norm, lambda y: cross(y, memory_mask, memory=memory, cache=cache))
            x = self.residual_cross(x)
        x = self.add(x, self.mlp_norm, self.mlp)
        return self.residual_out(x)

    def add(self, x: Tensor, norm: nn.Module, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """Pre-norm: x + f(norm(x)) (Xiong et al. 2020). Post-norm: norm(x + f(x)), as in the 2017 paper.

        Without residual connections f's output stands alone, without norms `norm` does nothing.
        """
        if self.pre_norm:
            return self.join(x, self.dropout(sublayer(norm(x))))
        return norm(self.join(x, self.dropout(sublayer(x))))


class Stack(nn.Module):
    """Embedding, positions, blocks, final norm: tokens (B, T) -> residual stream (B, T, C)."""

    visible: Tensor
    onward: bool  # no position sees what comes after it

    def __init__(
        self,
        config: ModelConfig,
        vocabulary: int,
        generator: torch.Generator,
        causal: bool,
        cross: bool = False,
    ):
        super().__init__()
        self.embedding = Embedding(vocabulary, config.width, generator)
        self.positions = POSITIONS[config.positions](config, generator)
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config, generator, cross) for _ in range(config.layers))
        # pre-norm leaves the stream unnormalised; post-norm has just normalised it; and none is none
        self.final_norm = Norm(config.width) if config.norm == "pre" else None
        self.token_embedding = Tap()  # (B, T, C), before positions are added
        self.causal = causal
        self.register_buffer("visible", torch.empty(config.context, config.context), persistent=False)
        self.adopt(config)

    def adopt(self, config: ModelConfig) -> None:
        """Takes over the settings that need no other weights."""
        self.visible.zero_()  # 0 where query may see key, else −inf
        self.onward = self.causal and config.mask == "causal"
        if self.onward:
            self.visible.masked_fill_(torch.ones_like(self.visible).triu(1).bool(), float("-inf"))

    def run(
        self,
        tokens: Tensor,
        key_mask: Tensor | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        """key_mask and memory_mask (B, 1, 1, K) hide padding.   cache: of the tokens before these; these are added."""
        start = 0 if cache is None else cache.length
        T = start + tokens.shape[1]
        assert len(self.visible) >= T, "the task's sequences were checked against model.context"
        x = self.token_embedding(self.embedding(tokens))
        position = self.positions.embed(T)
        if position is not None:
            x = x + position[start:]
        mask = self.visible[start:T, :T]
        bias = self.positions.bias(T)
        mask = mask if bias is None else mask + bias[:, start:]
        mask = mask if key_mask is None else mask + key_mask
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, mask, self.positions, memory, memory_mask, cache)
        if cache is not None:
            cache.length = T
        return x if self.final_norm is None else self.final_norm(x)


def hide_padding(tokens: Tensor, pad: int | None, like: Tensor) -> Tensor:
    """The mask (B, 1, 1, T) that hides the token `pad`: −inf there, else 0."""
    hidden = tokens == pad if pad is not None else torch.zeros_like(tokens, dtype=torch.bool)
    return like.new_zeros(hidden.shape).masked_fill(hidden, float("-inf"))[:, None, None, :]


class LanguageModel(Stack):
    """Decoder-only or encoder-only: tokens (B, T) -> logits (B, T, V)."""

    def __init__(self, config: ModelConfig, vocabulary: int, generator: torch.Generator, pad: int | None):
        super().__init__(config, vocabulary, generator, causal=config.kind == "decoder")
        self.pad = pad
        self.unembedding = Linear(config.width, vocabulary, generator)
        self.logits = Tap()

    def forward(self, tokens: Tensor, source: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        return self.logits(self.unembedding(self.run(tokens, self.padding(tokens), cache=cache)))

    def padding(self, tokens: Tensor) -> Tensor | None:
        """The mask (B, 1, 1, T) that hides padding from an encoder; what decodes never sees it, as it comes last."""
        if self.causal or self.pad is None:
            return None
        return hide_padding(tokens, self.pad, self.unembedding.weight)


class EncoderDecoder(nn.Module):
    """tokens (B, T) and source (B, S) -> logits (B, T, V): Vaswani et al. 2017, figure 1."""

    def __init__(self, config: ModelConfig, vocabulary: int, generator: torch.Generator, pad: int | None):
        super().__init__()
        self.pad = pad
        self.encoder = Stack(config, vocabulary, generator, causal=False)
        self.decoder = Stack(config, vocabulary, generator, causal=True, cross=True)
        self.unembedding = Linear(config.width, vocabulary, generator)
        self.logits = Tap()

    @property
    def onward(self) -> bool:
        """Whether no position of the answer sees what comes after it."""
        return self.decoder.onward

    def forward(self, tokens: Tensor, source: Tensor, cache: Cache | None = None) -> Tensor:
        memory, hide_padding = self.read(source) if cache is None else cache.once(self, lambda: self.read(source))
        x = self.decoder.run(tokens, memory=memory, memory_mask=hide_padding, cache=cache)
        return self.logits(self.unembedding(x))

    def read(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """What the encoder makes of a source, (B, S, C), and the mask that hides its padding, (B, 1, 1, S)."""
        hide = hide_padding(source, self.pad, self.unembedding.weight)
        return self.encoder.run(source, key_mask=hide), hide


def build(config: ModelConfig, vocabulary: int, generator: torch.Generator, pad: int | None = None) -> nn.Module:
    """The model a config describes, initialised from `generator` alone.

    vocabulary: number of tokens V.   pad: the token that fills short sources, hidden from attention.
    The model is called as `model(tokens, source)`, source None unless it has an encoder and a decoder. If `onward`
    holds, `model(new tokens, source, cache)` gives the logits (B, T, V) of the new ones alone.
    """
    kind = EncoderDecoder if config.kind == "encoder-decoder" else LanguageModel
    model = kind(config, vocabulary, generator, pad)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(INITS[config.init])
    return model


def attentions(model: nn.Module) -> dict[str, Attention]:
    """Every attention by its path, in the order of the forward pass, such as `blocks.0.attention`."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Attention)}
