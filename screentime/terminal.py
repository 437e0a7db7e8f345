"""How the command line talks: sentences and progress on stderr, data on stdout."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from screentime.talk import Step, Talk

# A log that is read by a person wants no more lines than one in so many seconds.
QUIET_SECONDS = 2.0


class Terminal(Talk):
    """Talk for a person: stderr, with a bar where stderr is a terminal.

    Where it is none, a task says where it is at its beginning and, when it is long, every tenth of
    the way.

    Parameters
    ----------
    clock : callable
        Seconds that pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console

        self.clock = clock
        self.bars: Any = None
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)

    def say(self, sentence: str) -> None:
        self.console.print(harmless(sentence))

    def item(self, lead: str, style: str, width: int, sentences: Sequence[str]) -> None:
        """Tell sentences beside a word, coloured where there are colours, none of them below it.

        Parameters
        ----------
        lead : str
        style : str
            By Rich's name.
        width : int
            Columns that the word takes.
        sentences : sequence of str
            A line each at least.
        """
        from rich.text import Text

        room = self.console.width - width
        for number, sentence in enumerate(map(_spelled_out, sentences)):
            # A file or a pipe has no width.
            wide = self.console.is_terminal and room > 20
            lines = Text(sentence).wrap(self.console, room) if wide else [Text(sentence)]
            for place, line in enumerate(lines):
                first = not number and not place
                self.console.print(Text(lead.ljust(width) if first else " " * width, style if first else ""), line.plain.rstrip(), sep="")

    @contextmanager
    def progress(self, task: str) -> Iterator[Step]:
        if not self.console.is_terminal:
            yield self._tenths(task)
            return
        with self._bars() as bars:
            within = bool(bars.task_ids)
            number = bars.add_task(_spelled_out(task), total=None, count="", left="")
            yield lambda done, total: bars.update(
                number, completed=done, total=total or None, count=f"{done} of {total}" if total else "",
                left="left" if total else "",
            )
            if within:
                bars.remove_task(number)

    @contextmanager
    def _bars(self) -> Iterator[Any]:
        """The bars on the screen: one task may begin within another."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        if self.bars is not None:
            yield self.bars
            return
        # What is done and what is left are known from the first step on; until then, how long it takes.
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[left]}"),
        )
        try:
            with Progress(*columns, console=self.console, transient=True) as self.bars:
                yield self.bars
        finally:
            self.bars = None

    def _tenths(self, task: str) -> Step:
        told, spoken = [0], [float("-inf")]

        def step(done: int, total: int) -> None:
            tenth = 10 * done // total if total else 0
            # At once, so that it is known what is being done, and then not more often than is read.
            if total and (not told[0] or tenth > told[0]) and self.clock() - spoken[0] >= QUIET_SECONDS:
                told[0], spoken[0] = max(tenth, 1), self.clock()
                self.say(f"{task}: {done} of {total}")

        return step


def say_next(sentence: str) -> None:
    """Name the next command, on stderr."""
    Terminal().say(f"Next: {sentence}")


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # JSON leaves some of a terminal's orders as they are, and has words for them that mean the same.
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stdout: numbers to the right, nothing where there is none.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : sequence of sequence
        Cells: text, numbers (shown with one decimal when they are no whole ones) or None.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(columns):
        numeric = any(isinstance(row[number], (int, float)) for row in rows)
        table.add_column(Text(heading), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        # A pipe has no width: never fold a row there.
        unbound = console.options.update(max_width=1_000_000)
        console = Console(highlight=False, width=console.measure(table, options=unbound).maximum)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return _spelled_out(f"{value:.1f}" if isinstance(value, float) else str(value))


def harmless(text: str) -> str:
    """A text of several lines, such as a table, as a terminal may print it."""
    return "\n".join(map(_spelled_out, text.split("\n")))


def _spelled_out(text: str) -> str:
    """A file's name may hold line breaks and a terminal's orders: as letters they do nothing."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


