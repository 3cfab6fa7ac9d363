"""Commands: what each word of the command line does with run files.

Each takes the parsed options and prints; a refusal is a ValueError in one sentence.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.measure.names import fixed, plural

if TYPE_CHECKING:
    from explorer.lessons.lesson import Lesson
    from explorer.runs.recorder import Recorder
    from explorer.training.loop import Training


def presets(options: argparse.Namespace) -> None:
    """Lists the presets, or the settings of one."""
    from explorer import RunConfig
    from explorer import presets as described
    from explorer.config.run import to_word

    if options.name is not None:
        for path, value in RunConfig.preset(options.name).flat().items():
            print(f"{path:22} {to_word(value)}")
        return
    for name, text in described().items():
        print(f"{name:15} {text}")


def settings(words: list[str]) -> dict[str, Any]:
    """`field=value` words as changes of a config. ValueError if one has no `=`."""
    from explorer.config.run import from_word

    changes = {}
    for word in words:
        path, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"--set {word} has no value; write {word}=…")
        if path in changes:
            raise ValueError(f"--set {path} is there twice; leave one out")
        changes[path] = from_word(path, value)
    return changes


def train(options: argparse.Namespace) -> None:
    """Trains a new run into a file."""
    from explorer import RunConfig
    from explorer.runs import file, footprint, leftovers

    changes = settings(options.settings)
    preset = RunConfig.preset(options.preset)
    for option, path in (("steps", "train.steps"), ("text", "task.text")):
        if getattr(options, option) is not None and path in changes:
            raise ValueError(f"--{option} and --set {path} decide the same setting; leave one out")
    if options.text is not None:
        name = preset.task.name if "task.text" in preset.flat() else "text"
        changes = {"task.name": name, "task.text": read_text(options.text)} | changes
    if options.steps is not None:
        changes["train.steps"] = options.steps
    config = preset.replace(changes)
    footprint.admit(config, options.out.parent)  # refused before a file is made
    leftovers.sweep(options.out.parent, file.UNREADY)
    file.begin(options.out, config)
    go_on(options.out, "started")


def read_text(path: Path) -> str:
    """A text file, without a byte order mark. ValueError if it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 at byte {error.start}; save it as UTF-8 first") from None


def resume(options: argparse.Namespace) -> None:
    """Trains a run for some steps more."""
    from explorer import Run
    from explorer.runs import footprint

    if options.steps < 1:
        raise ValueError(f"--steps {options.steps} is not a number of steps; use 1 or more")
    run = Run.open(options.run)
    target = run.last + options.steps
    footprint.check(run.config_at(run.last), run.task, options.run.parent)
    run.close()
    go_on(options.run, "resumed", target)


def go_on(path: Path, kind: str, until: int | None = None) -> None:
    """Trains a run file to its end, or for `until` steps. Ctrl-C leaves a run that can be resumed."""
    from explorer import Run
    from explorer.runs.recorder import Recorder
    from explorer.runs.replay import restore
    from explorer.training.divergence import Diverged
    from explorer.training.place import slow

    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, run.last)
        run.close()
        recorder.describe(training)
        if sentence := slow(training.config.train.precision, training.device.type):
            print(sentence, file=sys.stderr)
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
            if state == "finished":
                recorder.slim()
    if state == "diverged":
        raise ValueError(f"{path.name} diverged at step {training.step}: {reason}; its steps so far are kept")
    print(f"{path}: {training.step} step{plural(training.step)}, {state} ({reason})")


def take_steps(training: Training, recorder: Recorder, until: int | None) -> tuple[str, str]:
    """Trains and records `until` steps, or endlessly; returns the run's state then, and why.

    Shows a progress bar on a terminal, elsewhere a line every hundred steps.
    """
    from tqdm import tqdm

    quiet = not sys.stderr.isatty()
    with tqdm(total=until, initial=training.step, unit="step", disable=quiet) as bar:
        for step in training:
            recorder.add(step, training)
            bar.set_postfix_str(measured(step.loss, step.metric), refresh=False)
            bar.update()
            if quiet and step.index % 100 == 99:
                print(f"step {step.index + 1}: {measured(step.loss, step.metric)}", flush=True)
            if training.step == until:
                break
    if until == training.config.train.steps:
        return "finished", f"all {until:,} step{plural(until)}"
    return "paused", f"{until:,} step{plural(until)} done"


def measured(loss: float, metric: float) -> str:
    """A step's loss and metric; a small loss is not written as 0."""
    return f"loss {fixed(loss, 4)}, metric {fixed(metric, 3)}"


def info(options: argparse.Namespace) -> None:
    """Prints the content of a run file."""
    from explorer import Run
    from explorer.config.quoting import one_line, quoted

    run = Run.open(options.run)
    row = run.step_row(run.last - 1) or {}
    status = run.status
    content = {
        "config": run.config.plain(),
        "status": status.state,
        "reason": status.reason,
        "steps": run.last,
        **{name: row[name] if name in row and math.isfinite(row[name]) else None for name in ("loss", "metric")},
        "tokens": int(row.get("tokens", 0)),
        "snapshots": run.snapshot_steps,
        "events": [{"step": e.step, "kind": e.kind, **e.detail} for e in run.events],
        **{key: run.meta(key) for key in ("machine", "implementation", "plain because")},
    }
    if options.json:
        print(json.dumps(content))
        return
    print(one_line(f"{options.run.name}: {status.state}{f' ({status.reason})' if status.reason else ''}"))
    if row:
        print(f"{run.last} step{plural(run.last)}, the last with {measured(row['loss'], row['metric'])}")
    preset, changes = run.config.nearest_preset()
    differences = {path: quoted(value) if isinstance(value, str) else value for path, value in changes.items()}
    print(
        f"{len(run.snapshot_steps)} snapshot{plural(len(run.snapshot_steps))}; differs from its preset in: "
        f"{(preset, differences)}"
    )
    for event in run.events:
        print(f"  {one_line(event.label)}")


def verify(options: argparse.Namespace) -> None:
    """Checks that a run file is intact and every stretch between checkpoints replays, here bit for bit."""
    from tqdm import tqdm

    from explorer import Run
    from explorer.runs import footprint, verification

    run = Run.open(options.run)
    footprint.check_again(run.config_at(run.last), run.task)
    findings = []
    for stretch in tqdm(verification.stretches(run), unit="stretch", disable=not sys.stderr.isatty()):
        finding = verification.check(run, stretch)
        if finding.problem:
            raise ValueError(f"{options.run.name} is not sound: {finding.problem}")
        findings.append(finding)
    print(f"{options.run}: {verification.sentence(run, findings)}")


def export(options: argparse.Namespace) -> None:
    """Writes a run's weights."""
    from explorer import Run
    from explorer.runs import weights_file

    run = Run.open(options.run)
    step = run.last if options.step is None else options.step
    written(options.weights, weights_file.packed(run, step))
    print(f"{options.weights}: the weights of step {step}")


def pytorch(options: argparse.Namespace) -> None:
    """Writes a run's training as a script of PyTorch alone."""
    from explorer import Run
    from explorer.script.pytorch import of_run

    run = Run.open(options.run)
    script = of_run(run)
    written(options.out, script.zipped(run.id))
    print(f"{options.out}: {script.lines} lines that train steps 0 to {script.steps - 1}")


def written(path: Path, data: bytes) -> None:
    """Writes a whole file or none: the old one stays until the new one is complete. ValueError if it cannot."""
    from explorer.runs import file, leftovers

    if path.exists() and file.begins_as_run(path):
        raise ValueError(f"{path.name} is a run file and would be lost; choose another name for what is written")
    leftovers.sweep(path.parent, file.UNREADY)
    with file.replacing(path, "choose another place") as unready:
        unready.write_bytes(data)


def lessons(options: argparse.Namespace) -> int:
    """Lists the lessons, or checks what they claim. 1 where a claim does not hold, or its control shows it too."""
    from explorer.lessons.reading import lessons

    by_name = lessons()
    if options.action == "list":
        for name, lesson in by_name.items():
            print(f"{name:40} {lesson.words['en'].title}")
        return 0
    if options.name is not None and options.name not in by_name:
        raise ValueError(f"there is no lesson {options.name}; `lessons list` names them")
    if options.seeds is not None and options.seeds < 1:
        raise ValueError(f"--seeds {options.seeds} is no number of seeds; use 1 or more")
    if options.jobs < 1:
        raise ValueError(f"--jobs {options.jobs} is no number of processes; use 1 or more")
    return checked([by_name[options.name]] if options.name else list(by_name.values()), options)


def checked(chosen: list[Lesson], options: argparse.Namespace) -> int:
    """Checks lessons and prints what was found; gives the exit code."""
    from dataclasses import asdict

    from explorer.lessons.checking import beside, check
    from explorer.lessons.trial import Trials

    for lesson in [one for one in chosen if one.lacks and len(chosen) > 1]:
        print(f"{lesson.name}: not checked, it needs package {lesson.lacks}", file=sys.stderr)
        chosen.remove(lesson)
    findings, seeds = [], None if options.seeds is None else range(options.seeds)
    with Trials() as trials:
        one_by_one = (finding for lesson in chosen for finding in check(lesson, seeds, trials))
        for finding in beside(chosen, seeds, options.jobs) if options.jobs > 1 else one_by_one:
            findings.append(finding)
            if not options.json:
                print(f"{finding.lesson}: {finding.sentence} · {finding.seconds:.0f} s", flush=True)
    if options.json:
        print(json.dumps([asdict(one) | {"holds": one.holds} for one in findings]))
    return 0 if all(one.holds for one in findings) else 1
