"""Instruments: what the gradients of single samples tell of a step, and the curvature on demand.

Measured on recorded batches at recorded weights, in a process of their own: the training knows nothing of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import instruments as charts
from explorer.charts.timeline import Guide
from explorer.measure import instruments as measure
from explorer.runs.answer import Answer, Lane
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = {"measure": 1.5, "history": 3.0}  # seconds between two looks at a growing run
KINDS = {
    "tests": "Norm, inner-product and orthogonality tests",
    "noise": "Noise scale",
    "signal": "Signal-to-noise",
    "quality": "Step quality",
}
COST = 6  # training steps that one measurement takes, about
QUICK = 0.15  # seconds; what takes longer waits in the slow lane, where the history is measured
AT_ONCE = 4  # snapshots that are measured in one go while training is on: what waits behind is soon answered
WINDOW = 8  # measured steps that a noise scale is averaged over
SHOWN = 5  # curvatures
NAMED = {"adamw": "AdamW", "adam": "Adam", "rmsprop": "RMSProp", "adagrad": "Adagrad"}  # those that divide the gradient
ONE_SAMPLE = "this run trains on one sample a step, and one alone tells nothing of its spread"
FORMULAS = (
    r"$g_i$ is the gradient of sample $i$ (`torch.func.vmap` of `grad`), $g$ their mean, which is the gradient of the "
    r"batch, before clipping and without dropout; $S = \frac{1}{B-1}\sum_i \lVert g_i - g\rVert^2$."
    "\n\n"
    r"**Norm test** $\sqrt{S / (B \lVert g \rVert^2)}$ (Byrd et al. 2012). **Inner-product test** "
    r"$\sqrt{\sum_i (g_i \cdot g - \lVert g \rVert^2)^2 / ((B-1)\, B \lVert g \rVert^4)}$ and **orthogonality test**, "
    r"its counterpart across $g$ (Bollapragada et al. 2017): norm² = inner² + orthogonality²."
    "\n\n"
    r"**Noise scale** $\mathrm{tr}(\Sigma) / |G|^2$ from the unbiased $S$ and $|G|^2 = \lVert g \rVert^2 - S/B$, each "
    f"averaged over {WINDOW} measured steps before they are divided; where the mean of $|G|^2$ is not above zero it "
    "cannot be resolved at this batch size, and no number is shown (McCandlish et al. 2018)."
    "\n\n"
    r"**Signal to noise** the mean over parameters of $g^2 / (\mathrm{var}(g_i) + 10^{-5})$ (Liu et al. 2020)."
    "\n\n"
    r"**Step quality** $\alpha = \lVert\Delta\theta\rVert / s^* - 1$, with $s^*$ the floor of a parabola fitted along "
    "the step to the losses and slopes at its start, on the batch of the step, and at its end, on the next batch; each "
    "is weighted by its inverse variance over the samples (Schneider et al. 2021)."
    "\n\n"
    r"**Curvature** the ends of the Hessian on this batch, by Lanczos (`scipy.sparse.linalg.eigsh`) on products by "
    "double backward (Pearlmutter 1994). Above $2/\\eta$ gradient descent overshoots more each time (Cohen et al. "
    r"2021), with momentum β above $(2+2\beta)/\eta$; for Adam it is $P^{-1/2} H P^{-1/2}$, with "
    r"$P = (1-\beta_1^t)(\sqrt{\hat v} + \epsilon)$, above $38/\eta$ at $\beta_1 = 0.9$ (Cohen et al. 2022). "
    "These are limits of training on one and the same batch, without weight decay; training on new batches usually "
    "stays below them."
)


def show(view: View) -> None:
    """What is switched on, its cards, and the curvature."""
    chosen = st.pills(
        "Instruments",
        list(KINDS),
        selection_mode="multi",
        format_func=KINDS.__getitem__,
        default=list(KINDS),
        key="instruments",
        persist_state="session",
    )
    which = tuple(kind for kind in KINDS if kind in chosen)
    found = read(view, which) if which else None
    if found is not None and len(found[0][0]["texts"]) == 1:
        st.info(f"{ONE_SAMPLE[0].upper()}{ONE_SAMPLE[1:]}.", icon=":material/info:")
        (last,) = cards("instruments-curvature", 1)
    else:
        last = told_by_samples(view, which, found)
    with last:
        curvature(view)
    picture.computed(FORMULAS, title="How the instruments are computed")


def told_by_samples(view: View, which: tuple[str, ...], found: tuple[Answer, Answer | None] | None) -> Any:
    """The samples of the step and a card for each instrument; gives the card that is left over."""
    first, second = cards("instruments-samples", 1, 1)
    third, fourth = cards("instruments-noise", 1, 1)
    fifth, sixth = cards("instruments-step", 1, 1)
    with first:
        if found is not None:
            samples(found[0])
        elif not which:
            st.caption("Every instrument that needs single samples is switched off.")
    drawn = [
        (second, "tests", tests),
        (third, "noise", noise),
        (fourth, "signal", to_noise),
        (fifth, "quality", quality),
    ]
    for place, kind, draw in drawn:
        with place:
            if kind not in which:
                st.caption(f"{KINDS[kind]}: switched off.")
            elif found is not None and found[1] is not None:
                draw(view, found[0], found[1])
    return sixth


def read(view: View, which: tuple[str, ...]) -> tuple[Answer, Answer | None] | None:
    """The instruments at this step, their cost above them, and over the snapshots, which takes longer."""
    lane: Lane = "slow" if COST / (view.run.speed() or np.inf) > QUICK else "quick"
    measured = view.picture("instruments.measure", EVERY["measure"], lane=lane, which=which)
    if measured is None:
        return None
    costs(view, measured)
    if len(measured[0]["texts"]) == 1:
        return measured, None
    history = view.newest().picture(
        "instruments.history",
        EVERY["history"],
        lane="slow",
        doing="measuring {of} snapshots",
        which=which,
        most=AT_ONCE if view.status.state == "training" else None,
    )
    kept = st.session_state.setdefault("instruments-history", {})
    if history is not None:
        kept[view.run.id, which] = history
    history = kept.get((view.run.id, which))  # while it is asked for otherwise, what was there
    return measured, history


def costs(view: View, measured: Answer) -> None:
    """What one measurement took, in milliseconds and in training steps."""
    spent = measured[0]["milliseconds"]
    told = {"samples’ gradients": spent["samples"]}
    told |= {KINDS[kind].lower(): spent[kind] for kind in ("signal", "quality") if kind in spent}
    whole = sum(told.values())
    each = {name: f"{value:.1f} ms" for name, value in (told | {"one measurement": whole}).items()}
    speed = view.run.speed()
    if speed:
        each["in training steps"] = f"{whole / 1e3 * speed:.1f}"
    picture.figures(each)


def samples(measured: Answer) -> None:
    """One dot a sample."""
    plain, arrays = measured
    without = ", without dropout" if plain["dropout"] else ""
    st.caption(f"on the training batch of step {plain['step']}{without}")
    table = charts.pulls_frame(arrays["losses"], arrays["along"], arrays["across"], plain["texts"])
    picture.show(charts.pulls, table, "pulls")
    picture.look_for("pulls", samples_sentence(plain, arrays))


def samples_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """How many samples pull the mean's way, and which one hardest."""
    along, across, B = arrays["along"], arrays["across"], len(arrays["along"])
    lengths = np.hypot(along, across)
    if not np.isfinite(lengths).all():
        return "the gradients are not finite any more."
    hardest, with_it = int(lengths.argmax()), int((along > 0).sum())
    return (
        f"{with_it} of {B} samples pull the way of their mean, right of 0; half pull more than "
        f"{np.median(across):.2g} ‖g‖ across it, which mostly cancels. Sample {hardest + 1} pulls hardest: "
        f"{lengths[hardest]:.2g} ‖g‖, with ‖g‖ = {plain['length']:.3g}."
    )


def marks(view: View) -> dict[str, Any]:
    """What every curve over steps is marked with."""
    return {"events": view.events, "cursor": view.cursor}


def tests(view: View, measured: Answer, history: Answer) -> None:
    """The three tests over steps."""
    plain, arrays = measured[0], history[1]
    series = {name: arrays[name] for name in charts.NAMES}
    guide = Guide(1, "as large as the gradient itself")
    picture.curves(
        charts.ERRORS, charts.parts(arrays["steps"], series, guides=[guide], **marks(view)), "instrument-tests"
    )
    picture.look_for("instrument-tests", tests_sentence(plain))


def tests_sentence(plain: dict[str, Any]) -> str:
    """How far off the gradient may be, and in which way."""
    norm, inner, across = (plain["numbers"].get(name) for name in ("norm", "inner", "orthogonality"))
    if norm is None or inner is None or across is None:
        return unknown(plain)
    word = "more noise than signal" if norm > 1 else "less noise than signal"
    return (
        f"at step {plain['step']} the error of the batch’s gradient is about {norm:.2g} times its length ({word}): "
        f"{inner:.2g} along it, so much is its length uncertain, and {across:.2g} to the side"
        + (", where the two curves all but meet." if across > 0.9 * norm else ".")
    )


def unknown(plain: dict[str, Any]) -> str:
    """That there is no number at this step."""
    return f"at step {plain['step']} the batch’s gradient is zero or not finite, so nothing can be held against it."


def noise(view: View, measured: Answer, history: Answer) -> None:
    """The noise scale over steps, where it can be resolved."""
    plain, arrays = measured[0], history[1]
    B = len(plain["texts"])
    scale = measure.running_noise_scale(arrays["noise"], arrays["signal"], WINDOW)
    guide = Guide(B, f"the batch: {B} sample{'s' if B > 1 else ''}")
    drawn = charts.parts(arrays["steps"], {"noise scale": scale}, guides=[guide], **marks(view))
    picture.curves(charts.SCALE, drawn, "instrument-noise")
    picture.look_for("instrument-noise", noise_sentence(plain, arrays, B))


def noise_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray], B: int) -> str:
    """The scale at this step beside the batch, or that it cannot be resolved."""
    numbers, step = plain["numbers"], plain["step"]
    if numbers.get("noise") is None:
        return unknown(plain)
    before = np.isfinite(arrays["noise"]) & (arrays["steps"] < step)
    tr = [*arrays["noise"][before][1 - WINDOW :], numbers["noise"]]
    signals = [*arrays["signal"][before][1 - WINDOW :], numbers["signal"]]
    scale = measure.noise_scale(tr, signals)
    since = arrays["steps"][before][1 - WINDOW :]
    over = f"over the {len(tr)} measured steps from {since[0]} to {step}" if len(tr) > 1 else f"at step {step} alone"
    if scale is None:
        return f"{over} the noise scale is not resolvable at this batch size: {B} samples do not show the signal."
    if scale > 2 * B:
        verdict = f"the batch of {B} is dominated by noise, and a larger one would make each step worth more"
    elif scale < B / 2:
        verdict = f"the batch of {B} is larger than it needs to be, and a smaller one would cost little"
    else:
        verdict = f"about the batch of {B}: noise and signal weigh alike"
    return f"{over} the noise scale is {scale:.3g} samples; {verdict}."


def to_noise(view: View, measured: Answer, history: Answer) -> None:
    """The signal-to-noise ratio over steps."""
    plain, arrays = measured[0], history[1]
    drawn = charts.parts(arrays["steps"], {"signal to noise": arrays["to_noise"]}, **marks(view))
    picture.curves(charts.TO_NOISE, drawn, "instrument-signal")
    picture.look_for("instrument-signal", to_noise_sentence(plain, arrays))


def to_noise_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """The ratio at this step, beside the first one measured."""
    now = plain["numbers"].get("to_noise")
    if now is None:
        return unknown(plain)
    found = f"at step {plain['step']} a parameter’s squared gradient is on average {now:.2g} times its variance"
    found += " over the samples plus 10⁻⁵"
    first = arrays["to_noise"][:1]
    if not (first.size and np.isfinite(first[0]) and first[0] > 0 and plain["step"] > arrays["steps"][0]):
        return f"{found}."
    return f"{found}, {now / first[0]:.2g} times what it was at step {arrays['steps'][0]}."


def quality(view: View, measured: Answer, history: Answer) -> None:
    """α over steps."""
    plain, arrays = measured[0], history[1]
    guides = [Guide(0, "the valley’s floor"), Guide(1, "as high on the other side")]
    drawn = charts.parts(arrays["steps"], {"step quality": arrays["quality"]}, guides=guides, **marks(view))
    picture.curves(charts.QUALITY, drawn, "instrument-quality")
    picture.look_for("instrument-quality", quality_sentence(plain, arrays["quality"]))


def quality_sentence(plain: dict[str, Any], all_of: np.ndarray) -> str:
    """Where this step ends, and how many of the measured ones overshoot."""
    alpha, step = plain["numbers"].get("quality"), plain["step"]
    known = all_of[np.isfinite(all_of)]
    beyond = f"; {int((known > 0).sum()) or 'none'} of {len(known)} measured steps went beyond it" if len(known) else ""
    if alpha is None:
        if plain["last"]:
            return f"training ends at step {step}, so no step was taken from here{beyond}."
        return f"where step {step} ends cannot be told{beyond}."
    if alpha < -1:
        where = "leads away from the floor, which lies behind it"
    elif alpha == -1:
        where = "goes down a slope without a floor in sight"
    elif alpha < -0.1:
        where = f"goes {1 + alpha:.0%} of the way to the valley’s floor"
    elif alpha <= 0.1:
        where = "ends on the valley’s floor"
    elif alpha <= 1:
        where = "crosses the floor and ends lower than it began"
    else:
        where = "crosses the floor and ends higher than it began"
    return f"as far as the noise lets see, step {step} {where} (α = {alpha:+.2f}){beyond}.".replace("-", "−")


def curvature(view: View) -> None:
    """The Hessian's ends at the steps that were asked for, beside the edge of stability."""
    asked: list[int] = st.session_state.setdefault("curvatures", {}).setdefault(view.run.id, [])
    st.markdown("**Curvature** · on the training batch of a step")

    def ask(step: int) -> None:
        if step not in asked:
            asked.append(step)

    st.button(
        f"Measure at step {view.step}", key="curvature", icon=":material/landscape:", on_click=ask, args=(view.step,)
    )
    found = []
    for step in asked[-SHOWN:]:
        there = view.at(step, f"curvature {step}")
        answer = there.picture("instruments.curvature", lane="slow", doing="about {of} products with the Hessian")
        if answer is not None:
            found.append(answer[0])
    if found:
        st.html(curvature_table(found))
        picture.look_for("curvature", curvature_sentence(found[-1]))
    elif not asked:
        st.caption("It takes seconds, as much as some hundred training steps, in a process of its own.")


def curvature_table(found: list[dict[str, Any]]) -> str:
    """A column a step. Words and numbers of ours only."""
    name = NAMED.get(found[0]["optimizer"])
    rows = {"top": "top", "bottom": "bottom", "plain": "edge, 2/η"}
    if name is not None:
        rows |= {"divided": f"top, divided as {name} does", "own": "its edge"}
    elif found[0]["own"] != found[0]["plain"]:
        rows |= {"own": f"edge with {found[0]['optimizer']}"}
    head = "".join(f"<th>step {plain['step']}</th>" for plain in found)
    body = [
        f"<tr><th>{words}</th>{''.join(f'<td>{number(plain[key])}</td>' for plain in found)}</tr>"
        for key, words in rows.items()
    ]
    took = "".join(f"<td>{plain['seconds']:.1f} s</td>" for plain in found)
    return (
        f'<table class="scores"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}<tr><th>measured in</th>{took}</tr></tbody></table>"
    )


def number(value: float | None) -> str:
    """A curvature as it is printed."""
    if value is None:
        return "–"
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "−")


def curvature_sentence(plain: dict[str, Any]) -> str:
    """How sharp the valley is, for the step size that it is trained with."""
    bend = "a direction bends down, so this is no valley’s floor" if plain["bottom"] < 0 else "no direction bends down"
    sharp = f"at step {plain['step']} curvature goes from {number(plain['bottom'])} ({bend}) to {number(plain['top'])}"
    own, name = plain["own"], NAMED.get(plain["optimizer"])
    held = plain["top"] if name is None else plain["divided"]
    if plain["lr"] <= 0:
        return f"{sharp}; training ends here, with a step size of 0."
    if own is None:
        return f"{sharp}; for {plain['optimizer']} no edge of stability is known."
    if held is None:
        return f"{sharp}; {name} has divided nothing yet, before its first step."
    verdict = (
        "on this batch alone steps would overshoot more each time"
        if held > own
        else "not far from where steps begin to overshoot"
        if held > 0.5 * own
        else "steps are too short to overshoot"
    )
    what = "that" if name is None else f"divided as {name} does, to {number(held)}, which"
    return f"{sharp}; {what} is {held / own:.0%} of the edge {number(own)} at η = {plain['lr']:.2g}: {verdict}."
