"""Interventions on single attention heads: ablate, freeze, reset."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from explorer.config.quoting import listed, quoted
from explorer.training.randomness import stream
from models.transformer import attentions

HEAD_EVENTS = frozenset({"ablate", "restore", "freeze", "unfreeze", "reset"})


class Heads:
    """Interventions on single heads, each named `path of its attention` + `.` + number from 0.

    Head h has its rows of Q, K, V and its columns of the output matrix.
    """

    def __init__(self, model: nn.Module):
        self.attentions = attentions(model)
        self.ablated: set[str] = set()
        self.frozen: set[str] = set()
        self.names_of = {id(p): name for name, p in model.named_parameters()}

    def change(self, kind: str, head: str, seed: int, step: int) -> None:
        """Carries out one of HEAD_EVENTS. ValueError names the heads if there is no such head."""
        path, _, number = head.rpartition(".")
        attention = self.attentions.get(path)
        if attention is None or not number.isdecimal() or int(number) >= attention.heads:
            raise ValueError(f"there is no head {quoted(head)}; heads are {listed(self.names())}")
        if kind == "reset":
            generator = stream(seed, f"reset {head}", step)
            for weight, index in self.slices(head):
                fresh = torch.empty(weight[index].shape)
                with torch.no_grad():
                    weight[index] = fresh.normal_(0, float(weight.std()), generator=generator).to(weight.device)
            return
        chosen = self.ablated if kind in ("ablate", "restore") else self.frozen
        (chosen.add if kind in ("ablate", "freeze") else chosen.discard)(head)
        self.silence(attention, path)

    def release(self) -> None:
        """Switches every head on again and freezes none."""
        self.ablated.clear()
        self.frozen.clear()
        for path, attention in self.attentions.items():
            self.silence(attention, path)

    def silence(self, attention: Any, path: str) -> None:
        """Sets the gains of one attention from `ablated`."""
        gain = torch.tensor([0.0 if f"{path}.{h}" in self.ablated else 1.0 for h in range(attention.heads)])
        attention.head_gain = None if bool(gain.all()) else gain.to(attention.output.weight.device)

    def names(self) -> list[str]:
        """Every head of the model."""
        return [f"{path}.{h}" for path, a in self.attentions.items() for h in range(a.heads)]

    def slices(self, head: str) -> list[tuple[nn.Parameter, tuple]]:
        """The weights of one head: each parameter with its index."""
        path, _, number = head.rpartition(".")
        attention = self.attentions[path]
        C = attention.output.weight.shape[0]
        D = C // attention.heads
        columns = slice(int(number) * D, (int(number) + 1) * D)
        rows = [slice(part * C + columns.start, part * C + columns.stop) for part in range(3)]
        projected = [(p, (r,)) for p in (attention.project.weight, attention.project.bias) for r in rows]
        return [*projected, (attention.output.weight, (slice(None), columns))]

    def hold(self, before: dict[str, Tensor]) -> None:
        """Restores the frozen heads' weights from before the step, by parameter name."""
        for head in self.frozen:
            for weight, index in self.slices(head):
                weight[index] = before[self.names_of[id(weight)]][index]
