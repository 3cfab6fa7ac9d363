"""Pictures with axes: pure functions from data to Altair charts, or to the parts of a canvas, under one theme.

frame = charts.gradients.flow_frame(values, junctions)
charts.gradients.flow(frame)                        # displays itself in a notebook
charts.spec(charts.gradients.flow(frame))           # what a live page keeps; see there
"""

from explorer.charts import embeddings, gradients, heads, highways, interventions, lens, progress, theme
from explorer.charts.theme import spec

__all__ = ["embeddings", "gradients", "heads", "highways", "interventions", "lens", "progress", "spec", "theme"]
