"""What is made when it is first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class lazily:
    """`functools.cached_property` without its lock.

    In Python 3.11 that lock is one for all objects of a class: while one of them waits for its server, the others
    would wait for it too. Of two threads that ask the same object at once, both may make it.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, one: Any, owner: type | None = None) -> Any:
        if one is None:
            return self
        # Kept in the object itself, it is found there from now on, and may be put there beforehand.
        return one.__dict__.setdefault(self._name, self._make(one))
