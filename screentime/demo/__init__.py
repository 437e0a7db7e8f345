"""The demo: a cartoon film drawn by the project, with its truth."""
