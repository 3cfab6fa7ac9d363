"""The course page: the book's contents, and one lesson at a time."""
