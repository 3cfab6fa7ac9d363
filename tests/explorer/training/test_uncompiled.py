"""torch's compiler is not loaded for an optimizer that nobody compiles, and is there for whoever needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TRAINS = """
import sys
from explorer.config.optimizers import OPTIMIZERS
from explorer.config.run import RunConfig
from explorer.training.loop import train

COMPILER = "torch._dynamo.symbolic_convert"
small = {"model.layers": 1, "model.width": 16, "model.heads": 2, "train.batch": 4, "train.device": "cpu"}
def losses(name):
    training = train(RunConfig().replace(small | {"optimizer.name": name}))
    return [next(training).loss for _ in range(3)]

apart = {name: losses(name) for name in OPTIMIZERS}
assert COMPILER not in sys.modules
import torch
assert torch._dynamo.config.cache_size_limit > 0
assert COMPILER in sys.modules
from torch._dynamo import is_compiling
assert not is_compiling()
assert apart == {name: losses(name) for name in OPTIMIZERS}
"""


def test_no_optimizer_loads_the_compiler_and_all_train_as_beside_it():
    done = subprocess.run([sys.executable, "-c", TRAINS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
