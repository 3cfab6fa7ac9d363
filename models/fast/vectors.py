"""Word vectors with their backward pass written out.

B batch, I words that are read, J words that a pair is scored with, C width.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from models.fast.parts import Gradients, gradient_of_rows
from models.word_vectors import Cbow, Glove, SkipGram, nearness


def forward(
    model: SkipGram | Glove, tokens: Tensor, source: Tensor, gradients: Gradients
) -> tuple[Tensor, Callable[[Tensor], None]]:
    """The scores (B, J). Outer products by broadcasting: as batched products they take ten times as long."""
    read, u = F.embedding(tokens, model.embedding.weight), F.embedding(source, model.context.weight)
    near = nearness(tokens.shape[1] // 2).to(read) if isinstance(model, Cbow) else None
    v = read if near is None else near[None] @ read  # (B, 1, C)
    scores = (u @ v.mT)[..., 0]
    if isinstance(model, Glove):
        scores = scores + model.bias[tokens] + model.context_bias[source]

    def back(g: Tensor) -> None:
        of_v = (g[..., None] * u).sum(1, keepdim=True)
        of_read = of_v if near is None else near[:, None] * of_v
        gradients[model.embedding.weight] = gradient_of_rows(model.embedding.weight, tokens, of_read)
        gradients[model.context.weight] = gradient_of_rows(model.context.weight, source, g[..., None] * v)
        if isinstance(model, Glove):
            gradients[model.bias] = gradient_of_rows(model.bias, tokens, g)
            gradients[model.context_bias] = gradient_of_rows(model.context_bias, source, g)

    return scores, back
