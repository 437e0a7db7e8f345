"""The service as a process: the web in a thread of its own, the work in the main one, and its end.

The work is in the main thread since a signal ends it there just as Ctrl+C ends `sync --watch`: between two
instructions, through every ``finally``, and whatever is half done is finished by whoever comes next.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from screentime.errors import ScreentimeError, ServerError
from screentime.labelstudio import installation, log, webhooks
from screentime.rounds import Loop

if TYPE_CHECKING:
    from fastapi import FastAPI

    from screentime.service.hub import Hub

# Less than the ten seconds after which Docker kills.
STOP_SECONDS = 8.0
WEB_SECONDS = 2


class Stopped(BaseException):
    """Somebody ended the service."""


def register_at(given: str | None, host: str, port: int, secret: str) -> Callable[[Loop], None]:
    """What lets a project's server send hints here, or says why it cannot.

    Parameters
    ----------
    given : str or None
        The address of this service as Label Studio knows it, where a person said it.
    host : str
        Where it listens.
    port : int
    secret : str
        The service's; each project's webhook gets one of its own, made from it.

    Returns
    -------
    callable of Loop
    """
    def register(loop: Loop) -> None:
        client = loop.link.client
        address = webhooks.reached_at(given, host, port, client.url)
        if address is None:
            loop.talk.say(
                f"Label Studio at {client.url} cannot be told where to send hints, so it is asked every few seconds"
                " alone: `--address URL` says how it reaches this machine."
            )
            return
        identity = loop.config.project.id
        try:
            webhooks.ensure(
                client, loop.known_project(), f"{address}{webhooks.PATH}/{identity}", webhooks.hint_secret(secret, identity)
            )
        except webhooks.Banned as error:
            loop.talk.say(f"{error.what} It sends no hints, and is asked every few seconds alone. {error.remedy}")
        except ServerError as error:
            loop.talk.say(f"{error.what} It sends no hints, and is asked every few seconds alone.")

    return register


def work(hub: Hub) -> None:
    """Look at the projects, each when it is due, until `Stopped`."""
    while True:
        served = hub.next()
        served.step()
        loop = served.opened()
        # A disk that takes nothing more is no reason to end; the look before told it, or the next one tells it.
        with suppress(OSError, ScreentimeError):
            if loop and loop.link.embedded:
                log.trim(installation.home())


def take_back(hub: Hub, say: Callable[[str], None]) -> None:
    """Have no more hints sent: where nobody listens, each label would try it."""
    for one in hub.projects():
        loop = one.opened()
        if loop is None:
            continue
        try:
            webhooks.remove(loop.link.client, loop.known_project())
        except ScreentimeError as error:
            say(f"{error.what} The next `screentime serve` puts its webhook right.")


@contextmanager
def ended_by_signals(say: Callable[[str], None]) -> Iterator[None]:
    """Let SIGTERM and SIGINT raise `Stopped` here; a second one, or too long an end, ends the process at once.

    For the rest of the process: what comes after the ``with`` block may take too long as well.
    """
    stopping = False

    def leave(*_: object) -> None:
        # Killed is what everything here is made to survive.
        os._exit(0)

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            leave()
        stopping = True
        timer = threading.Timer(STOP_SECONDS, leave)
        timer.daemon = True
        timer.start()
        raise Stopped

    # In the background of a shell without job control SIGINT is ignored, and stays so.
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    except Stopped:
        say("Stopped. What was done is kept; a round that was cut off is finished at the next start.")


@contextmanager
def answering(app: FastAPI, listening: socket.socket) -> Iterator[None]:
    """Answer requests meanwhile."""
    import uvicorn

    web = uvicorn.Server(uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=WEB_SECONDS,
        log_level="error" if os.environ.get("SCREENTIME_DEBUG") else "critical",
    ))
    thread = threading.Thread(target=web.run, kwargs={"sockets": [listening]}, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        web.should_exit = True
        thread.join(2 * WEB_SECONDS)
