"""The interface in a viewer’s language: which one it is, and the border where words change into it."""
