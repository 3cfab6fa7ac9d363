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
PROFILES = """
import sys
from explorer.training import uncompiled

uncompiled.leave_out()
import torch._dynamo.utils
from torch._dynamo import utils
assert utils is sys.modules["torch._dynamo.utils"] is torch._dynamo.symbolic_convert.torch._dynamo.utils
assert utils.__spec__.loader.name == "torch._dynamo.utils"
from torch.profiler import ProfilerActivity, profile
with profile(activities=[ProfilerActivity.CPU]):
    torch.ones(3).sum()
"""


def test_who_imports_a_part_of_the_compiler_or_profiles_gets_the_compiler():
    done = subprocess.run([sys.executable, "-c", PROFILES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_optimizer_loads_the_compiler_and_all_train_as_beside_it():
    done = subprocess.run([sys.executable, "-c", TRAINS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
