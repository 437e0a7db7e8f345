"""What a command found: a table for a person, data for a program. One decorator for every command."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_type_hints

import typer

from screentime.errors import ScreentimeError
from screentime.terminal import Terminal, harmless, print_json, say_next

Format = Literal["table", "json", "csv"]

FORMAT = Annotated[Format | None, typer.Option(
    "--format", help="How to print what was found; left out, a table in a terminal and CSV in a pipe.",
    show_default=False,
)]
JSON = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


@dataclass(frozen=True)
class Result:
    """What a command found, in every form in which it can be printed.

    Attributes
    ----------
    value : object
        One JSON value.
    tell : callable
        Prints it for a person.
    rows : sequence of mapping, optional
        The same as flat rows with the same keys. None where the command does something rather than finds
        something: then a pipe gets nothing unless it asks, and ``value`` is the one row.
    notes : sequence of str
        What a person must know of it, whatever the format.
    next : str
        The next command; empty where there is none to name.
    failure : ScreentimeError, optional
        Raised when all else is told.
    piped : bool
        Whether a pipe gets the rows unasked; not where all is made to be read by a person.
    """

    value: Any
    tell: Callable[[], None]
    rows: Sequence[Mapping[str, Any]] | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    next: str = ""
    failure: ScreentimeError | None = None
    piped: bool = True


def results(command: Callable[..., Result]) -> Callable[..., None]:
    """Give a command ``--format`` and ``--json``: data goes to stdout, everything else to stderr.

    A command that has a ``--json`` of its own, a file to write, keeps it.

    Parameters
    ----------
    command : callable
        A command whose parameters typer understands; it returns a `Result`.

    Returns
    -------
    callable
        The command with two more parameters.
    """

    own = inspect.signature(command)
    flags = [("format", None, FORMAT), *([] if "json" in own.parameters else [("json", False, JSON)])]

    @functools.wraps(command)
    def told(*args: Any, format: Format | None = None, **kwargs: Any) -> None:
        if len(flags) > 1 and kwargs.pop("json", False):
            if format not in (None, "json"):
                raise typer.BadParameter(f"--json and --format {format} contradict each other.")
            format = "json"
        show(command(*args, **kwargs), format)

    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, default, kind in flags
    ]
    hints = get_type_hints(command, include_extras=True)
    shown = [one.replace(annotation=hints[one.name]) for one in own.parameters.values()]
    told.__signature__ = own.replace(parameters=[*shown, *more], return_annotation=None)  # type: ignore[attr-defined]
    # typer reads the annotations apart from the signature.
    told.__annotations__ = {one.name: one.annotation for one in (*shown, *more)}
    del told.__wrapped__
    return told


def show(result: Result, format: Format | None) -> None:
    """Print a result.

    Parameters
    ----------
    result : Result
    format : {"table", "json", "csv"} or None
        None: a table in a terminal; in a pipe CSV, where there are rows, else what is told on stderr.

    Raises
    ------
    ScreentimeError
        The result's ``failure``.
    """
    try:
        _print(result, format)
    except BrokenPipeError:
        raise  # the reader has seen enough; click ends quietly
    except OSError as error:
        # What could not be written must not be tried once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ScreentimeError(
            f"The result cannot be written: {error.strerror}.", "See that space is left where it goes."
        ) from None
    for sentence in result.notes:
        Terminal().say(sentence)
    if result.next:
        say_next(result.next)
    if result.failure is not None:
        raise result.failure


def _print(result: Result, format: Format | None) -> None:
    if format == "json":
        print_json(result.value)
    elif format == "csv" or (format is None and result.rows and result.piped and not sys.stdout.isatty()):
        from screentime.report.tables import to_csv

        text = to_csv([result.value] if result.rows is None else result.rows)
        sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
    else:
        result.tell()
    # Now, while a reader that has gone away is still no surprise.
    sys.stdout.flush()
