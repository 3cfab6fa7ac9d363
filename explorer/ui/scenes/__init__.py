"""Scenes of this visit: made by bookmarks, brought by a file, gone through with the keys N and B."""
