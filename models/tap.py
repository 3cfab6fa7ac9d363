"""Tap: an identity module that gives a value worth watching a name.

A model says `pattern = self.pattern(scores.softmax(-1))`; whoever wants to see the pattern hooks the
module `blocks.0.attention.pattern`. Nobody looking costs one function call (TransformerLens'
`HookPoint` is the same idea).
"""

from torch import Tensor, nn


class Tap(nn.Module):
    """Gives back what it gets.

    each: it is passed again at each position, as in a recurrent cell, with that position's value alone.
    """

    def __init__(self, each: bool = False):
        super().__init__()
        self.each = each

    def forward(self, x: Tensor) -> Tensor:
        return x
