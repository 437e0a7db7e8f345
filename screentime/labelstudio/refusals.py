"""What is said when Label Studio cannot be spoken with: what is wrong, and what the person can do."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from screentime.errors import ServerError
from screentime.labelstudio.patience import asked_to_wait, lasting

if TYPE_CHECKING:
    import httpx

TOKEN_REMEDY = (
    "Make a token in Label Studio, under Account & Settings (Personal Access Token, or Legacy Token),"
    " and give it again."
)
AGAIN = "Run the same command again: nothing is done twice."
# Statuses that whatever stands in front of a server gives by itself.
GATEWAY = {403, 407, 413, 429, 502, 503, 504}
# What reading a text as JSON ends with, where it is none, or is nested too deeply, or has a number of thousands of digits.
NO_JSON = (ValueError, RecursionError)


class Unreadable(Exception):
    """An answer that is no JSON, or of another form than it should have.

    Parameters
    ----------
    why : str
        What is wrong with it.
    page : bool
        Whether it is a page in HTML.
    """

    def __init__(self, why: str, *, page: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.page = page


def decoded(answer: httpx.Response) -> Any:
    """An answer read as JSON; None where it is empty.

    Raises
    ------
    Unreadable
        If it is no JSON.
    """
    try:
        return answer.json() if answer.content else None
    except NO_JSON:
        raise Unreadable("it is no JSON, or cut off.", page=answer.text.lstrip().startswith("<")) from None


class TokenRefused(ServerError):
    """Label Studio does not know the token, or does not take its kind."""


def unreachable(error: Exception, what: str) -> ServerError:
    """No connection came about.

    Parameters
    ----------
    error : httpx.TransportError
    what : str
        What was being done, to stand after "while"; so in all functions of this module.

    Returns
    -------
    ServerError
    """
    why = lasting(error)
    if why == "name":
        return ServerError(
            f"No machine has the name in Label Studio's address (while {what}).",
            "Correct the address; inside a container, localhost is the container itself.",
        )
    if why == "certificate":
        return ServerError(
            f"The certificate at Label Studio's address is not one that this machine trusts (while {what}).",
            "Correct the address (http or https), or set SSL_CERT_FILE to the file of whoever signed it.",
        )
    return ServerError(
        f"Nothing answers at Label Studio's address (while {what}).",
        "Start it (`screentime server start`), or correct the address.",
    )


def refusal(error: Any, what: str) -> ServerError:
    """Label Studio, or what stands in front of it, answered with a status that is no success.

    Parameters
    ----------
    error : label_studio_sdk.core.api_error.ApiError
    what : str

    Returns
    -------
    ServerError
        Without anything in it that could be a token.
    """
    status, body = error.status_code, error.body
    page = isinstance(body, str) and body.lstrip().startswith("<")
    said = f"(while {what}): {_detail(body)}"
    if status == 401:
        return TokenRefused(f"Label Studio refuses the token (while {what}).", TOKEN_REMEDY)
    if 300 <= status < 400:
        to = _detail(_header(error, "location", "another address").split("?")[0])
        return ServerError(
            f"The server sends on to {to} (while {what}).", "Give that server's address itself."
        )
    if status == 413:
        return ServerError(
            f"What is sent is too large for {_who(page)} {said}",
            "Raise its limit on the size of a request (in nginx: client_max_body_size), then run the same command again.",
        )
    if page and status in GATEWAY:
        return ServerError(
            f"A gateway in front of Label Studio answered {status} {said}",
            f"{_wait(error)}See that Label Studio itself runs and that the gateway lets this machine reach it, then run the"
            " same command again: nothing is done twice.",
        )
    if status == 403:
        return ServerError(
            f"Label Studio knows the token, and does not let its account do this {said}",
            "Give the token of an account that may, or have somebody who administers that Label Studio give this one"
            " the right.",
        )
    if status == 404 and not _is_json(body):
        return no_label_studio(what)
    if status == 404:
        return ServerError(
            f"Label Studio has no such thing any more (while {what}).",
            "See in Label Studio whether the project was deleted. The labels pulled before are in labels.csv;"
            " `screentime push` makes again what is missing.",
        )
    if status == 409:
        return ServerError(
            f"Label Studio is doing something else with the same thing (409) {said}",
            f"See that nobody changes the project just now. {AGAIN}",
        )
    if status == 429:
        return ServerError(f"Label Studio is asked too much (429) {said}", f"{_wait(error)}{AGAIN}")
    if status >= 500:
        return ServerError(
            f"Label Studio failed with {status} {said}",
            f"{_wait(error)}{AGAIN} If it stays, look into Label Studio's log.",
        )
    return ServerError(
        f"Label Studio answered {status} {said}",
        "Run the same command again; if it stays, look into Label Studio's log.",
    )


def unreadable(error: Unreadable, what: str) -> ServerError:
    """Label Studio seemed to succeed, but what it says cannot be understood."""
    if error.page:
        return ServerError(
            f"A page in HTML came instead of Label Studio's answer (while {what}).",
            "See whether a gateway in front of it wants somebody to log in, and let it pass what goes to /api/.",
        )
    return ServerError(
        f"Label Studio's answer is damaged or not of the form it should have (while {what}): {error.why}",
        f"{AGAIN} If it stays, see whether something in between changes answers, and whether that Label Studio is"
        " of another version than 1.23.",
    )


def no_label_studio(what: str) -> ServerError:
    """Something else answers at the address."""
    return ServerError(
        f"What answers is no Label Studio (while {what}).",
        "Give the address of Label Studio's first page, for example http://localhost:8080.",
    )


def no_renewal() -> ServerError:
    """A personal access token was given, and the address has no place to renew one."""
    return ServerError(
        "What answers at Label Studio's address renews no personal access tokens.",
        "Give the address of Label Studio's first page, for example http://localhost:8080; one that knows no such"
        " tokens takes a legacy token.",
    )


def _wait(error: Any) -> str:
    """How long to wait, as a sentence to go before the others; empty where nothing says so."""
    asked = asked_to_wait(error)
    if asked:
        return f"Wait {math.ceil(asked)} s. "
    return "Wait a few minutes. " if error.status_code == 429 else ""


def _who(page: bool) -> str:
    return "a gateway in front of Label Studio" if page else "Label Studio"


def _header(error: Any, name: str, otherwise: str) -> str:
    return next((value for key, value in (error.headers or {}).items() if key.lower() == name), otherwise)


def _is_json(body: Any) -> bool:
    return not isinstance(body, str) or body.lstrip().startswith(("{", "["))


def _detail(body: Any) -> str:
    """What the server says, in one short line and without anything that could be a token."""
    said = body
    with suppress(*NO_JSON):
        said = _said(json.loads(body) if isinstance(body, str) else body)
    text = re.sub(r"(?is)<(style|script|title)\b.*?</\1>", " ", str(said))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()
    return re.sub(r"[A-Za-z0-9_.-]{40,}", "…", text)[:300] or "nothing more."


def _said(body: Any) -> str:
    if isinstance(body, dict):
        body = body.get("validation_errors") or body.get("detail") or body
    if isinstance(body, dict):
        body = "; ".join(f"{name}: {' '.join(map(str, why)) if isinstance(why, list) else why}" for name, why in body.items())
    return str(body)
