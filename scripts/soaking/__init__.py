"""The soak: an hour of film, hundreds of rounds in one process, and what grows meanwhile."""
