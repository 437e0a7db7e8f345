"""Keeps the pre-annotations on show while people connect and disconnect models in Label Studio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from screentime.errors import ScreentimeError
from screentime.labelstudio.connected import restore_version, silence_webhook
from screentime.labelstudio.project import reference

if TYPE_CHECKING:
    from screentime.labelstudio.client import Client
    from screentime.service.predicting import Project

# Seconds between two looks; and after a model was set up, which Label Studio does several times in a row and
# then changes the project.
EVERY = 10.0
AFTER = 2.0
# How long the end waits for a look that is on; it may be left anywhere.
END = 2.0


class Keeper:
    """Looks by itself whether the page still shows what it should, and soon after a model was set up.

    Parameters
    ----------
    projects : callable
        The service's projects.
    every, after : float, optional
        Seconds, see `EVERY` and `AFTER`.
    """

    def __init__(self, projects: Callable[[], Sequence[Project]], every: float = EVERY, after: float = AFTER) -> None:
        self._projects, self._every, self._after = projects, every, after
        self._woken, self._end = threading.Event(), threading.Event()
        self._webhooks: set[str] = set()
        self._clients: dict[int, Client] = {}

    def connected(self, webhook: str) -> None:
        """A model was set up, for which Label Studio may have made a webhook to this address."""
        self._webhooks.add(webhook)
        self._woken.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look beside the caller's work until it ends."""
        thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            self._woken.set()
            thread.join(END)

    def _run(self) -> None:
        while not self._end.is_set():
            for served in self._projects():
                self.look(served)
            if self._woken.wait(self._every):
                self._woken.clear()
                self._end.wait(self._after)

    def look(self, served: Project) -> None:
        """Look at one project, and mend what is not as it should be.

        Parameters
        ----------
        served : Project
        """
        number = served.number
        try:
            version = served.workspace.progress().shown
            # A command that is at work sees to it itself, and may be about to show another version.
            if number is None or served.workspace.at_work():
                return
            if number not in self._clients:
                self._clients[number] = served.loop().link.client
            client = self._clients[number]
            project = reference(client, number)
            if version and restore_version(client, project, version):
                served.say(f"The page showed no pre-annotations any more; it shows those of {version} again.")
            for webhook in list(self._webhooks):
                silence_webhook(client, project, webhook)
        except ScreentimeError:
            # Whoever works on the project meets the same and tells it; the next look connects anew.
            self._clients.pop(number, None)
