"""What the service tells of a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Doing = Literal["waiting", "running", "failed"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error, as it is told.

    Attributes
    ----------
    what, remedy : str
        See `screentime.errors.ScreentimeError`.
    at : datetime
        When it was met last, with its time zone.
    passing : bool
        Whether it is only that another command is at work in the project's folder.
    """

    what: str
    remedy: str
    at: datetime
    passing: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where a project stands in the service; replaced as a whole, so that every thread may read it.

    Attributes
    ----------
    doing : {"waiting", "running", "failed"}
    task : str
        What is being done, where something is.
    done, total : int
        How far that is; both 0 where it cannot be told.
    trouble : Trouble or None
        The last error, also after it passed.
    failures : int
        Errors in a row; 0 when the last look went well.
    errors, rounds, hints : int
        How many there were since the service began.
    round_seconds : float
        What the rounds took in all.
    last_seconds : float or None
        What the last one took.
    last_round, looked : datetime or None
        When the last round of this service ended, and when Label Studio was last asked with success.
    queued : str
        Why a round was asked for, with however few labels, that was not run; empty where none was.
    said : str
        The last sentence about it.
    found : dict
        See `screentime.summary.summary`; empty until it could be read.
    """

    doing: Doing = "waiting"
    task: str = ""
    done: int = 0
    total: int = 0
    trouble: Trouble | None = None
    failures: int = 0
    errors: int = 0
    rounds: int = 0
    hints: int = 0
    round_seconds: float = 0.0
    last_seconds: float | None = None
    last_round: datetime | None = None
    looked: datetime | None = None
    queued: str = ""
    said: str = ""
    found: dict[str, Any] = field(default_factory=dict)
