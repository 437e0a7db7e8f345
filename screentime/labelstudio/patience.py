"""What may be tried again when Label Studio fails in passing, after how long, and for how long in all.

The SDK's own repeats are switched off: they send a POST again whose answer was lost, though it may have
been carried out, and they wait up to a minute each time without a word. What may be repeated here:

- anything, where nothing was sent (the connection was refused) or nothing was done (429, and 503 with
  ``Retry-After``);
- what does no harm twice (reading; changing or deleting a thing by its number), where the connection broke
  or the server or a gateway failed in passing (408, 500, 502, 503, 504).

A POST that may have been carried out is never sent again: its caller looks first whether it was.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

FIRST_SECONDS, LONGEST_SECONDS, REPEATS = 1.0, 8.0, 5
# Requests and waits together: what has not come right by then will not soon.
ENOUGH_SECONDS = 60.0
# How much longer than asked is waited at most: many are told the same moment.
SPREAD_SECONDS = 1.0
# Shorter waits need no word.
TOLD_SECONDS = 2.0
PASSING = {408, 500, 502, 503, 504}

Say = Callable[[str], None]


def patiently(
    attempt: Callable[[bool], Any], *, harmless: bool, refused: bool = True, say: Say, rng: random.Random
) -> Any:
    """Do something, and again while it fails in a way that may pass.

    Parameters
    ----------
    attempt : callable of bool
        Sends one request; told whether it was sent before.
    harmless : bool
        Whether doing it twice is the same as doing it once.
    refused : bool, optional
        Whether a refused connection may pass; False before the server was ever reached.
    say : callable of str
        Told before a wait that a person notices.
    rng : random.Random
        Spreads the waits, so that many who were refused together do not come back together.

    Returns
    -------
    object
        What `attempt` returns.

    Raises
    ------
    httpx.HTTPError, label_studio_sdk.core.api_error.ApiError
        As the last attempt raised it.
    """
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    began = time.monotonic()
    for repeats in range(REPEATS + 1):
        try:
            return attempt(repeats > 0)
        except (httpx.TransportError, ApiError) as error:
            passing = may_pass(error, harmless=harmless, refused=refused)
            left = began + ENOUGH_SECONDS - time.monotonic()
            seconds = wait_seconds(asked_to_wait(error), repeats, rng, left)
            if not passing or repeats == REPEATS or seconds > left:
                raise
            if seconds >= TOLD_SECONDS:
                say(f"Label Studio {_state(error)}; trying again in {seconds:.0f} s.")
        time.sleep(seconds)
    raise AssertionError("the last attempt returns or raises")


def may_pass(error: Exception, *, harmless: bool, refused: bool = True) -> bool:
    """Whether a failed request may be sent again; see the module's head.

    Parameters
    ----------
    error : httpx.TransportError or label_studio_sdk.core.api_error.ApiError
    harmless, refused : bool
        See `patiently`.

    Returns
    -------
    bool
    """
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    if isinstance(error, ApiError):
        nothing_done = error.status_code == 429 or (error.status_code == 503 and asked_to_wait(error) is not None)
        return nothing_done or (harmless and error.status_code in PASSING)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return refused and not lasting(error)
    return harmless and isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | httpx.TimeoutException)


def may_be_done(error: Exception) -> bool:
    """Whether what failed may have been carried out, or still be at work: no answer says that it was not.

    Parameters
    ----------
    error : httpx.TransportError or label_studio_sdk.core.api_error.ApiError

    Returns
    -------
    bool
    """
    return may_pass(error, harmless=True) and not may_pass(error, harmless=False)


def lasting(error: Exception) -> str | None:
    """Why no connection will come about however long one waits: ``name`` or ``certificate``; None otherwise."""
    import socket
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "name"
        if isinstance(cause, ssl.SSLError):
            return "certificate"
        cause = cause.__cause__ or cause.__context__
    return None


def wait_seconds(asked: float | None, repeats: int, rng: random.Random, left: float = ENOUGH_SECONDS) -> float:
    """How long to wait before the next attempt: as long as was asked and a little, else doubling, with full jitter.

    Parameters
    ----------
    asked : float or None
        What the server asks for, in seconds.
    repeats : int
        How many attempts were repeated already.
    rng : random.Random
    left : float, optional
        For how many seconds it may be tried yet: what is added to what was asked does not go beyond.

    Returns
    -------
    float
        Seconds.
    """
    if asked is not None:
        return rng.uniform(asked, max(asked, min(asked + SPREAD_SECONDS, left)))
    return rng.uniform(0, min(LONGEST_SECONDS, FIRST_SECONDS * 2**repeats))


def asked_to_wait(error: Exception) -> float | None:
    """Seconds that a server asks to wait (``Retry-After``, as a number or a date); None where it does not."""
    headers = getattr(error, "headers", None) or {}
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _state(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "does not answer"
    if isinstance(error, httpx.TransportError):
        return "broke off"
    return "is busy" if error.status_code in (429, 503) else f"answered {error.status_code}"
