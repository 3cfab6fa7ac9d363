"""Keeps memory that one step frees in the process, for the next step."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # names and values of glibc's <malloc.h>


@cache
def keep() -> None:
    """Keeps glibc from returning large blocks to the kernel at once.

    By default it does, and every training step then meets a thousand page faults, a tenth of its time. Costs at most
    256 MB of idle memory. Does nothing on other systems than Linux.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(MMAP_THRESHOLD, 32 << 20)  # glibc's own upper limit
        libc.mallopt(TRIM_THRESHOLD, 256 << 20)
