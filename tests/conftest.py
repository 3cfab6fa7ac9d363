"""What all tests share: a home of their own for runs and caches."""

from __future__ import annotations

import os
import tempfile

# before anything of the explorer is imported; caches are kept between test runs, runs are not
_CACHE = os.path.join(tempfile.gettempdir(), "explorer-tests")
os.environ["EXPLORER_HOME"] = os.environ.get("EXPLORER_TEST_HOME", _CACHE)
os.environ["OMP_NUM_THREADS"] = "1"
