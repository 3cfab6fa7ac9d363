"""`python -m benchmarks [NAME …] [--json FILE]`: measures, prints a table, writes JSON.

Absolute times move by a factor of two on a shared machine: what can be is paired, and the load is shown.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

from benchmarks.figure import HEADER

NAMES = (
    "step",
    "recording",
    "page",
    "long_run",
    "attention",
    "gradients",
    "surface",
    "embeddings",
    "point_map",
    "race",
    "race_page",
    "search",
    "words",
    "recurrent",
    "writing",
    "growth",
)


def main() -> None:
    """Runs the benchmarks named, all by default. A missed floor is told, and is not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {min(unknown)}; there are {', '.join(NAMES)}")
    print(HEADER, flush=True)
    found = []
    for name in options.names or NAMES:
        for figure in import_module(f"benchmarks.{name}").figures():
            print(figure.row(), flush=True)
            found.append({"benchmark": name} | figure.plain())
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
