"""Writing: what a model says next, a text token after token, the best answer, the likely ones, how errors grow."""
