"""The parts of the Search page: a new search, how one stands, its pictures, one trial."""
