"""The command line: train, look at, go on with and check runs; without arguments the dashboard opens.

Exit codes: 0 done, 1 what was asked cannot be (one line says why), 2 usage.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from explorer import commands

ROOT = Path(__file__).parents[1]
SETTING = "a setting other than the preset's, such as optimizer.lr=0.001; `presets NAME` lists all"


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
    return top


def dashboard(options: argparse.Namespace) -> int:
    """Becomes the dashboard, so that whoever stops this process stops the server."""
    url = f"http://127.0.0.1:{options.port}"
    print(f"the dashboard is at {url} · Ctrl-C stops it", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "explorer" / "serve.py")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    has_screen = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    command += ["--server.port", str(options.port), "--server.headless", str(not has_screen).lower()]
    if sys.platform != "win32":  # exec there leaves the console's process behind
        os.chdir(ROOT)
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
