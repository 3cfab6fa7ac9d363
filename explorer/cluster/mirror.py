"""Mirror: writes a run file here while the run is trained elsewhere."""

from __future__ import annotations

from explorer.cluster import excerpt
from explorer.runs import file
from explorer.runs.recorder import Recorder, sum_up


class Mirror(Recorder):
    """Writes what another machine's recorder of the same run has written there; thins its weights by itself."""

    def take_in(self, news: bytes) -> None:
        """Adds an excerpt's rows, all at once: a reader finds the file as it was there at one moment."""
        rows = excerpt.rows_of(news)
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for table, new in rows.items():
                excerpt.add(self._connection, table, new)
            if rows["steps"]:
                sum_up(self._connection, rows["steps"][0][0], rows["steps"][-1][0] + 1)
            for id, *_ in rows["events"]:
                self._event = id
            for step, _, weights, state in rows["snapshots"]:
                if step not in self._snapshots[-1:]:
                    self._snapshots.append(step)
                self._thin(len(weights) + len(state))

    def last(self) -> int:
        """Steps taken so far."""
        return self._connection.execute("SELECT coalesce(max(step) + 1, 0) FROM steps").fetchone()[0]

    def said(self) -> tuple[str, str]:
        """What the run is doing, as its file says, and why."""
        status = file.get_meta(self._connection, "status", {"state": "waiting", "reason": ""})
        return status["state"], status["reason"]
