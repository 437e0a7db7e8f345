"""One project in the service: when it is looked at, what is done then, and what is told of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from screentime.cards import state_of
from screentime.config import override
from screentime.errors import Busy, ScreentimeError
from screentime.rounds import Loop
from screentime.service.asking import Asking
from screentime.service.settling import QUIET_SECONDS, Settling
from screentime.service.state import State, Trouble
from screentime.talk import Step, Talk
from screentime.watching import Watching
from screentime.workspace import Workspace

# All answers are read again so often, though there be as many as before.
LOOK_AGAIN_SECONDS = 60.0
# After an error; twice as long after each further one. Another command ends by itself.
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, OTHERS_SECONDS = 5.0, 300.0, 20.0
# How long a server may take to be reached, and to count; one that hangs keeps the other projects waiting so long.
CONNECT_SECONDS, COUNT_SECONDS = 10.0, 30.0
# A project that fails is tried after the others, and after so long past its time whatever they do.
LAST_SECONDS = 60.0
# Why a round is asked for that an earlier service was asked for.
BEFORE = "Start training was pressed before the service began"
# Older pre-annotations are deleted so long before it is another project's turn.
CLEARING_SECONDS = 1.0


class Served:
    """A project that the service keeps going.

    Parameters
    ----------
    workspace : Workspace
    changes : mapping
        Options of the command line, which go before those of screentime.toml.
    say : callable of str
        Told what a person at the terminal is told.
    register : callable of Loop, optional
        Lets the project's server send hints; called when the project is opened.
    poll : float, optional
        Seconds between two looks where no hint comes.
    name : str, optional
        What people know it by; by itself its folder's name, since the path is nobody else's business.

    Attributes
    ----------
    workspace : Workspace
    name : str
    identity : str
        Of screentime.toml.
    number : int or None
        Of the project in Label Studio; None before it was pushed.
    state : State
    wake : callable
        Called when it is due sooner than it was.

    Raises
    ------
    ConfigError
        If the workspace is none, or its options cannot be used.
    """

    def __init__(
        self, workspace: Workspace, changes: Mapping[str, Any], say: Callable[[str], None],
        register: Callable[[Loop], None] = lambda loop: None, poll: float = 10.0, name: str | None = None,
    ) -> None:
        self.workspace = workspace
        self.name = printable(name or workspace.root.name)
        self.state = State()
        self.identity = workspace.config().project.id
        self.number: int | None = None
        with suppress(ScreentimeError):  # what is damaged the first look tells
            self.number = workspace.progress().project
        self.wake: Callable[[], None] = lambda: None
        self._changes = dict(changes)
        self._say, self._register, self._poll = say, register, poll
        self._lock = threading.Lock()
        self._asked, self._hinted = False, False
        self._rounds = Asking(workspace.asked_file)
        if self._rounds.pending:
            self.state = replace(self.state, queued=BEFORE)
        self._next, self._earliest = 0.0, 0.0
        self._settling = Settling()
        self._watching: Watching | None = None
        self._cluttered = False  # there may be older pre-annotations
        self._files: object = None

    # -- for every thread -------------------------------------------------------------------------

    def loop(self) -> Loop:
        """A loop of the project as its files are now; it says nothing."""
        return Loop(self.workspace, override(self.workspace.config(), self._changes), Talk())

    def hint(self) -> None:
        """Have the project looked at soon, and a round run where there are enough new labels."""
        with self._lock:
            self._heard()
        self.wake()

    def ask(self, reason: str) -> None:
        """Have a round run soon, with however few new labels; kept on disk until it was.

        Parameters
        ----------
        reason : str
            Who asks, for the page: a sentence without its full stop.

        Raises
        ------
        ScreentimeError
            If that cannot be kept.
        """
        with self._lock:
            self._rounds.ask()
            self._heard()
            self.state = replace(self.state, queued=reason)
        self.wake()

    def say(self, sentence: str) -> None:
        """Tell a sentence, on the page and at the terminal."""
        self._tell(said=printable(sentence))
        self._say(sentence)

    def due(self) -> float:
        """When the project is to be looked at, by `time.monotonic`."""
        return min(self._next, self._earliest) if self._asked else self._next

    def turn(self, now: float) -> tuple[bool, bool, float]:
        """What projects are ordered by, the first one first: those that are due, and of these who failed last.

        Parameters
        ----------
        now : float
            By `time.monotonic`.

        Returns
        -------
        tuple
        """
        due, state = self.due(), self.state
        last = state.failures > 0 and not state.trouble.passing and now - due < LAST_SECONDS
        return (due > now, last, due)

    def _heard(self) -> None:
        self._asked = True
        self.state = replace(self.state, hints=self.state.hints + 1)

    # -- for the one that works -------------------------------------------------------------------

    def step(self) -> None:
        """Look at the project once, and do what is to be done; an error is told and waited out."""
        with self._lock:
            # Labels that were changed are as many as before.
            self._hinted, self._asked = self._hinted or self._asked, False
        try:
            self._step()
        except ScreentimeError as error:
            self._failed(Trouble(printable(error.what), printable(error.remedy), _now(), isinstance(error, Busy)))
        except Exception as error:
            what = printable(f"This failed in a way that it should not ({type(error).__name__}: {error}).")
            self._failed(Trouble(what, "Labels are safe in Label Studio. It is tried again; please report it.", _now()))

    def opened(self) -> Loop | None:
        """The loop that is worked with; None where the server could not be spoken with."""
        return self._watching.loop if self._watching else None

    def _step(self) -> None:
        if not self.state.found:
            with suppress(ScreentimeError):  # what is damaged a pull may write anew
                self._tell(found=self._summary())
        if self.workspace.progress().project is None:
            # Nothing is wrong, and nothing is there to look at.
            if self.state.looked is None:
                self.say("The frames are not in Label Studio yet: `screentime push` is waited for.")
            self._well(time.monotonic() + self._poll)
            return
        watching = self._opened()
        forced = self._rounds.pending
        count = watching.loop.answered(seconds=COUNT_SECONDS)
        if not self._settling.settled(sum(count), time.monotonic(), self.state.hints) and not forced:
            self._well(time.monotonic() + QUIET_SECONDS)
        elif forced or self._hinted or watching.wants(count):
            self._round(watching, count)
        else:
            self._clear(watching)

    def _round(self, watching: Watching, count: tuple[int, int]) -> None:
        began = time.monotonic()
        with self.workspace.locked("serve"):
            self._tell(doing="running", task="Reading the labels", done=0, total=0)
            with self._rounds.taken() as forced:
                synced = watching.look(count, force=forced)
            self._cluttered, self._hinted = True, False
        took = time.monotonic() - began
        # Where the labels are as the version was trained on, none was made.
        if synced and synced.new:
            self._tell(
                rounds=self.state.rounds + 1, round_seconds=self.state.round_seconds + took, last_seconds=took,
                last_round=_now(),
            )
        self._tell(found=self._summary())
        self._well(time.monotonic())

    def _clear(self, watching: Watching) -> None:
        """Delete some older pre-annotations, as long as there are any."""
        if self._cluttered:
            with self.workspace.locked("serve"):
                rest, until = watching.rest(), time.monotonic() + CLEARING_SECONDS
                while self._cluttered and time.monotonic() < until:
                    self._cluttered = next(rest, None) is not None
        self._well(time.monotonic() + (0.0 if self._cluttered else self._poll))

    def _opened(self) -> Watching:
        """The project, read anew where its files are other ones than before."""
        files = tuple(
            state_of(file.stat()) if file.exists() else None
            for file in (self.workspace.config_file, self.workspace.frames_table, self.workspace.audited_file)
        )
        if self._watching is None or files != self._files:
            loop = Loop(self.workspace, override(self.workspace.config(), self._changes), _Telling(self))
            self.number = self.workspace.progress().project
            # Once and not for long, since the other projects wait meanwhile; it is tried again after them.
            loop.connect(seconds=CONNECT_SECONDS, again=False)
            loop.project()
            self._register(loop)
            self._watching, self._files = Watching(loop, LOOK_AGAIN_SECONDS), files
        return self._watching

    def _summary(self) -> dict[str, Any]:
        from screentime.summary import summary

        self.number = self.workspace.progress().project
        return summary(self.workspace)

    def _well(self, following: float) -> None:
        self._next = following
        # What is asked for meanwhile waits as long where a burst is on.
        self._earliest = following if following - time.monotonic() <= QUIET_SECONDS else 0.0
        if self.state.failures:
            self._say("Goes on.")
        self._tell(doing="waiting", task="", done=0, total=0, failures=0, looked=_now())
        with self._lock:
            if not self._rounds.pending:
                self.state = replace(self.state, queued="")

    def _failed(self, trouble: Trouble) -> None:
        if self.state.trouble is None or not self.state.failures or self.state.trouble.what != trouble.what:
            self._say(f"{trouble.what} {trouble.remedy}")
        failures = self.state.failures + 1
        longest = OTHERS_SECONDS if trouble.passing else LONGEST_WAIT_SECONDS
        if not trouble.passing:
            # What was open may belong to what failed.
            self._watching = None
        now = time.monotonic()
        self._next = now + min(FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 10), longest)
        self._earliest = now + FIRST_WAIT_SECONDS
        self._tell(
            doing="failed", task="", done=0, total=0, trouble=trouble, failures=failures, errors=self.state.errors + 1
        )

    def _tell(self, **changes: Any) -> None:
        with self._lock:
            self.state = replace(self.state, **changes)


class _Telling(Talk):
    """Lets the state tell what is being done."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def say(self, sentence: str) -> None:
        self._served.say(sentence)

    @contextmanager
    def progress(self, task: str) -> Iterator[Step]:
        self._served._tell(task=task, done=0, total=0)
        yield lambda done, total: self._served._tell(task=task, done=done, total=total)


def printable(text: str) -> str:
    """A text that can be written as UTF-8: a folder's name need not be, and one project's is told with the others'."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _now() -> datetime:
    return datetime.now().astimezone()
