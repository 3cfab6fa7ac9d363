"""The linter of our scripts: each component's as the browser gets it, all its scripts in one scope; and the page's own.

`python tests/scripts.py` lints them with Biome, which `make setup` installs where there is npm.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
BIOME = ROOT / ".venv/node/node_modules/.bin/biome"
SETTINGS = {
    "formatter": {"enabled": False},
    "linter": {
        "rules": {
            "preset": "recommended",
            "correctness": {
                "noUndeclaredVariables": "error",
                "noUnusedVariables": "off",  # a component need not use all that its shared scripts have
                "noUnusedFunctionParameters": "off",
            },
            "suspicious": {
                "noRedeclare": "error",
                "noAssignInExpressions": "off",  # `if (!(kept = …))` is how we write it
                "useIterableCallbackReturn": "off",
            },
            "style": {"useTemplate": "off"},
        }
    },
}


def scripts() -> dict[str, str]:
    """The whole script of every component, by its name, and that of the page."""
    from explorer.ui import components, shell

    names = [module.name for module in pkgutil.iter_modules(components.__path__) if module.ispkg]
    each = {name: importlib.import_module(f"{components.__name__}.{name}").SOURCE.script for name in sorted(names)}
    return {**each, "page": f"{shell.ROOT}(0);{shell.SCRIPT}"}


def main() -> int:
    """1 where something is wrong, or where a continuous-integration machine has no linter."""
    if not BIOME.exists():
        print("scripts: not linted, since Biome is not installed (it takes npm)")
        return int(os.environ.get("CI") == "true")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in scripts().items():
            Path(folder, f"{name}.js").write_text(text, "utf-8")
        Path(folder, "biome.json").write_text(json.dumps(SETTINGS), "utf-8")
        return subprocess.run(
            [BIOME, "lint", "--error-on-warnings", "--max-diagnostics=100", folder], cwd=folder, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
