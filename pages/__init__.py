"""The dashboard's pages: one thin script each."""
