"""The Runs page: what is kept on this machine, grouped, renamed, deleted and brought back."""
