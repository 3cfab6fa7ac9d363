"""Writing: from logits to text."""
