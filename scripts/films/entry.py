"""What the corpus says of each of its films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# Read without a word; read with a warning; refused in a sentence; or, where nobody can say beforehand, any of these.
Outcome = Literal["read", "warned", "refused", "any"]
Make = Callable[[Path], None]


@dataclass(frozen=True)
class Entry:
    """One film of the corpus.

    Attributes
    ----------
    family : str
        What is odd about it.
    name : str
        Its file's name in the family's folder.
    make : callable
        Writes the file at a path. `Unmade` where this machine cannot.
    outcome : {"read", "warned", "refused", "any"}
        What must become of it.
    says : str
        What the warning or the refusal must hold.
    rate : float
        Where the pictures are numbered and come evenly: how many a second. 0: only FFmpeg knows the times.
    second_of : callable or None
        Where numbered pictures do not come evenly, and FFmpeg does not know either: when each comes.
    base : str
        Name of the film in family ``base`` that it was spoiled from.
    quick : bool
        Whether the sample has it.
    cli : bool
        Whether the command line is tried on it as well.
    """

    family: str
    name: str
    make: Make
    outcome: Outcome = "read"
    says: str = ""
    rate: float = 0.0
    second_of: Callable[[int], float] | None = None
    base: str = ""
    quick: bool = False
    cli: bool = False

    @property
    def place(self) -> str:
        """Where it lies in the corpus."""
        return f"{self.family}/{self.name}"


class Unmade(Exception):
    """This machine cannot make the film; the words say why."""
