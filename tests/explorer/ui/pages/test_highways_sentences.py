"""What the gradient's splits say."""

from __future__ import annotations

from explorer.measure.highways import Fork
from explorer.ui.gradients.highways import fork_sentence

LATE = Fork(at="blocks.5.x", through="blocks.5.mlp", whole=1.0, skip=0.0, block=1.0, cosine=0.0)
EARLY = Fork(at="blocks.0.x", through="blocks.0.attention", whole=1e-300, skip=0.0, block=1e-300, cosine=0.0)


def test_without_a_skip_path_a_sentence_and_no_ratio_of_hundreds_of_digits():
    said = fork_sentence(7, [EARLY, LATE])
    assert said == "There is no skip path here: all of the gradient has to go through every block."
