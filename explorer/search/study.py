"""Study: Optuna's view of a search, rebuilt in memory from its trials (Akiba et al. 2019, “Optuna”).

A sampler with a random state of its own proposes trial n, from the results of trials 0 to n − lag and the parameters of
those between. So a proposal is a function of the search and those results alone.
"""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from explorer.search.ledger import Trial
from explorer.search.search import Search
from explorer.search.space import Params

optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
STARTUP_TRIALS = 8  # random, before TPE starts


def distributions(search: Search) -> dict[str, BaseDistribution]:
    """The space as Optuna names it. Choices as JSON, since Optuna takes 1, 1.0 and True for one value."""
    distributions: dict[str, BaseDistribution] = {}
    for knob in search.knobs:
        if knob.kind == "float":
            distributions[knob.path] = FloatDistribution(knob.low, knob.high, log=knob.log)
        elif knob.kind == "int":
            distributions[knob.path] = IntDistribution(
                knob.low, knob.high, log=knob.log, step=1 if knob.log else knob.step
            )
        else:
            distributions[knob.path] = CategoricalDistribution([json.dumps(value) for value in knob.ends()])
    return distributions


def inward(search: Search, params: Params) -> Params:
    """Parameters as Optuna takes them."""
    named = {k.path for k in search.knobs if k.kind in ("choice", "variant")}
    return {path: json.dumps(value) if path in named else value for path, value in params.items()}


def outward(search: Search, params: Params) -> Params:
    """Optuna's parameters as ours."""
    named = {k.path for k in search.knobs if k.kind in ("choice", "variant")}
    return {path: json.loads(value) if path in named else value for path, value in params.items()}


def frozen(search: Search, trial: Trial, decided: bool = True) -> optuna.trial.FrozenTrial:
    """A trial as Optuna keeps it. decided: its result may be known.

    A diverged one counts as pruned at its last step with an infinite loss: worse than any that did not diverge.
    """
    given: dict[str, Any] = {"params": inward(search, trial.params), "distributions": distributions(search)}
    if not decided or not trial.over:
        return create_trial(state=TrialState.RUNNING, **given)
    measured = {int(s): float(v) for s, v in zip(trial.steps, trial.losses, strict=True)}
    if trial.state == "complete" and trial.value is not None:
        return create_trial(state=TrialState.COMPLETE, value=trial.value, intermediate_values=measured, **given)
    if trial.state == "diverged":
        measured[trial.last] = float("inf")
    return create_trial(state=TrialState.PRUNED, intermediate_values=measured, **given)


def study(search: Search, trials: Sequence[Trial], number: int | None = None) -> optuna.Study:
    """The study of the trials that are over; with `number`, as seen when that trial is decided."""
    seed = None if number is None else int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    made = optuna.create_study(sampler=sampler(search, seed))
    for trial in trials:
        if number is None:
            if trial.over:
                made.add_trial(frozen(search, trial))
        elif trial.number < number:
            made.add_trial(frozen(search, trial, decided=trial.number <= number - search.lag))
    return made


def sampler(search: Search, seed: int | None) -> optuna.samplers.BaseSampler:
    """The search's sampler with a random state of its own."""
    if search.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(STARTUP_TRIALS, max(2, search.trials // 3)))
    return optuna.samplers.RandomSampler(seed=seed)


def propose(search: Search, trials: Sequence[Trial], number: int) -> Params | None:
    """The parameters of trial `number`; None after the last point of a grid."""
    if search.sampler == "grid":
        points = grid(search)
        return points[number] if number < len(points) else None
    proposal = study(search, trials, number).ask(distributions(search))
    return outward(search, proposal.params)


def grid(search: Search) -> list[Params]:
    """Every point of the grid: coarse first along ranges, all choices of a point together."""
    reach = [knob.values(search.points) for knob in search.knobs]
    orders = [
        [values[i] for i in coarse_to_fine(len(values))] if knob.kind in ("float", "int") else values
        for knob, values in zip(search.knobs, reach, strict=True)
    ]
    ranges_first = sorted(range(len(orders)), key=lambda i: search.knobs[i].kind not in ("float", "int"))
    points = []
    for combination in itertools.product(*(orders[i] for i in ranges_first)):
        chosen = dict(zip(ranges_first, combination, strict=True))
        points.append({knob.path: chosen[i] for i, knob in enumerate(search.knobs)})
    return points


def coarse_to_fine(count: int) -> list[int]:
    """0 to count − 1: the middle, the ends, then again and again the middles between."""
    order = list(dict.fromkeys([(count - 1) // 2, 0, count - 1]))
    while len(order) < count:
        placed = sorted(order)
        order += [(a + b) // 2 for a, b in itertools.pairwise(placed) if b - a > 1]
    return order


def rivals(search: Search, trials: Sequence[Trial], number: int, params: Params) -> list[Trial]:
    """The finished trials that trial `number` is compared with while it trains."""
    variant = search.variant
    return [
        t
        for t in trials
        if t.number <= number - search.lag
        and t.state == "complete"
        and (variant is None or t.params.get(variant) == params[variant])
    ]


def hopeless(search: Search, rivals: Sequence[Trial], steps: Sequence[int], losses: Sequence[float]) -> bool:
    """True if the median of the rivals at the same step is better than the best so far (Optuna's MedianPruner)."""
    if not search.prune or len(rivals) < search.startup:
        return False
    pruner = optuna.pruners.MedianPruner(n_startup_trials=search.startup, n_warmup_steps=search.grace)
    others = optuna.create_study()
    others.add_trials([frozen(search, rival) for rival in rivals])
    present = create_trial(
        state=TrialState.RUNNING, intermediate_values=dict(zip(map(int, steps), map(float, losses), strict=True))
    )
    return pruner.prune(others, present)


def importance(search: Search, trials: Sequence[Trial]) -> dict[str, float]:
    """The share of each knob in separating the better trials, largest first; sums to 1.

    Optuna's PED-ANOVA (Watanabe et al. 2023) over the finished trials. Empty if there are fewer than two.
    """
    rebuilt = study(search, trials)
    if sum(1 for t in trials if t.state == "complete") < 2:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    shares: dict[str, Any] = optuna.importance.get_param_importances(rebuilt, evaluator=evaluator)
    return {path: float(share) for path, share in shares.items()}
