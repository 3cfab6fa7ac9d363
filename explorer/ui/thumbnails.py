"""The pictures on the preset cards: one attention pattern of each preset, really trained.

`python -m explorer.ui.thumbnails [NAME …]` trains presets (seed 0) and writes explorer/ui/thumbnails/NAME.png; without
a name it is every one that has a picture.
Colour is transparent where attention is 0, so a picture sits on a light card and on a dark one.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.config.presets import ANSWERING, ORDINARY, READING
from explorer.config.run import RunConfig
from explorer.measure.attention import entropy
from explorer.measure.lines import lines

FOLDER = Path(__file__).parent / "thumbnails"
INK = (92, 124, 250)
SIDE = 240  # pixels, about
EXAMPLES = 8  # of the probe


def clearest(config: RunConfig, steps: int) -> np.ndarray:
    """The pattern (Q, K) with the clearest line, or else the least even one, after `steps` steps.

    Of the probe's first examples it is one that is as long as any.
    """
    from explorer import observe, train

    training = train(config)
    for _ in islice(training, steps):
        pass
    batch, pad = training.task.probe(EXAMPLES), training.task.vocabulary.pad
    lengths = ((batch.tokens if batch.source is None else batch.source) != (-1 if pad is None else pad)).sum(1)
    trace = observe(training.model, batch, gradients=False, wanted=lambda n: n.endswith("pattern"))
    names = [n for n in trace.values if ".cross." in n] or list(trace.values)
    patterns = [pattern for name in names for pattern in trace.values[name][int(lengths.argmax())]]
    return max(
        patterns,
        key=lambda p: (max((line.score for line in lines(p).values()), default=0), -entropy(p[None])[0]),
    )


def image(pattern: np.ndarray) -> Image.Image:
    """A pattern as a picture; opacity grows with the probability, p^0.4, so that faint lines show when small."""
    pixels = np.zeros((*pattern.shape, 4), dtype=np.uint8)
    pixels[..., :3] = INK
    pixels[..., 3] = np.round(255 * np.clip(pattern, 0, 1) ** 0.4)
    scale = max(1, round(SIDE / max(pattern.shape)))
    height = pattern.shape[0] * scale
    size = (max(pattern.shape[1] * scale, 2 * height // 3), height)  # a card has no room for a tall and narrow one
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


def main() -> None:
    """Trains and draws those that are named, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    every = ORDINARY | READING | ANSWERING
    for name in sys.argv[1:] or every:  # a package that one is made of has to be installed
        preset = every[name]
        image(clearest(preset.config, preset.pictured)).save(FOLDER / f"{name}.png", optimize=True)
        print(f"{name}: {preset.pictured} steps", flush=True)


if __name__ == "__main__":
    main()
