"""The dialog that shows a run in PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
from here import Here
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded

from explorer.ui import server


def page(path: str) -> None:
    """The dialog, open."""
    from explorer.ui import server
    from explorer.ui.parts import in_pytorch

    in_pytorch.dialog(server.opened(path))


@pytest.mark.parametrize(("own", "shown"), [(0.0, "class Attention(nn.Module):"), (0.5, "")])
def test_it_shows_the_script_or_says_what_no_line_is_written_for(tmp_path: Path, monkeypatch, own: float, shown: str):
    here = Here()
    monkeypatch.setattr(server, "host", lambda: here)
    run = recorded(tmp_path / f"own-{own}.run", 4, TINY.replace({"train.own_prefix": own}))
    app = AppTest.from_function(page, args=(str(run.path),), default_timeout=240).run()
    assert not app.exception
    assert not here.failures
    if shown:
        assert shown in app.code[0].value
        assert "steps 0 to 3" in app.caption[0].value
    else:
        assert "reads its own tokens while it trains" in app.info[0].value
        assert not app.code
