"""What pages look at: pure functions of (weights at a step, an input), computed in a looker.

Each gives plain values and arrays. A page asks for `module.function`, such as `attention.patterns`.
"""
