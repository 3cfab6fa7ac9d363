"""Pictures with axes: pure functions from data to Altair charts, under one theme.

frame = charts.progress.frame(run.curve(), "loss", validation=run.validation)
charts.progress.losses(frame)                       # displays itself in a notebook
charts.spec(charts.progress.losses(frame))          # what a live page keeps; see there
"""

from explorer.charts import embeddings, gradients, heads, highways, interventions, lens, progress, theme
from explorer.charts.theme import spec

__all__ = ["embeddings", "gradients", "heads", "highways", "interventions", "lens", "progress", "spec", "theme"]
