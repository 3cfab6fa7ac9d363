"""The command line: trains, shows, resumes and checks runs; without arguments it opens the dashboard.

Exit codes: 0 done, 1 refused (one line says why), 2 usage.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from explorer import commands, scoring, writing
from explorer.config.quoting import one_line
from explorer.home import NUMBERS, home, number
from explorer.measure.sampling import STAGES

ROOT = Path(__file__).parents[1]
SETTING = "a setting other than the preset's, such as optimizer.lr=0.001; `presets NAME` lists all"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 shows what it can
    options = parser().parse_args(arguments)
    try:
        return options.command(options) or 0
    except BrokenPipeError:  # `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        print(f"explorer: {one_line(in_words(error))}", file=sys.stderr)
        return 1


def in_words(error: ValueError | OSError) -> str:
    """A refusal as it is; for a file error, the file's name and the reason, without a number."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename} cannot be used ({error.strerror}); choose another"
    return str(error)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m explorer", description="Without a command: opens the dashboard.")
    top.set_defaults(command=dashboard, port=8501)
    subparsers = top.add_subparsers(title="commands")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=text, description=text)
        sub.set_defaults(command=run)
        return sub

    presets = command("presets", commands.presets, "names of the presets, each with a line; of one, its settings")
    presets.add_argument("name", nargs="?")
    open_ = command("dashboard", dashboard, "open the dashboard in a browser")
    open_.add_argument("--port", type=int, default=8501)
    train = command("train", commands.train, "train a run into a file")
    train.add_argument("--preset", default="reverse")
    train.add_argument("--steps", type=int, help="how many steps to take (default: the preset's)")
    train.add_argument("--out", type=Path, required=True, help="the run file to write")
    train.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings", help=SETTING)
    train.add_argument("--text", type=Path, help="a UTF-8 text file to learn, instead of the preset's task")
    info = command("info", commands.info, "what a run file holds")
    info.add_argument("run", type=Path)
    info.add_argument("--json", action="store_true")
    resume = command("resume", commands.resume, "go on with a run")
    resume.add_argument("run", type=Path)
    resume.add_argument("--steps", type=int, required=True, help="how many steps more")
    verify = command("verify", commands.verify, "check that a run file is intact and replays bit for bit")
    verify.add_argument("run", type=Path)
    export = command("export", commands.export, "write a run's weights as safetensors")
    export.add_argument("run", type=Path)
    export.add_argument("--weights", type=Path, required=True, help="the file to write")
    export.add_argument("--step", type=int, help="of which step (default: the newest)")
    pytorch = command("pytorch", commands.pytorch, "write a run's training as a script of PyTorch alone")
    pytorch.add_argument("run", type=Path)
    pytorch.add_argument("--out", type=Path, required=True, help="the zip file to write: script, notebook and data")
    course = command("lessons", commands.lessons, "list the course's lessons, or check what they claim")
    course.add_argument("action", choices=["list", "check"])
    course.add_argument("name", nargs="?", help="check this one only")
    course.add_argument("--seeds", type=int, metavar="N", help="check with seeds 0 to N - 1, not those of each lesson")
    course.add_argument("--jobs", type=int, default=1, metavar="N", help="check in as many processes (default: 1)")
    course.add_argument("--json", action="store_true")
    score = command("score", scoring.score, "how good a run's answers are: exact match, chrF2, BLEU, perplexity")
    score.add_argument("run", type=Path, nargs="+", help="a run; of several their newest steps, in one table")
    score.add_argument("--ray", metavar="ADDRESS", help="score several on a Ray cluster (default: here, in turn)")
    score.add_argument("--step", type=int, help="with the weights of which step (default: the newest)")
    score.add_argument("--against", type=Path, metavar="RUN", help="another run of the task: is it better?")
    score.add_argument("--against-step", type=int, metavar="STEP", help="another step, of the run or of --against")
    score.add_argument("--over-training", action="store_true", help="at the snapshots, of 64 examples")
    score.add_argument("--examples", type=int, help="how many to answer (default: 200)")
    score.add_argument("--json", action="store_true")
    write = command("write", writing.write, "have a run's model write on, or answer an input")
    write.add_argument("run", type=Path)
    write.add_argument("--prompt", help="what it writes on from, or answers (default: the task's own)")
    write.add_argument("--length", type=int, default=200, help="tokens (default: 200)")
    write.add_argument("--step", type=int, help="with the weights of which step (default: the newest)")
    write.add_argument("--seed", type=int, default=0, help="the same seed writes the same text")
    write.add_argument(
        "--beam", type=int, help="instead of drawing, the best text that a beam this wide finds, of at most 64 tokens"
    )
    for name, stage in STAGES.items():
        kind = int if stage.whole else float
        write.add_argument(f"--{name.replace('_', '-')}", type=kind, dest=name, help=stage.meaning)
    return top


def dashboard(options: argparse.Namespace) -> int:
    """Becomes the dashboard, so that stopping this process stops the server."""
    if not 1 <= options.port <= 65535:
        raise ValueError(f"--port {options.port} is no port; use 1 to 65535, such as 8501")
    for variable in NUMBERS:
        number(variable)  # refused here, in a line
    url = f"http://127.0.0.1:{options.port}"
    print(f"the dashboard is at {url} · Ctrl-C stops it", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "explorer" / "serve.py")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "EXPLORER_HOME": str(home()),  # made absolute here: the server works in another folder
    }
    has_screen = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    command += ["--server.port", str(options.port), "--server.headless", str(not has_screen).lower()]
    if sys.platform != "win32":  # exec on Windows leaves the console's process behind
        os.chdir(ROOT)
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
