"""Commands: what each word of the command line does with run files.

Each takes the parsed options and prints; what cannot be is a ValueError in one sentence.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.runs.recorder import Recorder
    from explorer.training import Training


def presets(options: argparse.Namespace) -> None:
    """Lists the presets, or the settings of one."""
    from explorer import RunConfig
    from explorer import presets as described
    from explorer.config import to_word

    if options.name is not None:
        for path, value in RunConfig.preset(options.name).flat().items():
            print(f"{path:22} {to_word(value)}")
        return
    for name, text in described().items():
        print(f"{name:15} {text}")


def settings(words: list[str]) -> dict[str, Any]:
    """`field=value` words as changes of a config. ValueError where one has no `=`."""
    from explorer.config import from_word

    changes = {}
    for word in words:
        path, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"--set {word} has no value; write {word}=…")
        changes[path] = from_word(path, value)
    return changes


def train(options: argparse.Namespace) -> None:
    """Trains a new run into a file."""
    from explorer import RunConfig
    from explorer.runs import file
    from explorer.tasks import build

    changes = settings(options.settings)
    preset = RunConfig.preset(options.preset)
    if options.text is not None:
        name = "words" if preset.task.name == "words" else "text"
        changes = {"task.name": name, "task.text": read_text(options.text)} | changes
    if options.steps is not None:
        changes["train.steps"] = options.steps
    config = preset.replace(changes)
    build(config.task, config.model)  # refused here, before a file is made
    file.begin(options.out, config)
    go_on(options.out, "started")


def read_text(path: Path) -> str:
    """A text file. ValueError where its bytes are not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 at byte {error.start}; save it as UTF-8 first") from None


def resume(options: argparse.Namespace) -> None:
    """Goes on with a run for some steps more."""
    from explorer import Run

    if options.steps < 1:
        raise ValueError(f"--steps {options.steps} is not a number of steps; use 1 or more")
    run = Run.open(options.run)
    target = run.last + options.steps
    run.close()
    go_on(options.run, "resumed", target)


def go_on(path: Path, kind: str, until: int | None = None) -> None:
    """Trains a run file to its end, or `until` so many steps.

    Ctrl-C stops after the present step and leaves a run that can be resumed.
    """
    from explorer import Run
    from explorer.divergence import Diverged
    from explorer.runs.recorder import Recorder
    from explorer.runs.replay import restore

    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, run.last)
        run.close()
        recorder.describe(training)
        steps = training.config.train.steps
        if until is not None and steps is not None and until > steps:
            training.apply("set", {"train.steps": until})
            recorder.event(training.step, "set", {"train.steps": until})
        recorder.event(training.step, kind, {})
        recorder.status("training")
        if training.step == 0:
            recorder.snapshot(training)
        state, reason = "paused", "stopped by hand"
        try:
            state, reason = take_steps(training, recorder, steps if until is None else until)
        except KeyboardInterrupt:
            pass
        except Diverged as error:
            state, reason = "diverged", error.what
        finally:
            recorder.event(training.step, state, {"reason": reason})
            recorder.snapshot(training)
            recorder.status(state, reason)
    if state == "diverged":
        raise ValueError(f"{path.name} diverged at step {training.step}: {reason}; its steps so far are kept")
    print(f"{path}: {training.step} steps, {state} ({reason})")


def take_steps(training: Training, recorder: Recorder, until: int | None) -> tuple[str, str]:
    """Trains and records `until` so many steps, or endlessly; gives the run's state then, and why.

    On a terminal with a progress bar, elsewhere with a line every hundred steps.
    """
    from tqdm import tqdm

    quiet = not sys.stderr.isatty()
    with tqdm(total=until, initial=training.step, unit="step", disable=quiet) as bar:
        for step in training:
            recorder.add(step, training)
            bar.set_postfix_str(f"loss {step.loss:.4f}, metric {step.metric:.3f}", refresh=False)
            bar.update()
            if quiet and step.index % 100 == 99:
                print(f"step {step.index + 1}: loss {step.loss:.4f}, metric {step.metric:.3f}", flush=True)
            if training.step == until:
                break
    if until == training.config.train.steps:
        return "finished", f"all {until} steps"
    return "paused", f"{until} steps done"


def info(options: argparse.Namespace) -> None:
    """Prints what a run file holds."""
    from explorer import Run
    from explorer.settings import quoted

    run = Run.open(options.run)
    row = run.step_row(run.last - 1) or {}
    status = run.status
    told = {
        "config": run.config.plain(),
        "status": status.state,
        "reason": status.reason,
        "steps": run.last,
        "loss": row.get("loss"),
        "metric": row.get("metric"),
        "tokens": int(row.get("tokens", 0)),
        "snapshots": run.snapshot_steps,
        "events": [{"step": e.step, "kind": e.kind, **e.detail} for e in run.events],
        "machine": run.meta("machine"),
    }
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{options.run.name}: {status.state}{f' ({status.reason})' if status.reason else ''}")
    if row:
        print(f"{run.last} steps, last loss {row['loss']:.4f} nats, metric {row['metric']:.3f}")
    preset, changes = run.config.nearest_preset()
    told = {path: quoted(value) if isinstance(value, str) else value for path, value in changes.items()}
    print(f"{len(run.snapshot_steps)} snapshots; differs from its preset in: {(preset, told)}")
    for event in run.events:
        print(f"  {event.label}")


def verify(options: argparse.Namespace) -> None:
    """Checks a run file: intact, and every stretch between checkpoints replays bit for bit."""
    from tqdm import tqdm

    from explorer import Run
    from explorer.runs.verification import problems, stretches

    run = Run.open(options.run)
    wanted = stretches(run)
    for stretch in tqdm(wanted, unit="stretch", disable=not sys.stderr.isatty()):
        for problem in problems(run, stretch):
            raise ValueError(f"{options.run.name} is not sound: {problem}")
    print(f"{options.run}: intact, {run.last} steps replay bit for bit from {len(wanted)} checkpoints")


def export(options: argparse.Namespace) -> None:
    """Writes a run's weights."""
    from safetensors.torch import save_file

    from explorer import Run
    from explorer.runs.replay import restore

    run = Run.open(options.run)
    step = run.last if options.step is None else options.step
    training = restore(run, step)
    weights = {name: w.cpu().contiguous() for name, w in training.weights().items()}
    save_file(weights, options.weights, {"run": run.id, "step": str(step), "config": run.config.to_json()})
    print(f"{options.weights}: the weights of step {step}")
