"""Device: which device a run computes on, with how many threads."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch.nn import functional

from explorer.config.run import RunConfig
from explorer.training.place import Place
from models import fast


def choose_device(name: str) -> torch.device:
    """`auto` is CUDA, then Apple's MPS, then the CPU. ValueError if the named device is missing."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, is_there in there.items() if is_there)
    if not there[name]:
        raise ValueError(f"train.device={name} is not on this machine; use auto")
    return torch.device(name)


@contextmanager
def numerics(config: RunConfig) -> Iterator[None]:
    """One thread: sums in one order, and for small models faster than two (the size of OMP teams)."""
    threads = torch.get_num_threads()
    if threads != 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if threads != 1:
            torch.set_num_threads(threads)


@cache
def place(device: str) -> Place:
    """The place of this process on a device of this kind."""
    return Place(
        torch=torch.__version__,
        processor=torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
        capability=torch.backends.cpu.get_cpu_capability(),
        device=device,
        rounding=rounding(),
        products=rounding_of_products(),
    )


def rounding() -> str:
    """A fingerprint of how this processor rounds, from the bits of sums such as a training step makes.

    The order of a sum depends on the instructions, which libraries choose by processor and environment.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(8, 32, 64, generator=generator) - 0.5  # (B, T, C)
    w = (torch.rand(64, 64, generator=generator) - 0.5).requires_grad_()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.enable_grad():
            hidden = functional.gelu(functional.layer_norm(x @ w, (64,)))
            pattern = functional.softmax(hidden @ hidden.mT, dim=-1)
            loss = functional.log_softmax(pattern @ hidden, dim=-1).square().mean()
            (gradient,) = torch.autograd.grad(loss, w)
        parts = [hidden, pattern, loss, gradient, torch.linalg.vector_norm(gradient), gradient.tanh()]
        whole = b"".join(part.detach().numpy().tobytes() for part in parts)
    finally:
        torch.set_num_threads(threads)
    return fingerprint(whole)


def rounding_of_products() -> str:
    """Likewise of the fast implementation's products: another library chooses their instructions."""
    generator = torch.Generator().manual_seed(0)
    x, w, g = (torch.rand(shape, generator=generator) - 0.5 for shape in ((256, 64), (65, 64), (256, 65)))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            parts = [fast.product(x, w, w[:, 0]), fast.product(g, w.mT, None), fast.gradient_of_weight(g, x)]
    finally:
        torch.set_num_threads(threads)
    return fingerprint(b"".join(part.contiguous().numpy().tobytes() for part in parts))


def fingerprint(whole: bytes) -> str:
    """Twelve letters that differ if a bit does."""
    return hashlib.blake2b(whole, digest_size=6).hexdigest()
