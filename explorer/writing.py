"""The command `write`: what a run's model writes on after a prompt, or answers to an input. As in commands.py."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from explorer.measure.names import plural

if TYPE_CHECKING:
    from explorer.runs.run import Run


def write(options: argparse.Namespace) -> None:
    """Prints the text. What is cut off a prompt that is longer than the context is said on stderr."""
    import explorer
    from explorer.measure.sampling import STAGES

    run = explorer.Run.open(options.run)
    settings = {name: getattr(options, name) for name in STAGES if getattr(options, name) is not None}
    if options.beam is None:
        text = explorer.write(
            run, options.prompt, options.length, step=options.step, seed=options.seed, **settings
        ).text
    elif settings:
        raise ValueError(f"a beam draws nothing, so it has no {' and no '.join(settings)}; leave them or --beam out")
    else:
        text = searched(run, options)
    context = run.config.model.context
    if (cut := run.task.opening(options.prompt).tokens.shape[1] - context) > 0:
        print(
            f"the model reads {context:,} tokens; {cut:,} token{plural(cut)} at the beginning of the prompt "
            f"{'is' if cut == 1 else 'are'} cut off",
            file=sys.stderr,
        )
    print(text)


def searched(run: Run, options: argparse.Namespace) -> str:
    """The best answer that a beam finds. ValueError if it finds none."""
    from explorer.answers.writing.decoding import LONGEST, WIDEST, beams

    if not 1 <= options.beam <= WIDEST:
        raise ValueError(f"--beam {options.beam} is out of range; use 1 to {WIDEST}")
    step, length = run.last if options.step is None else options.step, min(options.length, LONGEST)
    best = beams(str(run.path), step, options.prompt, options.beam, length=length, budget=1).beam
    if best is None:
        raise ValueError("no answer was finished; use a wider beam")
    return best.text
