"""Curvature of the loss on a training batch: products with the Hessian, and its extreme eigenvalues.

P parameters. Products by double backward (Pearlmutter 1994): `torch.func.hessian` and forward-over-reverse are silently
wrong for models with `nn.LayerNorm` (torch 2.13), and torch's fused attention on the CPU cannot be differentiated
twice, while the models' own can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor, nn

from explorer.analysis.instruments import step_loss
from explorer.config.optimizers import rule_named
from explorer.measure.updates import edge
from explorer.tasks.base import Batch
from explorer.tasks.objective import UNSMOOTHED, Criterion
from explorer.trace import evaluating
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.optimizers import constants, steppings
from explorer.training.randomness import stream
from explorer.training.schedules import learning_rate

Array = np.ndarray
TOLERANCE = 1e-2  # of the residual, relative; an eigenvalue is off by about its square
EXPECTED = 50  # products for both ends, only for the progress bar
MOST = 40  # restarts of Lanczos
BASIS = 24  # vectors that Lanczos keeps: more take memory, fewer take more products


class Hessian:
    """∂²L/∂θ² of a step's loss on its batches at the model's weights, as a linear map. No dropout."""

    def __init__(self, model: nn.Module, batches: Sequence[Batch], criterion: Criterion = UNSMOOTHED):
        self.parameters = list(model.parameters())
        self.size = sum(p.numel() for p in self.parameters)
        with evaluating(model), torch.enable_grad():
            loss = step_loss(model, batches, criterion)
            self.gradient = joined(torch.autograd.grad(loss, self.parameters, create_graph=True))

    def times(self, vector: Tensor) -> Tensor:
        """H v, both (P,) in the order of the model's parameters."""
        product = torch.autograd.grad(self.gradient, self.parameters, vector, retain_graph=True, materialize_grads=True)
        return joined(product)


def joined(tensors: Sequence[Tensor]) -> Tensor:
    """End to end, (P,)."""
    return torch.cat([t.flatten() for t in tensors])


def ends(
    hessian: Hessian, scale: Tensor | None = None, which: str = "BE", progress: Callable[[int, int], None] | None = None
) -> Array:
    """Eigenvalues by Lanczos: "BE" the least and the greatest, "LA" the greatest alone.

    scale: of S H S instead of H, with S this diagonal, (P,). ValueError if it does not converge.
    """
    like = hessian.gradient
    products = 0

    def times(vector: Array) -> Array:
        nonlocal products
        products += 1
        if progress is not None:
            progress(products, max(EXPECTED, products + BASIS))
        v = torch.from_numpy(np.ascontiguousarray(vector)).to(like)
        product = hessian.times(v) if scale is None else scale * hessian.times(scale * v)
        return product.double().cpu().numpy()

    if not bool(like.isfinite().all()):
        raise ValueError("the gradient at this step is not finite, so neither is the curvature; choose an earlier step")
    operator = LinearOperator((hessian.size, hessian.size), matvec=times, dtype=np.float64)
    start = torch.randn(hessian.size, generator=stream(0, "curvature"), dtype=torch.float64).numpy()
    count = 2 if which == "BE" else 1
    try:
        return np.sort(
            eigsh(
                operator,
                count,
                which=which,
                v0=start,
                ncv=min(BASIS, hessian.size),
                maxiter=MOST,
                tol=TOLERANCE,
                return_eigenvectors=False,
            )
        )
    except ArpackNoConvergence:
        raise ValueError(
            f"the curvature here did not settle within {products} Hessian products; try another step"
        ) from None


def preconditioner(training: Training) -> Tensor | None:
    """The preconditioner (P,), by which the optimizer divides each gradient; None if it does not divide, or has not
    begun.

    Adam: (1 − β₁ᵗ)(√v̂ + ε) (Cohen et al. 2022, §2).
    """
    by_name = steppings(training.optimizer)
    parts = [by_name[name].preconditioner() for name in training.named]
    factors = [part for part in parts if part is not None]
    return joined(factors) if len(factors) == len(parts) else None


def edges(training: Training) -> dict[str, float | None]:
    """The optimizer's edge of stability at the training's next step: lr, plain: 2/lr, own: the edge of this optimizer.

    own applies to the curvature divided by `preconditioner`, if there is one; None if no edge is known.
    """
    config = training.config
    lr = learning_rate(config.optimizer, training.step, config.train.steps)
    if lr <= 0:
        return {"lr": lr, "plain": None, "own": None}
    stable_below, knobs = rule_named(config.optimizer.name).edge, constants(training.optimizer.parts[0].param_groups[0])
    return {"lr": lr, "plain": edge(lr), "own": None if stable_below is None else stable_below(lr, knobs)}


def curvature(training: Training, progress: Callable[[int, int], None] | None = None) -> dict[str, float | None]:
    """The extreme eigenvalues of the Hessian on the next step's batch, top and bottom, and `edges`.

    divided: the top of P^(−½) H P^(−½) with P the optimizer's preconditioner; None without one, or without an edge to
    compare it with.
    """
    with numerics(training.config):
        hessian = Hessian(training.model, training.batches(training.step), training.criterion)
        bottom, top = ends(hessian, progress=progress)
        has_edge = rule_named(training.config.optimizer.name).edge is not None
        divisor = preconditioner(training) if has_edge else None
        divided = None
        if divisor is not None:
            (divided,) = ends(hessian, divisor.rsqrt(), "LA", progress)
    result = {"top": float(top), "bottom": float(bottom), "divided": None if divided is None else float(divided)}
    return result | edges(training)
