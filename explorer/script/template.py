"""Templates of lines: `$name` is filled in, and a line that ends with `@flag` stays only where that flag holds.

`@a&!b` asks for a and not b. Nothing else is known to it, so that what stands in a template is what a visitor gets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from string import Template

FLAGS = re.compile(r" *@([a-z!&\-]+)$")


def filled(template: str, flags: Set[str], values: Mapping[str, object]) -> list[str]:
    """The lines of a template that stay, without their flags. KeyError for a `$name` without a value."""
    kept = []
    for line in template.strip("\n").splitlines():
        wanted = FLAGS.search(line)
        if wanted and not all((flag.lstrip("!") in flags) != flag.startswith("!") for flag in wanted[1].split("&")):
            continue
        kept.append(Template(FLAGS.sub("", line)).substitute({name: str(value) for name, value in values.items()}))
    return kept
