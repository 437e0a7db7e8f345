"""The picture of a task, fetched from Label Studio as its page fetches it, and from nowhere else."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio.client import REQUEST_SECONDS, Client, speaking

# Where Label Studio serves what was uploaded to it, and the local files that it may read.
SERVED = "/data/"
LARGEST_MB = 50


def picture_path(url: str, address: object, where: str = "The task") -> str:
    """The path, after the server's address, of a picture that a task names.

    What a task names is anybody's text, and the request for it carries the account's token: it may only
    lead to where Label Studio itself serves pictures.

    Parameters
    ----------
    url : str
        The server's address, without a slash at its end.
    address : object
        What the task names: a path, or a whole address on the server.
    where : str, optional
        Who names it, to begin the sentence with.

    Returns
    -------
    str
        Without a slash at its beginning.

    Raises
    ------
    UserMistake
        If it is no address, or one of anything else.
    """
    if not isinstance(address, str) or not address.strip():
        raise UserMistake(f"{where} names no picture.", "Import it with the address of one under \"image\".")
    remedy = "Upload the picture to Label Studio, or let a local storage of the project serve it, and name that."
    refused = UserMistake(f"{where} names a picture that Label Studio does not serve ({_short(address)}).", remedy)
    try:
        server, parts = urlsplit(url), urlsplit(address)
    except ValueError:  # brackets that are none
        raise refused from None
    if (parts.scheme or parts.netloc) and (parts.scheme, parts.netloc) != (server.scheme, server.netloc):
        raise refused
    path = parts.path.removeprefix(server.path)
    plain = unquote(path)
    if not plain.startswith(SERVED) or "\\" in plain or ".." in PurePosixPath(plain).parts:
        raise refused
    return path[1:] + (f"?{parts.query}" if parts.query else "")


def fetch_picture(client: Client, address: object, where: str = "The task", *, seconds: float = REQUEST_SECONDS) -> bytes:
    """What Label Studio serves as a task's picture; see `picture_path` for what is asked for at all.

    Parameters
    ----------
    client : Client
    address : object
        What the task names.
    where : str, optional
        Who names it, to begin a sentence with.
    seconds : float, optional
        How long it may take in all.

    Returns
    -------
    bytes
        It may be anything.

    Raises
    ------
    UserMistake
        If the address is not one of Label Studio's pictures, or leads away from there.
    ServerError
        If Label Studio does not send it, it is over 50 MB, or Label Studio cannot be spoken with.
    """
    import httpx

    path, until = picture_path(client.url, address, where), time.monotonic() + seconds
    picture = f"{where[0].lower()}{where[1:]}"
    with (
        speaking(f"fetching the picture of {picture} ({_short(address)})"),
        client.line.httpx_client.stream(path, method="GET", request_options={"timeout": seconds}) as answer,
    ):
        if 300 <= answer.status_code < 400:  # never followed: it may lead anywhere
            raise UserMistake(
                f"Label Studio sends whoever wants the picture of {picture} ({_short(address)}) elsewhere.",
                "Let Label Studio serve it itself: upload it, or switch pre-signed addresses off in its storage.",
            )
        if answer.status_code != 200:
            raise Unserved(answer.status_code, f"the picture of {picture} ({_short(address)})")
        content = bytearray()
        for piece in answer.iter_bytes():  # as they come: they may come one by one for ever
            if time.monotonic() > until:
                raise httpx.ReadTimeout("too slow")
            content += piece
            if len(content) > LARGEST_MB * 2**20:
                raise ServerError(
                    f"The picture of {picture} ({_short(address)}) is over {LARGEST_MB} MB.", "Import a smaller one."
                )
    return bytes(content)


class Unserved(ServerError):
    """Label Studio does not send a picture.

    Parameters
    ----------
    status : int
        What it answers.
    what : str
        Which picture, to stand in a sentence.
    """

    def __init__(self, status: int, what: str) -> None:
        super().__init__(
            f"Label Studio answers {status} for {what}.",
            "See that the picture opens in Label Studio's page; `screentime doctor` tells what is missing.",
        )
        self.status = status
        self.picture = what


def _short(address: object) -> str:
    """What can be shown of an address: it may hold anything, line breaks and secrets among it."""
    text = "".join(c if c.isprintable() else "�" for c in str(address).split("?X-Amz")[0])
    return text if len(text) <= 120 else f"{text[:119]}…"
