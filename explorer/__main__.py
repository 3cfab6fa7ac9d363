"""The command line: train, look at, go on with and check runs; without arguments the dashboard opens.

Exit codes: 0 done, 1 what was asked cannot be (one line says why), 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; gives its exit code."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options) or 0
    except BrokenPipeError:  # `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        print(f"explorer: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m explorer", description="Without a command: opens the dashboard.")
    top.set_defaults(command=dashboard, port=8501)
    commands = top.add_subparsers(title="commands")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=run)
        return sub

    command("presets", presets, "names of the presets, each with a line")
    open_ = command("dashboard", dashboard, "open the dashboard in a browser")
    open_.add_argument("--port", type=int, default=8501)
    train = command("train", train_run, "train a run into a file")
    train.add_argument("--preset", default="reverse")
    train.add_argument("--steps", type=int, help="how many steps to take (default: the preset's)")
    train.add_argument("--out", type=Path, required=True, help="the run file to write")
    train.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings")
    train.add_argument("--text", type=Path, help="a UTF-8 text file to learn, instead of the preset's task")
    info = command("info", info_run, "what a run file holds")
    info.add_argument("run", type=Path)
    info.add_argument("--json", action="store_true")
    resume = command("resume", resume_run, "go on with a run")
    resume.add_argument("run", type=Path)
    resume.add_argument("--steps", type=int, required=True, help="how many steps more")
    verify = command("verify", verify_run, "check that a run file is intact and replays bit for bit")
    verify.add_argument("run", type=Path)
    export = command("export", export_run, "write a run's weights as safetensors")
    export.add_argument("run", type=Path)
    export.add_argument("--weights", type=Path, required=True, help="the file to write")
    export.add_argument("--step", type=int, help="of which step (default: the newest)")
    return top


def dashboard(options: argparse.Namespace) -> int:
    """Becomes the dashboard, so that whoever stops this process stops the server."""
    url = f"http://127.0.0.1:{options.port}"
    print(f"the dashboard is at {url} · Ctrl-C stops it", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "explorer" / "app.py")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    has_screen = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    command += ["--server.port", str(options.port), "--server.headless", str(not has_screen).lower()]
    if sys.platform != "win32":  # exec there leaves the console's process behind
        os.chdir(ROOT)
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def presets(options: argparse.Namespace) -> None:
    """Lists the presets."""
    from explorer import presets as described

    for name, text in described().items():
        print(f"{name:12} {text}")


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


def train_run(options: argparse.Namespace) -> None:
    """Trains a new run into a file."""
    from explorer import RunConfig
    from explorer.runs import file
    from explorer.tasks import build

    changes = settings(options.settings)
    if options.text is not None:
        changes = {"task.name": "text", "task.text": read_text(options.text)} | changes
    if options.steps is not None:
        changes["train.steps"] = options.steps
    config = RunConfig.preset(options.preset).replace(changes)
    build(config.task, config.model)  # refused here, before a file is made
    file.begin(options.out, config)
    go_on(options.out, "started")


def read_text(path: Path) -> str:
    """A text file. ValueError where its bytes are not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 at byte {error.start}; save it as UTF-8 first") from None


def resume_run(options: argparse.Namespace) -> None:
    """Goes on with a run for some steps more."""
    from explorer import Run

    if options.steps < 1:
        raise ValueError(f"--steps {options.steps} is not a number of steps; use 1 or more")
    run = Run.open(options.run)
    target = run.last + options.steps
    run.close()
    go_on(options.run, "resumed", target)


def go_on(path: Path, kind: str, until: int | None = None) -> None:
    """Trains a run file to its end, or `until` so many steps, with a progress bar on a terminal.

    Ctrl-C stops after the present step and leaves a run that can be resumed.
    """
    from tqdm import tqdm

    from explorer import Run
    from explorer.runs.recorder import Recorder
    from explorer.runs.replay import restore
    from explorer.training import Diverged

    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, run.last)
        run.close()
        recorder.describe(training)
        steps = training.config.train.steps
        if until is not None and steps is not None and until > steps:
            training.apply("set", {"train.steps": until})
            recorder.event(training.step, "set", {"train.steps": until})
        until = until if until is not None else steps
        recorder.event(training.step, kind, {})
        recorder.status("training")
        if training.step == 0:
            recorder.snapshot(training)
        state, reason = "paused", "stopped by hand"
        quiet = not sys.stderr.isatty()
        bar = tqdm(total=until, initial=training.step, unit="step", disable=quiet)
        try:
            for step in training:
                recorder.add(step, training)
                bar.set_postfix_str(f"loss {step.loss:.4f}, metric {step.metric:.3f}", refresh=False)
                bar.update()
                if quiet and step.index % 100 == 99:
                    print(f"step {step.index + 1}: loss {step.loss:.4f}, metric {step.metric:.3f}", flush=True)
                if until is not None and training.step >= until:
                    break
            if until is not None and training.step >= until:
                finished = until == training.config.train.steps
                state, reason = ("finished", f"all {until} steps") if finished else ("paused", f"{until} steps done")
        except KeyboardInterrupt:
            pass
        except Diverged as error:
            state, reason = "diverged", error.what
        finally:
            bar.close()
            recorder.event(training.step, state, {"reason": reason})
            recorder.snapshot(training)
            recorder.status(state, reason)
    if state == "diverged":
        raise ValueError(f"{path.name} diverged at step {training.step}: {reason}; its steps so far are kept")
    print(f"{path}: {training.step} steps, {state} ({reason})")


def info_run(options: argparse.Namespace) -> None:
    """Prints what a run file holds."""
    from explorer import Run

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
    print(f"{len(run.snapshot_steps)} snapshots; differs from its preset in: {run.config.nearest_preset()}")
    for event in run.events:
        print(f"  {event.label}")


def verify_run(options: argparse.Namespace) -> None:
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


def export_run(options: argparse.Namespace) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
