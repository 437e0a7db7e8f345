"""On-screen time of characters in films, with as few labels from people as possible."""

__version__ = "0.1.0"
