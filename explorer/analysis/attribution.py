"""Attribution: which input tokens made a written token likely, by gradient × input and by ablation, on one scale.

T position, S source position, N = S + T input tokens. Each input token's embedding is multiplied by a gate, which is 1.
log p of the written token is then a function of the gates: its derivative at 1 is gradient × input, and what it loses
where one gate is 0 is the ablation. Both are nats, and the first is the linear estimate of the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.measure.sampling import Array
from explorer.trace import evaluating


@contextmanager
def gated(model: nn.Module, gates: dict[str, Tensor]) -> Iterator[None]:
    """Multiplies the token embeddings of each stack by its gates (B, T)."""
    hooks = [
        model.get_submodule(f"{stack}embedding").register_forward_hook(
            lambda _module, _args, out, gate=gate: out * gate[..., None]
        )
        for stack, gate in gates.items()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def log_p(
    model: nn.Module, stacks: Sequence[str], tokens: Tensor, source: Tensor | None, token: int, gate: Tensor
) -> Tensor:
    """log p (B,) of a token after tokens (1, T), for gates (B, N): those of the source first."""
    read = [tokens] if source is None else [source, tokens]
    widths = [part.shape[1] for part in read]
    with evaluating(model), gated(model, dict(zip(stacks, gate.split(widths, 1), strict=True))):
        wide = source if source is None else source.expand(len(gate), -1)
        logits = model(tokens.expand(len(gate), -1), wide)[:, -1]
    return logits.double().log_softmax(-1)[:, token]


def attribution(
    model: nn.Module, stacks: Sequence[str], tokens: Tensor, source: Tensor | None, token: int
) -> tuple[float, Array, Array]:
    """log p of a token after tokens (1, T) and source (1, S); gradient × input (N,); what ablation costs (N,), in nats.

    stacks: the paths of the model's stacks, as the record of its kind has them.
    """
    N = tokens.shape[1] + (0 if source is None else source.shape[1])
    ones = torch.ones(1, N, device=tokens.device, requires_grad=True)
    with torch.enable_grad():
        whole = log_p(model, stacks, tokens, source, token, ones)
        (gradient,) = torch.autograd.grad(whole.sum(), ones)
    with torch.no_grad():
        without = log_p(model, stacks, tokens, source, token, 1 - torch.eye(N, device=tokens.device))
    cost = whole.detach() - without
    return float(whole.detach()), gradient[0].double().cpu().numpy(), cost.cpu().numpy()
