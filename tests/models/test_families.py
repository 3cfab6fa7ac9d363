"""What a record of a family of models says, against the model that it builds."""

from __future__ import annotations

import torch

from models.attention import patterned
from models.families import FAMILIES, PARTS, build, kinds
from models.layers import Dropout
from models.transformer import attentions


def test_a_record_is_whole():
    for family in FAMILIES.values():
        for name, kind in family.kinds.items():
            settings = family.config(kind=name)
            assert {"kind", "width"} <= set(vars(settings))
            assert kind.parts <= set(PARTS)
            assert ("context" in vars(settings)) == ("logits" in kind.parts)
            model = build(settings, 11, torch.Generator().manual_seed(0))
            paths = {path for path, _ in model.named_modules()}
            assert list(patterned(model)) == list(getattr(settings, "attentions", ()))
            assert ("attention" in kind.parts) == bool(patterned(model))
            assert ("attention heads" in kind.parts) == bool(attentions(model))
            assert ("recurrent state" in kind.parts) == (f"{kind.stacks[-1]}layers.0.hidden" in paths)
            for part, module in (("token embedding", "embedding"), ("positions", "positions")):
                has = {f"{stack}{module}" for stack in kind.stacks} <= paths
                assert has == (part in kind.parts), (name, part)
            assert ("logits" in paths) == ("unembedding" in paths) == ("logits" in kind.parts)
            assert any(isinstance(module, Dropout) for module in model.modules()) == ("dropout" in kind.parts)
    assert list(kinds()) == [*dict.fromkeys(name for family in FAMILIES.values() for name in family.kinds)]
