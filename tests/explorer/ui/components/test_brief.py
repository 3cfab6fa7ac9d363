"""Numbers in components are written as in sentences."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import playwright
import pytest

from explorer.measure.names import number

PALETTE = Path(__file__).parents[4] / "explorer" / "ui" / "components" / "shared" / "palette.js"
NODE = next((Path(playwright.__file__).parent / "driver").glob("node*"), None)
VALUES = [0, 0.94, 2, -0.5, 1.05, 9.996, 100.4, 2417, 12_345, 123_456, 1e6, 0.001, 3.2e-5, -5e-7, 1e-300, 1e300]


@pytest.mark.skipif(NODE is None or not NODE.is_file(), reason="no node beside the browser's driver")
@pytest.mark.parametrize("digits", [2, 3])
def test_a_component_writes_a_number_as_python_does(digits: int) -> None:
    script = f"{PALETTE.read_text('utf-8')}; console.log(JSON.stringify({VALUES}.map((v) => brief(v, {digits}))))"
    said = subprocess.run([str(NODE), "-e", script], capture_output=True, text=True, check=True).stdout
    spaces = "\N{NO-BREAK SPACE}"
    assert json.loads(said) == [number(value, digits).replace(spaces, " ") for value in VALUES]
