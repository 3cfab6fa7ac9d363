"""Tap: an identity module that gives a value worth watching a name.

A model says `pattern = self.pattern(scores.softmax(-1))`; whoever wants to see the pattern hooks the
module `blocks.0.attention.pattern`. Nobody looking costs one function call (TransformerLens'
`HookPoint` is the same idea).
"""

from torch import Tensor, nn


class Tap(nn.Module):
    """Gives back what it gets."""

    def forward(self, x: Tensor) -> Tensor:
        return x
