"""How a search is computed, in words, formulas, sources and code."""

from __future__ import annotations

from explorer.search import ledger, stopping

TEXT = r"""
**Proposals** come from Optuna (Akiba et al. 2019): TPE (Bergstra et al. 2011) models good trials by a density
$l(x)$ and the others by $g(x)$, and proposes the $x$ with the largest $l(x)/g(x)$. Trial $n$ is proposed from the
results of trials $0 \dots n - L$ with a random state of its own, where $L = 1$ for one trial at a time and twice as
many as train together otherwise. So which trials come depends on neither timing nor the machine, and a search that
was killed goes on to the same ones.

**Measured** every few steps on held-out data; where every batch is new, by the mean loss of the batches since the last
measurement. A trial counts by its best measurement, also while it trains and where it was given up; one that diverged
does not count.

**Given up** by the median rule (Golovin et al. 2017): its best so far is worse than the median, at the same step,
of the trials that came to their end before it was decided. **Stopped early** when patience is over: so many steps
without a new best (Prechelt 1998). **Overfits** from its lowest held-out loss on, if that has risen by 2 % or more
since while the training loss fell.

**Importance**: PED-ANOVA (Watanabe et al. 2023) over the trials that came to their end: how much each setting alone
tells the better ones from the rest. **Contour**: linear interpolation on the triangles between these trials; nothing
is drawn outside of them.

**Where**: each trial has a process of its own, as many at once as there are cores. With `EXPLORER_RAY_ADDRESS` the same
process runs on a Ray cluster (Moritz et al. 2018) and what it writes is copied into the run files here; its losses are
the same, bit for bit.
"""
FUNCTIONS = (stopping.out_of_patience, stopping.overfitting_from, ledger.measured)
