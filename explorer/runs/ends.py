"""Reasons, in the file's words, for the end of a training that nobody paused."""

from __future__ import annotations

SERVER_STOPPED = "the server stopped"
HOST_KILLED = "the process that makes all others was killed"
COPIED = "copied while it was trained: its newest steps were in a second file, ending in -wal, that is not here"
