"""The line to a Label Studio server: connecting, plain requests, and errors in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from screentime.errors import ServerError, UserMistake

if TYPE_CHECKING:
    from label_studio_sdk.core.client_wrapper import SyncClientWrapper

TOKEN_REMEDY = (
    "Make a token in Label Studio, under Account & Settings (Personal Access Token, or Legacy Token),"
    " and give it again."
)
REQUEST_SECONDS = 120.0
# Only reading may be repeated. A POST whose answer was lost may have been carried out, so the client
# repeats nothing unless a call says that it reads.
READ = {"max_retries": 2}


@dataclass(frozen=True, slots=True)
class Client:
    """A server that was reached and that accepted the token.

    Attributes
    ----------
    url : str
        Its address, without a slash at its end.
    user : int
        Label Studio's number of the account that the token belongs to.
    line : SyncClientWrapper
        The HTTP client of Label Studio's own SDK, which renews personal access tokens. It holds the token,
        so it is not shown.
    """

    url: str
    user: int
    line: SyncClientWrapper = field(repr=False)

    def request(
        self, method: str, path: str, *, json: Any = None, params: dict[str, Any] | None = None,
        files: dict[str, Any] | None = None, seconds: float = REQUEST_SECONDS,
    ) -> Any:
        """Call an endpoint.

        Parameters
        ----------
        method, path : str
            HTTP method, and the path after the server's address.
        json : object, optional
            Body.
        params : dict, optional
            Query.
        files : dict, optional
            Files to upload, as httpx takes them.
        seconds : float, optional
            How long to wait for an answer.

        Returns
        -------
        object
            The answer read as JSON; None when there is none.

        Raises
        ------
        label_studio_sdk.core.api_error.ApiError, httpx.HTTPError
            As the SDK raises them; `speaking` turns them into sentences.
        """
        options = READ if method == "GET" else {}
        return _request(self.line, method, path, options, seconds, json=json, params=params, files=files)


def plain_address(url: str) -> str:
    """A server's address in the form in which it is used, shown and kept.

    Parameters
    ----------
    url : str
        As a person gave it; ``http://`` may be missing.

    Returns
    -------
    str
        Without a slash at its end.

    Raises
    ------
    UserMistake
        If it cannot be one, or holds what could be a secret: it stands in pages, files and reports.
    """
    url = url.strip().rstrip("/")
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or True)
    except ValueError:  # a port or brackets that are none
        named = False
    if named and ("@" in parts.netloc or "?" in url or "#" in url):
        raise UserMistake(
            f"The address of the Label Studio at {parts.hostname} holds a user name, a password or a query.",
            "Leave that out of it: screentime needs the address of the first page and a token.",
        )
    if not named:
        shown = "What was given" if "@" in url else url
        raise UserMistake(f"{shown} is no address of a server.", "Give one like http://localhost:8080.")
    return url


def connect(url: str, token: str) -> Client:
    """Reach a Label Studio server and check that the token may work there.

    Parameters
    ----------
    url : str
        Address, for example ``http://localhost:8080``.
    token : str
        A legacy token (40 hexadecimal digits) or a personal access token.

    Returns
    -------
    Client

    Raises
    ------
    UserMistake
        If the address or the token cannot be one, see `plain_address`.
    ServerError
        If nothing answers, the token is refused, or what answers is no Label Studio.
    """
    url, token = plain_address(url), token.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UserMistake(
            "The token is empty or holds spaces or other characters that no token has.", TOKEN_REMEDY
        )

    with speaking(f"connecting to Label Studio at {url}"):
        line = _line(url, token, local=urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"))
        who = _request(line, "GET", "api/current-user/whoami", {}, 30)
        if not isinstance(who, dict) or "id" not in who:
            raise _no_label_studio(f"connecting to Label Studio at {url}")
    return Client(url, who["id"], line)


@contextmanager
def speaking(what: str) -> Iterator[None]:
    """Turn every failure of talking to Label Studio into a sentence with its remedy.

    Parameters
    ----------
    what : str
        What is being done, to stand after "while".

    Raises
    ------
    ServerError
        Never with the token in it.
    """
    import httpx
    from label_studio_sdk.core.api_error import ApiError
    from label_studio_sdk.core.parse_error import ParsingError
    from pydantic import ValidationError

    try:
        yield
    except httpx.ConnectError:
        raise ServerError(
            f"Nothing answers at Label Studio's address (while {what}).",
            "Start it (`screentime server start`), or correct the address.",
        ) from None
    except httpx.TimeoutException:
        raise ServerError(
            f"Label Studio did not answer in time (while {what}).",
            "See that it is not overloaded, then run the same command again: nothing is done twice.",
        ) from None
    except httpx.HTTPError:
        raise ServerError(
            f"The connection to Label Studio broke (while {what}).",
            "Run the same command again: nothing is done twice.",
        ) from None
    except ApiError as error:
        raise _refusal(error, what) from None
    except (ParsingError, JSONDecodeError, UnicodeDecodeError, ValidationError):
        # The SDK reads answers as JSON whatever they are; a page in HTML ends here.
        raise _no_label_studio(what) from None


def _line(url: str, token: str, *, local: bool) -> SyncClientWrapper:
    """The SDK's HTTP client alone: all of the SDK takes a second to import."""
    import httpx
    from label_studio_sdk.core.client_wrapper import SyncClientWrapper

    http = httpx.Client(
        timeout=REQUEST_SECONDS, follow_redirects=False,
        # A proxy cannot see what this machine calls itself.
        trust_env=not local,
        # The embedded server sends an answer in two packets and on a line that is kept waits for a sign of
        # the first, which this machine gives after 40 ms; a new line costs it nothing.
        limits=httpx.Limits(max_keepalive_connections=0 if local else 20),
    )
    # With a slash: the SDK joins one of its paths as a browser would, dropping a last part without.
    return SyncClientWrapper(base_url=f"{url}/", api_key=token, max_retries=0, httpx_client=http)


def _request(
    line: SyncClientWrapper, method: str, path: str, options: dict[str, int], seconds: float, **body: Any
) -> Any:
    from label_studio_sdk.core.api_error import ApiError

    response = line.httpx_client.request(
        path, method=method, request_options={"timeout": seconds, **options},
        **{name: value for name, value in body.items() if value is not None},
    )
    if response.status_code >= 300:
        raise ApiError(status_code=response.status_code, body=response.text, headers=dict(response.headers))
    return response.json() if response.content else None


def _refusal(error: Any, what: str) -> ServerError:
    status, body = error.status_code, error.body
    if status in (401, 403):
        return ServerError(f"Label Studio refuses the token (while {what}).", TOKEN_REMEDY)
    if status in (301, 302, 307, 308):
        to = _detail((error.headers or {}).get("location", "another address").split("?")[0])
        return ServerError(
            f"The server sends on to {to} (while {what}).", "Give that server's address itself."
        )
    if status == 404 and not _is_json(body):
        return _no_label_studio(what)
    if status == 404:
        return ServerError(
            f"Label Studio has no such thing any more (while {what}).",
            "See in Label Studio whether the project was deleted.",
        )
    return ServerError(
        f"Label Studio answered {status} (while {what}): {_detail(body)}",
        "Run the same command again; if it stays, look into Label Studio's log.",
    )


def _is_json(body: Any) -> bool:
    return not isinstance(body, str) or body.lstrip().startswith(("{", "["))


def _detail(body: Any) -> str:
    """What the server says, in one short line and without anything that could be a token."""
    if isinstance(body, dict):
        body = body.get("validation_errors") or body.get("detail") or body
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", str(body))).strip()
    return re.sub(r"[A-Za-z0-9_.-]{40,}", "…", text)[:300] or "nothing more."


def _no_label_studio(what: str) -> ServerError:
    return ServerError(
        f"What answers is no Label Studio (while {what}).",
        "Give the address of Label Studio's first page, for example http://localhost:8080.",
    )
