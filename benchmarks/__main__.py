"""`python -m benchmarks [NAME …] [--quick] [--json FILE]`: measures, prints a table, writes JSON.

--quick takes some two minutes: of each module of QUICK its ratios, in fewer rounds. Absolute times move by a factor of
two on a shared machine: what can be is paired, and the load is shown.
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
    "first_map",
    "point_map",
    "race",
    "race_page",
    "search",
    "words",
    "recurrent",
    "writing",
    "growth",
    "cluster",
)
QUICK = ("step", "recording", "attention", "gradients", "race", "recurrent", "page")


def main() -> None:
    """Runs the benchmarks named, by default all or those of QUICK. A missed floor is told, and is not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help=f"two minutes: the ratios of {', '.join(QUICK)}")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    options = parser.parse_args()
    known = QUICK if options.quick else NAMES
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"there is no {'quick ' * options.quick}benchmark {min(unknown)}; there are {', '.join(known)}")
    print(HEADER, flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    found = []
    for name in options.names or known:
        module = import_module(f"benchmarks.{name}")
        for figure in module.quick() if options.quick else module.figures():
            print(figure.row(), flush=True)
            found.append({"benchmark": name} | figure.plain())
            options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
