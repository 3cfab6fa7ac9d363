"""What the Reading page alone shows."""
