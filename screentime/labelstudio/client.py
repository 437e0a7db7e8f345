"""The line to a Label Studio server: connecting, plain requests, and errors in sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio import forms
from screentime.labelstudio.patience import Say, patiently
from screentime.labelstudio.refusals import (
    AGAIN,
    TOKEN_REMEDY,
    Unreadable,
    decoded,
    no_label_studio,
    refusal,
    unreachable,
    unreadable,
)

if TYPE_CHECKING:
    from label_studio_sdk.core.client_wrapper import SyncClientWrapper

REQUEST_SECONDS = 120.0
CONNECT_SECONDS = 30.0
PUBLIC_VARIABLE = "LABEL_STUDIO_PUBLIC_URL"
# Done twice they leave what they leave when done once.
HARMLESS = {"GET", "PUT", "PATCH", "DELETE"}


def silent(_: str) -> None:
    """Say nothing."""


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
    say : callable of str
        Told before a long wait for the server.
    rng : random.Random
        Spreads such waits.
    public : str
        Address by which people open it, where that is another.
    again : bool
        Whether what fails in a way that may pass is tried again; who looks every few seconds anyway need not.
    """

    url: str
    user: int
    line: SyncClientWrapper = field(repr=False)
    say: Say = field(default=silent, repr=False)
    rng: random.Random = field(default_factory=random.Random, repr=False)
    public: str = ""
    again: bool = True

    @property
    def page(self) -> str:
        """Address by which people open it, without a slash at its end; what they are told begins with it."""
        return self.public or self.url

    def request(
        self, method: str, path: str, *, form: Any = None, json: Any = None, params: dict[str, Any] | None = None,
        files: dict[str, Any] | None = None, seconds: float = REQUEST_SECONDS, harmless: bool | None = None,
    ) -> Any:
        """Call an endpoint; where it fails in a way that may pass, again, see `screentime.labelstudio.patience`.

        Parameters
        ----------
        method, path : str
            HTTP method, and the path after the server's address.
        form : type, optional
            What the answer has to be, one of `screentime.labelstudio.forms`; anything when left out.
        json : object, optional
            Body.
        params : dict, optional
            Query.
        files : dict, optional
            Files to upload, as httpx takes them.
        seconds : float, optional
            How long to wait for an answer.
        harmless : bool, optional
            Whether doing it twice is the same as doing it once; by itself, all but POST.

        Returns
        -------
        object
            The answer read as JSON; None when there is none, and when what is to be deleted is gone because
            an earlier attempt deleted it.

        Raises
        ------
        label_studio_sdk.core.api_error.ApiError, httpx.HTTPError, Unreadable
            `speaking` turns them into sentences.
        ServerError
            If nobody there renews a personal access token.
        """
        from label_studio_sdk.core.api_error import ApiError

        def attempt(again: bool) -> Any:
            try:
                return _send(self.line, method, path, seconds, json=json, params=params, files=files)
            except ApiError as error:
                if again and method == "DELETE" and error.status_code == 404:
                    return None
                raise

        _renew(self.line, seconds, self.again, say=self.say, rng=self.rng)
        answer = patiently(
            attempt, harmless=method in HARMLESS if harmless is None else harmless, say=self.say, rng=self.rng
        ) if self.again else attempt(False)
        return answer if form is None else _formed(answer, form)


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
    if not (named and _names_a_machine(url)):
        shown = "What was given" if "@" in url or not url.isprintable() else url
        raise UserMistake(f"{shown} is no address of a server.", "Give one like http://localhost:8080.")
    return url


def _names_a_machine(url: str) -> bool:
    """Whether an address can be asked at all: no name that is too long or has an empty part, no stray character."""
    import httpx

    try:
        address = httpx.URL(url)
        # Each looks at other things, and only when it is asked.
        return bool(address.host and address.raw_host.decode("ascii").encode("idna"))
    except (httpx.InvalidURL, ValueError):
        return False


def connect(
    url: str, token: str, say: Say = silent, public: str = "", *, before: Callable[[], None] = lambda: None,
    seconds: float = CONNECT_SECONDS, again: bool = True,
) -> Client:
    """Reach a Label Studio server and check that the token may work there.

    Parameters
    ----------
    url : str
        Address, for example ``http://localhost:8080``.
    token : str
        A legacy token (40 hexadecimal digits) or a personal access token.
    say : callable of str, optional
        Told before a long wait for the server, now and later.
    public : str, optional
        Address by which people open it, where that is another; it is not asked.
    before : callable, optional
        Called before each request, now and later; what it raises is taken for what the request raises.
    seconds : float, optional
        How long to wait for its first answer.
    again : bool, optional
        Whether that is tried again where it fails in a way that may pass.

    Returns
    -------
    Client

    Raises
    ------
    UserMistake
        If an address or the token cannot be one, see `plain_address`.
    ServerError
        If nothing answers, the token is refused, or what answers is no Label Studio.
    """
    url, token = plain_address(url), token.strip()
    public = plain_address(public) if public else ""
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UserMistake(
            "The token is empty or holds spaces or other characters that no token has.", TOKEN_REMEDY
        )

    from label_studio_sdk.core.api_error import ApiError

    what, rng = f"connecting to Label Studio at {url}", random.Random()
    with speaking(what):
        line = _line(url, token, before, local=urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"))

        def ask(_: bool) -> Any:
            return _send(line, "GET", "api/current-user/whoami", seconds)

        # Where nobody listens at all, a person would wait for nothing.
        _renew(line, seconds, again, refused=False, say=say, rng=rng)
        try:
            who = patiently(ask, harmless=True, refused=False, say=say, rng=rng) if again else ask(False)
            who = _formed(who, forms.Numbered)
        except Unreadable:
            raise no_label_studio(what) from None
        except ApiError as error:
            raise (no_label_studio(what) if error.status_code == 404 else refusal(error, what)) from None
    return Client(url, who["id"], line, say, rng, public)


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

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise unreachable(error, what) from None
    except httpx.TimeoutException:
        raise ServerError(
            f"Label Studio did not answer in time (while {what}).",
            "See that it is not overloaded, then run the same command again: nothing is done twice.",
        ) from None
    except httpx.HTTPError:
        raise ServerError(f"The connection to Label Studio broke (while {what}).", AGAIN) from None
    except ApiError as error:
        raise refusal(error, what) from None
    except Unreadable as error:
        raise unreadable(error, what) from None


def _line(
    url: str, token: str, before: Callable[[], None] = lambda: None, *, local: bool
) -> SyncClientWrapper:
    """The SDK's HTTP client alone: all of the SDK takes a second to import."""
    import httpx
    from label_studio_sdk.core.api_error import ApiError
    from label_studio_sdk.core.client_wrapper import SyncClientWrapper

    from screentime.labelstudio.renewing import Tokens

    http = httpx.Client(
        timeout=REQUEST_SECONDS, follow_redirects=False,
        # A proxy cannot see what this machine calls itself.
        trust_env=not local,
        # The embedded server sends an answer in two packets and on a line that is kept waits for a sign of
        # the first, which this machine gives after 40 ms; a new line costs it nothing.
        limits=httpx.Limits(max_keepalive_connections=0 if local else 20),
        event_hooks={"request": [lambda _: before()]},
    )
    # With a slash: a path is joined to it as a browser would, dropping a last part without.
    url = f"{url}/"
    try:
        line = SyncClientWrapper(base_url=url, api_key=token, max_retries=0, httpx_client=http)
        line._tokens_client = Tokens(url, token, line)
    except (TypeError, ValueError, OverflowError, OSError, RecursionError):  # it looks like one, and ends at no moment
        raise ApiError(status_code=401) from None
    return line


def _renew(
    line: SyncClientWrapper, seconds: float, again: bool, *, refused: bool = True, say: Say, rng: random.Random
) -> None:
    """Renew a personal access token that is about to end; no harm is done by renewing it twice."""

    def renew(_: bool) -> None:
        line._tokens_client.renew(min(seconds, CONNECT_SECONDS))

    if again:
        patiently(renew, harmless=True, refused=refused, say=say, rng=rng)
    else:
        renew(False)


def _send(line: SyncClientWrapper, method: str, path: str, seconds: float, **body: Any) -> Any:
    """One request, sent once."""
    from label_studio_sdk.core.api_error import ApiError

    given = {name: value for name, value in body.items() if value is not None}
    response = line.httpx_client.request(
        path, method=method, request_options={"timeout": seconds, "max_retries": 0}, **given
    )
    if response.status_code >= 300:
        raise ApiError(status_code=response.status_code, body=response.text, headers=dict(response.headers))
    return decoded(response)


def _formed(answer: Any, form: Any) -> Any:
    import msgspec

    try:
        msgspec.convert(answer, form)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{str(error)[0].lower()}{str(error)[1:]}.") from None
    return answer
