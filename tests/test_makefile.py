"""`make setup`: which build of torch it asks for, and where. Python, pip and npm are played, the index is local."""

from __future__ import annotations

import http.server
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAYED = f"""#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit; fi
if [ "$1" = "-c" ]; then exec {sys.executable} "$@"; fi
echo "$@" >> asked
"""
pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or shutil.which("make") is None, reason="the choice is made on Linux alone, by make"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout in which nothing is installed yet."""
    for name in ("Makefile", "requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("played", "npm"):
        (tmp_path / "bin" / name).write_text(PLAYED)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


@pytest.fixture
def index() -> Iterator[str]:
    """An index of packages that answers."""

    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/cpu/torch/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    with http.server.HTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def setup(folder: Path, wheels: str, *words: str) -> tuple[int, str, list[str]]:
    """`make setup`: how it ended, what it said, and what pip was asked for besides the lock."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    command = ["make", "setup", f"PYTHON={folder / 'bin' / 'played'}", f"CPU_WHEELS={wheels}", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    arguments = folder / "asked"
    lines = arguments.read_text().splitlines() if arguments.exists() else []
    arguments.unlink(missing_ok=True)
    pip = [line.partition("--disable-pip-version-check ")[2] or line for line in lines if "-m pip" in line]
    return done.returncode, done.stdout + done.stderr, [line for line in pip if "requirements.lock" not in line]


def torch() -> str:
    return next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch=="))


def test_the_build_for_processors_comes_from_pytorchs_index_where_that_answers(folder: Path, index: str):
    code, _, arguments = setup(folder, f"{index}/cpu")
    assert code == 0
    assert arguments == [f"--extra-index-url {index}/cpu {torch()}"]
    assert setup(folder, f"{index}/cpu")[2] == []  # it is installed


def test_setup_compiles_umap_and_ends_well_where_that_cannot_be(folder: Path, index: str):
    for failing in ("", "case $2 in explorer*) exit 1 ;; esac\n"):
        shutil.rmtree(folder / ".venv", ignore_errors=True)
        (folder / "bin" / "played").write_text(PLAYED + failing)
        code, said, _ = setup(folder, f"{index}/cpu")
        assert code == 0
        assert "-m explorer.measure.layouts" in said
        assert ("\nUMAP could not be compiled" in said) == bool(failing)


@pytest.mark.parametrize("wheels", ["http://127.0.0.1:9/cpu", "http://nowhere.invalid/cpu", "{index}/gone"])
def test_where_that_index_does_not_answer_it_comes_from_where_pip_looks(folder: Path, index: str, wheels: str):
    code, said, arguments = setup(folder, wheels.format(index=index))
    assert code == 0
    assert "does not answer; torch comes from where pip is set to look" in said
    assert arguments == [torch()]


def test_the_build_for_gpus_takes_the_place_of_the_other_and_stays(folder: Path, index: str):
    setup(folder, f"{index}/cpu")
    code, _, arguments = setup(folder, f"{index}/cpu", "TORCH=cuda")
    assert code == 0
    assert arguments == ["-m pip uninstall --quiet --yes torch", torch()]
    later = (folder / ".venv" / "installed").stat().st_mtime + 2  # a touch may fall into the same tick of the clock
    os.utime(folder / "requirements.lock", (later, later))
    assert setup(folder, f"{index}/cpu")[2] == [torch()]


def test_another_build_is_refused_in_a_sentence(folder: Path):
    code, said, arguments = setup(folder, "http://127.0.0.1:9/cpu", "TORCH=rocm")
    assert code != 0
    assert "TORCH=rocm is no build of torch; use cpu or cuda" in said
    assert arguments == []
