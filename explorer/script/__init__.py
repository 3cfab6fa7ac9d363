"""A run's training as a script of PyTorch alone: what a visitor takes home and changes."""
