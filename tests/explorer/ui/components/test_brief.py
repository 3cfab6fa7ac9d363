"""Numbers in components are written as in sentences."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import playwright
import pytest

from explorer.measure.names import THIN, number, percent

SHARED = Path(__file__).parents[4] / "explorer" / "ui" / "components" / "shared"
NODE = next((Path(playwright.__file__).parent / "driver").glob("node*"), None)
VALUES = [0, 0.94, 2, -0.5, 1.05, 9.996, 100.4, 2417, 12_345, 123_456, 1e6, 0.001, 3.2e-5, -5e-7, 1e-300, 1e300]


pytestmark = pytest.mark.skipif(NODE is None or not NODE.is_file(), reason="no node beside the browser's driver")


def worked(script: str, *files: str) -> list[str]:
    """What an expression of these scripts is."""
    scripts = "\n".join((SHARED / name).read_text("utf-8") for name in files)
    page = "const document = { documentElement: {} }, PHRASES = {}, LANGUAGE = 'en'"
    whole = f"{page}; {scripts}; console.log(JSON.stringify({script}))"
    return json.loads(subprocess.run([str(NODE), "-e", whole], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("digits", [2, 3])
def test_a_component_writes_a_number_as_python_does(digits: int) -> None:
    written = worked(f"{VALUES}.map((v) => brief(v, {digits}))", "palette.js")
    assert written == [number(value, digits).replace("\N{NO-BREAK SPACE}", " ") for value in VALUES]


@pytest.mark.parametrize("decimals", [0, 1])
def test_a_component_writes_a_share_as_python_does(decimals: int) -> None:
    shares = [0, 1e-9, 2e-4, 0.0123, 0.41, 0.994, 0.997, 0.9999, 1 - 2e-6, 1 - 2**-24, 1]
    written = worked(f"{shares}.map((share) => percentOf(share, {decimals}))", "palette.js")
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in written] == [
        percent(share, decimals).replace("\N{NO-BREAK SPACE}", " ") for share in shares
    ]
    assert worked("[percentTo(0.9997, 3), percentTo(0.12345, 3), percentTo(1, 3)]", "palette.js") == [
        f"{text}{THIN}%" for text in ("99.97", "12.3", "100")
    ]


def test_thousands_are_written_alike_beside_axes_on_pointing_and_within_phrases() -> None:
    labels = worked("[short(-2400), short(120000), short(1.5e6), decimals(500, 1500), decimals(0.5, -2)]", "axes.js")
    assert labels == ["−2,400", "120,000", "1.5M", "1,500", "−2.0"]
    assert worked("[format(2417, 6), format(0.5, 4)]", "palette.js") == ["2,417.00", "0.5000"]
    assert worked("[phrase`step ${2000} of ${'2000'}`]", "phrases.js") == ["step 2,000 of 2000"]
