"""Mirror: writes a run file here while the run is trained elsewhere."""

from __future__ import annotations

from explorer.cluster import excerpt
from explorer.runs import file
from explorer.runs.history import sum_up
from explorer.runs.recorder import Recorder


class Mirror(Recorder):
    """Writes what another machine's recorder of the same run has written; thins its weights by itself."""

    def take_in(self, news: bytes) -> None:
        """Adds an excerpt's rows in one transaction, so readers see the state of one moment.

        RunFileError if the file has moved.
        """
        self.commit()
        rows = excerpt.rows_of(news)
        with self._writing():
            for table, new in rows.items():
                excerpt.add(self._connection, table, new)
            if rows["steps"]:
                sum_up(self._connection, rows["steps"][0][0], rows["steps"][-1][0] + 1)
            for id, *_ in rows["events"]:
                self._event = id
            for step, _, weights, state in rows["snapshots"]:
                self._checkpoints.add(step, len(weights) + len(state))

    def last(self) -> int:
        """Steps taken so far."""
        return self._connection.execute("SELECT coalesce(max(step) + 1, 0) FROM steps").fetchone()[0]

    def state_and_reason(self) -> tuple[str, str]:
        """The run's state and reason, as its file has them."""
        status = file.get_meta(self._connection, "status", {"state": "waiting", "reason": ""})
        return status["state"], status["reason"]
