"""What answers are: one frozen dataclass for each, without torch, so that pages can read them by field."""
