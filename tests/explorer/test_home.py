"""Home: where runs and caches live, whatever the environment says."""

import re
from pathlib import Path

import pytest

from explorer.__main__ import main
from explorer.home import home


def nowhere() -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.fixture
def of_user(monkeypatch, tmp_path) -> Path:
    """The user's home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_a_value_home_is_in_the_users_home(monkeypatch, of_user, value):
    monkeypatch.delenv("EXPLORER_HOME")
    if value is not None:
        monkeypatch.setenv("EXPLORER_HOME", value)
    assert home() == of_user / ".attention-gradient-explorer"


@pytest.mark.parametrize(("value", "inside"), [("~", ""), ("~/mine", "mine")])
def test_a_tilde_is_the_users_home(monkeypatch, of_user, value, inside):
    monkeypatch.setenv("EXPLORER_HOME", value)
    assert home() == of_user / inside


def test_the_dashboard_works_elsewhere_and_keeps_a_relative_home_where_it_was_called(monkeypatch, tmp_path):
    class Begun(Exception):
        """The server would run now."""

    def begin(path: str, command: list[str], environment: dict[str, str]) -> None:
        raise Begun(environment["EXPLORER_HOME"])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPLORER_HOME", "runs-here")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.execve", begin)
    with pytest.raises(Begun, match=re.escape(str(tmp_path / "runs-here"))):
        main(["dashboard"])


def test_the_users_home_is_not_asked_for_where_another_is_set(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", staticmethod(nowhere))
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    assert home() == tmp_path


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as it does where there is none
    monkeypatch.delenv("EXPLORER_HOME")
    with pytest.raises(ValueError, match="set EXPLORER_HOME"):
        home()
