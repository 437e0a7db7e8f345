"""Which server a workspace speaks with, and how its frames become tasks there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from screentime.config import Config, LabelStudio
from screentime.errors import NotReady, ServerError
from screentime.label_config import fill
from screentime.labelstudio import installation, listener, process
from screentime.labelstudio.client import (
    CONNECT_SECONDS,
    PUBLIC_VARIABLE,
    Client,
    connect,
    plain_address,
    silent,
)
from screentime.labelstudio.instructions import TEXT
from screentime.labelstudio.patience import Say
from screentime.labelstudio.project import ProjectRef, ensure_project
from screentime.labelstudio.refusals import TokenRefused
from screentime.labelstudio.tasks import TaskData
from screentime.records import Frame, timecode
from screentime.schema import Schema

URL_VARIABLE, TOKEN_VARIABLE = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"


@dataclass(frozen=True)
class Link:
    """A connected server.

    Attributes
    ----------
    client : Client
    embedded : bool
        Whether it is the server that `screentime server` runs.
    """

    client: Client
    embedded: bool


def open_link(
    config: Config, say: Say = silent, *, seconds: float = CONNECT_SECONDS, again: bool = True
) -> Link:
    """Connect to the server that the options name, or to the embedded one.

    Parameters
    ----------
    config : Config
        The environment's ``LABEL_STUDIO_URL``, ``LABEL_STUDIO_API_KEY`` and ``LABEL_STUDIO_PUBLIC_URL``
        go before it.
    say : callable of str, optional
        Told before a long wait for the server, now and later.
    seconds, again : optional
        See `screentime.labelstudio.client.connect`.

    Returns
    -------
    Link

    Raises
    ------
    NotReady
        If the embedded server is not running, or a token is missing.
    ServerError
        If the server cannot be reached or refuses the token, or if another program holds its port.
    """
    url, public = os.environ.get(URL_VARIABLE) or config.labelstudio.url, public_address(config.labelstudio)
    if url:
        url = plain_address(url)
        token = os.environ.get(TOKEN_VARIABLE) or config.labelstudio.token
        if not token:
            raise NotReady(
                f"There is no token for Label Studio at {public or url}.",
                f"Make one there under Account & Settings and put it into {TOKEN_VARIABLE}.",
            )
        return Link(connect(url, token, say, public, seconds=seconds, again=again), embedded=False)
    home = installation.home()
    noted = process.alive(home)
    if noted is None:
        raise NotReady("Label Studio is not running.", "Start it with `screentime server start`.")
    try:
        token = installation.credentials(home).token
        return Link(connect_own(home, noted, token, say, public, seconds=seconds, again=again), embedded=True)
    except TokenRefused as error:
        # Its token can only have been changed in its page.
        raise ServerError(error.what, "`screentime server start` takes up the one that it takes now.") from None


def connect_own(
    home: Path, noted: process.Noted, token: str, say: Say = silent, public: str = "", *,
    seconds: float = CONNECT_SECONDS, again: bool = True,
) -> Client:
    """Connect to the embedded server, and to no other program that holds its port, now or later.

    It is noted before it listens, and lets go of its port when it ends: whoever holds that then would be sent the token.

    Parameters
    ----------
    home : Path
        See `installation.home`.
    noted : Noted
        The server of that home.
    token, say, public, seconds, again : optional
        See `screentime.labelstudio.client.connect`.

    Returns
    -------
    Client
        Where the server has ended, a request fails as where nobody answers, until another one is noted that listens there.

    Raises
    ------
    ServerError
        If it does not listen, or see `connect`.
    """
    import httpx

    listener.require_own(noted.pid, noted.port)
    known = noted

    def require_same() -> None:
        nonlocal known
        # One that lives keeps its port; to look that up each time would take longer than to ask.
        if process.of(known):
            return
        now = process.alive(home)
        if now is None or now.running.url != known.running.url or not listener.listens(now.pid, now.port):
            raise httpx.ConnectError("the embedded server has ended")
        known = now

    return connect(noted.running.url, token, say, public, before=require_same, seconds=seconds, again=again)


def public_address(options: LabelStudio) -> str:
    """Address by which people open Label Studio, where it is another than the one spoken to; else empty.

    Parameters
    ----------
    options : LabelStudio
        The environment's ``LABEL_STUDIO_PUBLIC_URL`` goes before them.

    Raises
    ------
    UserMistake
        If it is no address, see `screentime.labelstudio.client.plain_address`.
    """
    chosen = os.environ.get(PUBLIC_VARIABLE) or options.public_url
    return plain_address(chosen) if chosen else ""


def project_of(
    link: Link, config: Config, schema: Schema, known: int | None = None, tasks: Mapping[str, int] | None = None
) -> ProjectRef:
    """Find the workspace's project, or make it with the label config of its mode.

    Parameters
    ----------
    link : Link
    config : Config
    schema : Schema
    known, tasks : optional
        See `screentime.labelstudio.project.ensure_project`.

    Returns
    -------
    ProjectRef

    Raises
    ------
    ConfigError
        If the project has labels that the schema has no place for.
    ServerError
        If Label Studio cannot be spoken with.
    """
    template = files("labelstudio_config").joinpath(f"frames_{schema.mode}.xml").read_text("utf-8")
    return ensure_project(
        link.client, workspace_id=config.project.id, title=config.project.title,
        label_config=fill(template, schema), instruction=TEXT, known=known, tasks=tasks,
    )


def task_data(frames: Sequence[Frame], address: Callable[[Frame], str]) -> list[TaskData]:
    """What each frame's task shows: itself, its neighbours, its film and time.

    Parameters
    ----------
    frames : sequence of Frame
        Film after film, each in the order of time.
    address : callable
        Frame to the address of its picture.

    Returns
    -------
    list of dict
        In the same order. A film's first and last frame are their own neighbours.
    """
    return [
        {
            "uid": frame.uid, "film": frame.film, "second": frame.second, "timecode": timecode(frame.second),
            "image": address(frame), "previous": address(_beside(frames, number, -1)),
            "next": address(_beside(frames, number, 1)),
        }
        for number, frame in enumerate(frames)
    ]


def _beside(frames: Sequence[Frame], number: int, step: int) -> Frame:
    at = number + step
    if 0 <= at < len(frames) and frames[at].digest == frames[number].digest:
        return frames[at]
    return frames[number]
