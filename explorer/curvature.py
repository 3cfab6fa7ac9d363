"""Curvature of the loss on a training batch: products with the Hessian, and its two ends.

P parameters. Products by double backward (Pearlmutter 1994): `torch.func.hessian` and forward-over-reverse are
silently wrong where a model has `nn.LayerNorm` (torch 2.13), and torch's fused attention on the CPU cannot be
differentiated twice, which the models' own can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor, nn

from explorer.device import numerics
from explorer.instruments import batches_of
from explorer.measure.instruments import edge
from explorer.randomness import stream
from explorer.schedules import learning_rate
from explorer.tasks.base import Batch
from explorer.trace import evaluating, mean_loss
from explorer.training import Training

Array = np.ndarray
TOLERANCE = 1e-2  # of the residual, relative; an eigenvalue is off by about its square
EXPECTED = 50  # products that two ends take, for the progress alone
MOST = 40  # restarts of Lanczos
BASIS = 24  # vectors that Lanczos keeps: more take memory, fewer take more products


class Hessian:
    """∂²L/∂θ² of the mean loss of `batches` at the model's weights, as something to multiply with. No dropout."""

    def __init__(self, model: nn.Module, batches: Sequence[Batch]):
        self.parameters = list(model.parameters())
        self.size = sum(p.numel() for p in self.parameters)
        with evaluating(model), torch.enable_grad():
            loss = torch.stack([mean_loss(model(b.tokens, b.source), b.targets) for b in batches]).mean()
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

    scale: of S H S instead of H, with S this diagonal, (P,). ValueError where it does not converge.
    """
    like = hessian.gradient
    products = 0

    def times(vector: Array) -> Array:
        nonlocal products
        products += 1
        if progress is not None:
            progress(products, max(EXPECTED, products + BASIS))
        v = torch.from_numpy(np.ascontiguousarray(vector)).to(like)
        found = hessian.times(v) if scale is None else scale * hessian.times(scale * v)
        return found.double().cpu().numpy()

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
    """What the optimizer divides each gradient by, (P,): None where it divides by nothing, or has not begun.

    Adam: (1 − β₁ᵗ)(√v̂ + ε) (Cohen et al. 2022, §2); RMSProp √v + ε; Adagrad √Σg² + ε.
    """
    state = training.optimizer.state()
    group = training.optimizer.parts[0].param_groups[0]
    if training.config.optimizer.name == "muon":
        return None
    parts = []
    for name in training.named:
        if f"{name}/exp_avg_sq" in state:
            (first, second), t = group["betas"], state[f"{name}/step"].item()
            v = state[f"{name}/exp_avg_sq"] / (1 - second**t)
            parts.append((1 - first**t) * (v.sqrt() + group["eps"]))
        elif f"{name}/square_avg" in state:
            parts.append(state[f"{name}/square_avg"].sqrt() + group["eps"])
        elif f"{name}/sum" in state:
            parts.append(state[f"{name}/sum"].sqrt() + group["eps"])
        else:
            return None
    return joined(parts)


def edges(training: Training) -> dict[str, float | None]:
    """The optimizer's edge of stability at the training's next step: lr, plain: 2/lr, own: the one that holds for it.

    own is for the curvature divided by `preconditioner` where there is one; None for Muon, of which none is known.
    """
    config = training.config
    lr = learning_rate(config.optimizer, training.step, config.train.steps)
    if lr <= 0:
        return {"lr": lr, "plain": None, "own": None}
    group = training.optimizer.parts[0].param_groups[0]
    own = {
        "adamw": lambda: edge(lr, group["betas"][0], averaged=True),
        "adam": lambda: edge(lr, group["betas"][0], averaged=True),
        "momentum": lambda: edge(lr, group["momentum"]),
        "nesterov": lambda: edge(lr, group["momentum"], ahead=True),
        "muon": lambda: None,
    }.get(config.optimizer.name, lambda: edge(lr))
    return {"lr": lr, "plain": edge(lr), "own": own()}


def curvature(training: Training, progress: Callable[[int, int], None] | None = None) -> dict[str, float | None]:
    """The ends of the Hessian on the batch of the training's next step, top and bottom, and `edges`.

    divided: the top of P^(−½) H P^(−½) with P the optimizer's preconditioner, None where there is none.
    """
    with numerics(training.config):
        hessian = Hessian(training.model, batches_of(training, training.step))
        bottom, top = ends(hessian, progress=progress)
        divisor = preconditioner(training)
        divided = None
        if divisor is not None:
            (divided,) = ends(hessian, divisor.rsqrt(), "LA", progress)
    found = {"top": float(top), "bottom": float(bottom), "divided": None if divided is None else float(divided)}
    return found | edges(training)
