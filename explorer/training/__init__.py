"""The training loop and its parts: optimizers, schedules, heads, device, randomness."""
