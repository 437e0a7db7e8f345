"""Keeps the pre-annotations on show while people connect and disconnect models in Label Studio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.cards import state_of
from screentime.errors import ScreentimeError
from screentime.labelstudio import connected
from screentime.labelstudio.connected import restore_version, silence_webhooks
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
        self._addresses: set[str] = set()
        self._settled: set[Path] = set()
        self._clients: dict[Path, tuple[object, Client]] = {}
        self._told: dict[Path, str] = {}

    def connected(self, root: Path, address: str) -> None:
        """The model was set up for a project, and Label Studio may have made a webhook for it.

        Parameters
        ----------
        root : Path
            The project's folder.
        address : str
            The one that was called; behind a proxy Label Studio knows another.
        """
        self._addresses.add(address)
        self._settled.discard(root)
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
                self._look(served)
            if self._woken.wait(self._every):
                self._woken.clear()
                self._end.wait(self._after)

    def _look(self, served: Project) -> None:
        """Look at one project, whatever that meets: the others are looked at all the same."""
        root = served.workspace.root
        try:
            self.look(served)
            self._told.pop(root, None)
        except Exception as error:
            sentence = (
                "Looking what the page shows failed in a way that it should not"
                f" ({type(error).__name__}: {error}). It is tried again; please report it."
            )
            if self._told.get(root) != sentence:
                served.say(sentence)
            self._told[root] = sentence

    def look(self, served: Project) -> None:
        """Look at one project, and mend what is not as it should be.

        Parameters
        ----------
        served : Project
        """
        number, root = served.number, served.workspace.root
        try:
            version = served.workspace.progress().shown
            # A command that is at work sees to it itself, and may be about to show another version.
            if number is None or served.workspace.at_work():
                return
            client = self._client(served)
            project = reference(client, number)
            if version and restore_version(client, project, version):
                served.say(f"The page showed no pre-annotations any more; it shows those of {version} again.")
            versions = None if root in self._settled else lambda: {one.version for one in served.workspace.rounds()}
            silence_webhooks(client, project, list(self._addresses), versions)
            # Asked which models there are, Label Studio sets them up: that is no reason to ask again.
            self._settled.add(root)
        except ScreentimeError:
            # Whoever works on the project meets the same and tells it; the next look connects anew.
            self._clients.pop(root, None)

    def _client(self, served: Project) -> Client:
        """The connection, made anew where the options changed: the address and the token stand there."""
        root, state = served.workspace.root, state_of(served.workspace.config_file.stat())
        if root not in self._clients or self._clients[root][0] != state:
            link = served.loop().connect(seconds=connected.LOOK_SECONDS, again=False)
            # A server that hangs keeps the other projects waiting no longer than one request does.
            self._clients[root] = state, replace(link.client, again=False)
        return self._clients[root][1]
