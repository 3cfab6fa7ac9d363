"""What answers about reading give."""
