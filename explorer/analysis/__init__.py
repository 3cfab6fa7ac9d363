"""Analysis: the computation of a model in parts, one module per subject, with torch."""
