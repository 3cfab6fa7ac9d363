"""Peers: the same models from torch.nn, as one would write them plainly, each in a usual loop; and nanoGPT itself.

B batch, T position, S source position, C width, H heads, V vocabulary, J words that a pair is scored with.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LR, DECAY, CLIP = 3e-3, 0.01, 1.0


def loop_of(model: nn.Module, draw: Callable[[], tuple[Tensor, ...]], optimizer=None) -> Callable[[], object]:
    """A batch, the loss that the model gives for it, clipping, a step; as in nanoGPT's train.py."""
    optimizer = optimizer or torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=DECAY)

    def step() -> None:
        loss = model(*draw())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def windows(V: int, B: int, T: int) -> Callable[[], tuple[Tensor, ...]]:
    """Random windows of a text and the same one token later."""
    data = torch.randint(V, (100_000,), generator=torch.Generator().manual_seed(0))

    def draw() -> tuple[Tensor, ...]:
        starts = torch.randint(len(data) - T, (B,))
        x = torch.stack([data[i : i + T] for i in starts])
        y = torch.stack([data[i + 1 : i + 1 + T] for i in starts])
        return x, y

    return draw


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Decoder(nn.Module):
    """Blocks with F.scaled_dot_product_attention."""

    def __init__(self, V: int, C: int, H: int, layers: int, T: int) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(V, C), nn.Embedding(T, C)
        self.rest = nn.Sequential(*(DecoderBlock(C, H) for _ in range(layers)), nn.LayerNorm(C), nn.Linear(C, V))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(self.rest(self.token(x) + self.position(torch.arange(x.shape[1]))), y)


class DecoderBlock(nn.Module):
    def __init__(self, C: int, H: int) -> None:
        super().__init__()
        self.heads = H
        self.norms = nn.ModuleList(nn.LayerNorm(C) for _ in range(2))
        self.project, self.output = nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(self.norms[0](x)).chunk(3, 2)
        q, k, v = (a.unflatten(2, (self.heads, -1)).transpose(1, 2) for a in (q, k, v))
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(heads.transpose(1, 2).flatten(2))
        return x + self.mlp(self.norms[1](x))


def nanogpt(path: str, V: int, C: int, H: int, layers: int, T: int, B: int) -> Callable[[], object]:
    """karpathy/nanoGPT's own model and optimizer settings, from a checkout."""
    spec = importlib.util.spec_from_file_location("nanogpt_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    shape = {"block_size": T, "vocab_size": V, "n_layer": layers, "n_head": H, "n_embd": C, "dropout": 0.0}
    model = module.GPT(module.GPTConfig(**shape, bias=True))
    optimizer = model.configure_optimizers(DECAY, LR, (0.9, 0.999), "cpu")
    whole = nn.Module()
    whole.gpt, whole.forward = model, lambda x, y: model(x, y)[1]
    return loop_of(whole, windows(V, B, T), optimizer)


class Encoder(nn.Module):
    """nn.TransformerEncoder, with a token wherever one is asked for."""

    def __init__(self, V: int, C: int, H: int, layers: int, T: int) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(V, C), nn.Embedding(T, C)
        self.encoder = nn.TransformerEncoder(layer(nn.TransformerEncoderLayer, C, H), layers, nn.LayerNorm(C), False)
        self.unembedding = nn.Linear(C, V)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        x = self.token(x) + self.position(torch.arange(x.shape[1]))
        return cross_entropy(self.unembedding(self.encoder(x)), y)


class EncoderDecoder(nn.Module):
    """nn.TransformerEncoder and nn.TransformerDecoder; token 0 of a source is padding."""

    def __init__(self, V: int, C: int, H: int, layers: int, T: int) -> None:
        super().__init__()
        self.tokens = nn.ModuleList(nn.Embedding(V, C) for _ in range(2))
        self.positions = nn.ModuleList(nn.Embedding(T, C) for _ in range(2))
        self.encoder = nn.TransformerEncoder(layer(nn.TransformerEncoderLayer, C, H), layers, nn.LayerNorm(C), False)
        self.decoder = nn.TransformerDecoder(layer(nn.TransformerDecoderLayer, C, H), layers, nn.LayerNorm(C))
        self.unembedding = nn.Linear(C, V)
        self.register_buffer("hidden", nn.Transformer.generate_square_subsequent_mask(T))

    def forward(self, x: Tensor, y: Tensor, source: Tensor) -> Tensor:
        read, written = (
            token(z) + position(torch.arange(z.shape[1]))
            for token, position, z in zip(self.tokens, self.positions, (source, x), strict=True)
        )
        padding = torch.zeros(source.shape).masked_fill(source == 0, float("-inf"))
        memory = self.encoder(read, src_key_padding_mask=padding)
        mask = self.hidden[: x.shape[1], : x.shape[1]]
        written = self.decoder(written, memory, tgt_mask=mask, memory_key_padding_mask=padding)
        return cross_entropy(self.unembedding(written), y)


def layer(kind: Callable[..., nn.Module], C: int, H: int) -> nn.Module:
    return kind(C, H, 4 * C, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)


class SkipGram(nn.Module):
    """Two nn.Embeddings; the true word is the first of each row."""

    def __init__(self, V: int, C: int) -> None:
        super().__init__()
        self.word, self.context = nn.Embedding(V, C), nn.Embedding(V, C)

    def vector(self, read: Tensor) -> Tensor:
        return self.word(read)

    def forward(self, read: Tensor, words: Tensor) -> Tensor:
        scores = torch.bmm(self.context(words), self.vector(read).mT)[..., 0]
        targets = torch.zeros_like(scores)
        targets[:, 0] = 1
        return F.binary_cross_entropy_with_logits(scores, targets)


class Cbow(SkipGram):
    """The mean of the words around."""

    def vector(self, read: Tensor) -> Tensor:
        return self.word(read).mean(1, keepdim=True)


class Glove(nn.Module):
    """Two nn.Embeddings and two biases; f(x) (u · v + b + c − log x)²."""

    def __init__(self, V: int, C: int) -> None:
        super().__init__()
        self.word, self.context = nn.Embedding(V, C), nn.Embedding(V, C)
        self.biases = nn.ModuleList(nn.Embedding(V, 1) for _ in range(2))

    def forward(self, first: Tensor, second: Tensor, x: Tensor) -> Tensor:
        scores = (self.word(first) * self.context(second)).sum(-1) + self.biases[0](first)[:, 0]
        scores = scores + self.biases[1](second)[:, 0]
        return ((x / 10).clamp_max(1) ** 0.75 * (scores - x.log()) ** 2).mean()


def pairs(V: int, B: int, read: int, J: int) -> Callable[[], tuple[Tensor, ...]]:
    """Words of a text, `read` of them around each place, and the true word with noise by a unigram table."""
    text = torch.randint(V, (100_000,), generator=torch.Generator().manual_seed(0))
    table = torch.randint(V, (1_000_000,), generator=torch.Generator().manual_seed(1))  # as word2vec.c has it
    around = torch.arange(read) - read // 2

    def draw() -> tuple[Tensor, ...]:
        places = torch.randint(read, len(text) - read, (B,))
        noise = table[torch.randint(len(table), (B, J - 1))]
        true = text[places + torch.randint(1, 6, (B,)).clamp_max(read)]
        return text[places[:, None] + around], torch.cat([true[:, None], noise], 1)

    return draw


def counted(V: int, B: int) -> Callable[[], tuple[Tensor, ...]]:
    """Pairs of words with how often they were seen."""
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randint(V, (500_000,), generator=generator) for _ in range(2))
    x = 1 + 20 * torch.rand(500_000, generator=generator)

    def draw() -> tuple[Tensor, ...]:
        rows = torch.randint(len(x), (B,))
        return first[rows], second[rows], x[rows]

    return draw
