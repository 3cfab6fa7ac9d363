"""Locks: one writer per run and one driver per search, whichever home they are started from.

A run's lock is named after the file's inode: two names of one file (hard links) have one lock. Locks lie in a folder of
this user's: not with the run, which stays a single file, and not in EXPLORER_HOME, since a file can be opened from any
home. The files are empty and stay: removing one while another process opens it would make two.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.runs.file import RunFileError, identity


def run_lock(path: Path) -> FileLock:
    """The lock that the recorder of the run at `path` holds. RunFileError if there is no such file."""
    device, inode = identity(path)
    return FileLock(folder() / f"{device:x}-{inode:x}.lock")


def search_lock(path: Path) -> FileLock:
    """The lock that the driver of the search at `path` holds: by name, since its file is replaced as it grows."""
    name = hashlib.blake2b(str(path.resolve()).encode(), digest_size=12).hexdigest()
    return FileLock(folder() / f"{name}.lock")


def held(lock: FileLock) -> bool:
    """True while anyone holds the lock."""
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # without a lock file, nobody holds it
        return False


def folder() -> Path:
    """The folder of this user's locks. RunFileError if somebody else made it."""
    path = Path(tempfile.gettempdir()) / f"explorer-locks-{getpass.getuser() if os.name == 'nt' else os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or (os.name != "nt" and status.st_uid != os.getuid()):
        raise RunFileError(f"{path} belongs to somebody else; remove it, for runs are locked there")
    return path
