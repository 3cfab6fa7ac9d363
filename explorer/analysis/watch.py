"""Watches a forward and a backward pass operation by operation, until the first that breaks.

watch = Watch(model);  with placed(model, watch), watch: forward, backward  ->  watch.fault, watch.trail

float32 holds sizes up to 3.4e38. Masks use −inf, so it is expected where an operand has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from explorer.measure.autopsy import Fault, Held, Operand
from explorer.measure.names import tap_words
from models.layers import unnormed
from models.tap import Tap

LARGEST = 3  # entries reported of each operand
UNMADE = ("empty", "new_empty", "empty_like", "empty_strided", "new_empty_strided")  # memory before it is written
OPERANDS = {  # of operations whose operands have names, in order
    "baddbmm": ("mask", "queries", "keys"),
    "addmm": ("bias", "inputs", "weights"),
    "native_layer_norm": ("inputs", "gain", "bias"),
    "embedding": ("weights",),
    "_softmax": ("scores",),
    "_log_softmax": ("logits",),
}
ATTENDED = {("bmm", "values"): ("queries", "keys"), ("bmm", "pattern"): ("pattern", "values")}
AGAIN = ("baddbmm", "addmm", "bmm", "mm", "mul", "add", "sub", "div", "sum")  # repeated in float64


class Watch(TorchDispatchMode):
    """Examines the result of every operation until the first that is not finite although its operands are.

    fault: that operation.   trail: what the taps held, in order.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.parameters = dict(model.named_parameters())
        self.running: list[str] = []
        self.tap, self.back, self.came_back, self.resting = "", False, False, False
        self.fault: Fault | None = None
        self.trail: list[Held] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        name = (
            func._schema.name.partition("::")[2].rstrip("_")
            if func._schema.is_mutable
            else func.overloadpacket.__name__
        )
        looked = self.fault is None and not self.resting and not func.is_view and name not in UNMADE
        if looked and func._schema.is_mutable:  # its operands would be overwritten
            before = tree_map(lambda x: x.clone() if isinstance(x, Tensor) else x, args)
        else:
            before = args
        out = func(*args, **kwargs)
        if looked:
            self.look(name, func, before, kwargs, out)
        return out

    def look(self, name: str, func: Any, args: tuple, kwargs: dict, out: Any) -> None:
        """Keeps the operation if its result is not finite."""
        operands = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor) and x.is_floating_point()]
        scalars = [x for x in tree_leaves((args, kwargs)) if isinstance(x, float)]
        results = [x for x in tree_leaves(out) if isinstance(x, Tensor) and x.is_floating_point() and x.numel()]
        broken = next((x for x in results if unexpected(x, operands, -math.inf in scalars).any()), None)
        if broken is None:
            return
        labels = () if self.back else ATTENDED.get((name, self.tap.rpartition(".")[2]), OPERANDS.get(name, ()))
        self.fault = Fault(
            operation=name,
            place=self.running[-1] if self.running else "loss",
            tap=self.tap,
            back=self.back,
            came_back=self.came_back,
            weight=next((w for x in operands if x.isnan().any() or x.isinf().any() for w in self.owner(x)), None),
            inputs=[summary(labels[i] if i < len(labels) else f"operand {i + 1}", x) for i, x in enumerate(operands)],
            output=summary("result", broken),
            exact=in_float64(func, args, kwargs) if name in AGAIN else None,
        )

    def owner(self, x: Tensor) -> Iterator[str]:
        """The parameter that holds x, if one does and is not finite."""
        for name, parameter in self.parameters.items():
            start = parameter.data_ptr()
            inside = start <= x.data_ptr() < start + parameter.numel() * parameter.element_size()
            if inside and not parameter.detach().isfinite().all():
                yield name


def unexpected(x: Tensor, operands: list[Tensor], allowed: bool) -> Tensor:
    """Where x is NaN or infinite, except for −inf that an operand has there or, if of another shape, anywhere."""
    wrong = ~x.isfinite()
    if not wrong.any():
        return wrong
    low = x.isneginf()
    if allowed:
        return wrong & ~low
    for operand in operands:
        hidden = operand.isneginf()
        if hidden.any():
            try:
                wrong = wrong & ~(low & hidden.broadcast_to(x.shape))
            except RuntimeError:  # not of x's shape
                wrong = wrong & ~low
    return wrong


def summary(name: str, x: Tensor) -> Operand:
    """A tensor in a few numbers."""
    x = x.detach().float().cpu()
    finite = x[x.isfinite()]
    sizes = x.abs().nan_to_num(nan=-1.0, posinf=-1.0).flatten()
    places = sizes.topk(min(LARGEST, len(sizes))).indices.tolist() if len(finite) else []
    return Operand(
        name=name,
        shape=list(x.shape),
        low=float(finite.min()) if len(finite) else None,
        high=float(finite.max()) if len(finite) else None,
        nan=float(x.isnan().double().mean()),
        plus=float(x.isposinf().double().mean()),
        minus=float(x.isneginf().double().mean()),
        largest=[([int(i) for i in np.unravel_index(at, x.shape)], float(x.flatten()[at])) for at in places],
    )


def in_float64(func: Any, args: tuple, kwargs: dict) -> float | None:
    """The largest size of the result in float64; None if that is not finite either.

    For scores, of the bare products q · k, before 1/√D and the mask.
    """
    wide = tree_map(lambda x: x.double() if isinstance(x, Tensor) and x.is_floating_point() else x, (args, kwargs))
    scores = func is torch.ops.aten.baddbmm.default
    out = torch.bmm(*wide[0][1:]) if scores else func(*wide[0], **wide[1])
    if out.isnan().any() or out.isposinf().any():
        return None
    return float(out[out.isfinite()].abs().max())


@contextmanager
def placed(model: nn.Module, watch: Watch) -> Iterator[None]:
    """Sets which module of `watch` is running and which tap was passed, and keeps a trail of the taps' values."""
    hooks = []

    def pass_tap(name: str, value: Tensor) -> None:
        watch.tap = name
        if watch.fault is None or not any(past.wrong for past in watch.trail):
            watch.resting = True
            watch.trail.append(held(name, value))
            watch.resting = False
        if value.requires_grad:
            value.register_hook(lambda grad: come_back(name))

    def come_back(name: str) -> None:
        watch.tap, watch.came_back = name, True

    def leave(_module: nn.Module, _args: object, _out: object) -> None:
        watch.running.pop()

    absent = unnormed(model)
    try:
        for name, module in model.named_modules():
            if name in absent:
                continue
            if isinstance(module, Tap):
                hooks.append(module.register_forward_hook(lambda m, a, out, name=name: pass_tap(name, out)))
            else:
                hooks.append(module.register_forward_pre_hook(lambda m, a, name=name: watch.running.append(name)))
                hooks.append(module.register_forward_hook(leave))
        yield
    finally:
        for hook in hooks:
            hook.remove()


def held(tap: str, value: Tensor) -> Held:
    """The values of a tap. In scores, −∞ is a mask and so not wrong."""
    value = value.detach()
    finite = value[value.isfinite()]
    wrong = value.isnan() | value.isposinf() if tap.endswith(".scores") else ~value.isfinite()
    return Held(tap, tap_words(tap), float(finite.abs().max()) if len(finite) else 0.0, float(wrong.float().mean()))
