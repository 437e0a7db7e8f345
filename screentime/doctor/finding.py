"""What one check found, in words; and how a check says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from screentime.doctor.place import Place

OK, WARNING, FAILED, LEFT_OUT = "ok", "warning", "failed", "left out"
State = Literal["ok", "warning", "failed", "left out"]
# What a check names that can be mended.
MEND = "`screentime doctor --fix`"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
        The check.
    state : {"ok", "warning", "failed", "left out"}
        ``failed``: something does not work; ``warning``: it works, and something of it should be known;
        ``left out``: it could not be looked at, because something else is missing.
    sentence : str
        What was found, and where it is a failure its cause; why it was left out.
    fix : str
        What to do about it; empty where there is nothing to do.
    fixed : str
        What was done about it just now; empty where nothing was.
    code : int
        Of a failure the exit code of its class of error: 2 for the person's set-up, else 1. Otherwise 0.
    """

    name: str
    state: State
    sentence: str
    fix: str = ""
    fixed: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes
    ----------
    name : str
    look : callable
        Gives a finding; raises a `ScreentimeError` where something does not work and `Missing` where it
        cannot be looked at. Changes nothing.
    mend : callable, optional
        Does what is safe about what `look` found and says in sentences what it did; empty text where
        nothing could be done. Never touches labels, nor anything that screentime did not make.
    """

    name: str
    look: Callable[[Place], Finding]
    mend: Callable[[Place], str] | None = None


class Missing(Exception):
    """What a check needs is not there; the reason is what the line says. No failure of its own."""


def ok(sentence: str) -> Finding:
    """All is well; its name is added by who walks the checks."""
    return Finding("", OK, sentence)


def warning(sentence: str, fix: str) -> Finding:
    """It works, and something should be known or done."""
    return Finding("", WARNING, sentence, fix)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 frame``, ``2 frames``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
