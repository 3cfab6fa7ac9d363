"""Numbers from traces and runs: numpy, no torch where numpy will do."""
