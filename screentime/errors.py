"""One short tree of errors; each says what is wrong and what to do about it."""

from __future__ import annotations


class ScreentimeError(Exception):
    """Something of ours or of the world's went wrong (exit code 1).

    Parameters
    ----------
    what : str
        What is wrong, and where: a whole sentence.
    remedy : str
        What the person can do now: a whole sentence.
    """

    exit_code = 1

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


class ServerError(ScreentimeError):
    """Label Studio cannot be reached, refuses, or answers something else than it should."""


class BackboneError(ScreentimeError):
    """The backbone cannot be fetched, read, or is no feature vector."""


class UserMistake(ScreentimeError):
    """What was asked for cannot be done as asked (exit code 2)."""

    exit_code = 2


class ConfigError(UserMistake):
    """screentime.toml or a flag has a value that cannot be used."""


class FilmError(UserMistake):
    """A film that cannot be read."""


class TruthError(UserMistake):
    """A file of known labels that cannot be read."""


class ModelError(UserMistake):
    """A model folder that is damaged or does not fit this work."""


class NotReady(UserMistake):
    """An earlier step is missing; the remedy names it."""


class Busy(UserMistake):
    """Another screentime command is at work in the same workspace."""
