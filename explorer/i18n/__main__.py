"""The catalogue, for whoever translates.

python -m explorer.i18n update             collects all words; translations stay
python -m explorer.i18n check              lists what is missing or odd; 1 if there is any
python -m explorer.i18n slice 3 1          prints the untranslated messages of the first of 3 parts
python -m explorer.i18n merge PART.po      takes over the translations of such a part
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from explorer.i18n import checks, sources


def main(arguments: list[str]) -> int:
    match arguments:
        case ["update"]:
            sources.write(sources.updated())
        case ["check"]:
            lines = checks.faults(sources.kept(), sources.extracted())
            print("\n".join(lines))
            print(f"{len(lines)} to mend" if lines else "complete")
            return bool(lines)
        case ["slice", parts, which]:
            write_po(sys.stdout.buffer, part(int(parts), int(which)), width=0, include_lineno=False, omit_header=True)
        case ["merge", *paths] if paths:
            catalog = sources.kept()
            for path in paths:
                print(f"{path}: {merge(catalog, Path(path))} translations")
            sources.write(catalog)
        case _:
            print(__doc__)
            return 2
    return 0


def part(parts: int, which: int) -> Catalog:
    """The untranslated messages of one part of the catalogue, which is cut into parts of about as many letters."""
    catalog = sources.kept()
    messages = [message for message in catalog if message.id]
    total, passed = sum(len(message.id) for message in messages), 0
    cut = Catalog(sources.LANGUAGE, fuzzy=False)
    for message in messages:
        if passed * parts // total + 1 == which and not message.string:
            cut.add(
                message.id, context=message.context, locations=message.locations, auto_comments=message.auto_comments
            )
        passed += len(message.id)
    return cut


def merge(catalog: Catalog, path: Path) -> int:
    """Takes over the translations of a part; how many. What the catalogue does not have is left out and named."""
    count = 0
    for message in sources.kept(path):
        if not message.id or not message.string:
            continue
        place = catalog.get(message.id, message.context)
        if place is None:
            print(f"{path}: not in the catalogue any more: {message.id[:60]}", file=sys.stderr)
            continue
        count += place.string != message.string
        place.string = message.string
    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
