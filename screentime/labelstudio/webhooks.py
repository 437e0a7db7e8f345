"""Webhooks of Label Studio by which it gives hints to `screentime serve`."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from screentime.errors import ServerError
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef

# A webhook with this header is ours, whichever secret it has.
HEADER = "X-Screentime-Secret"
PATH = "/hint"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# Who listens everywhere is reached here too.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
# Of all else nothing is to be done: skips are annotations too.
ACTIONS = ["ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"]


def hint_secret(secret: str, identity: str) -> str:
    """What a project's webhook sends: made from the service's secret, and leading back to it in no way.

    Who may change a project's settings can read its webhook; they give hints for that project alone, and the
    service's secret is also the password of the model that it is.

    Parameters
    ----------
    secret : str
        The service's.
    identity : str
        The project's id in its screentime.toml.

    Returns
    -------
    str
    """
    return hmac.new(secret.encode(), b"hint " + identity.encode("utf-8", "replace"), "sha256").hexdigest()


def is_ours(hook: dict[str, Any]) -> bool:
    """Whether `ensure` made a webhook, now or earlier."""
    return HEADER in (hook.get("headers") or {})


class Banned(ServerError):
    """Label Studio may not call an address: it lies in a network that its settings ban, by default this machine's own.

    Parameters
    ----------
    url : str
    network : str
        As Label Studio names it.
    """

    def __init__(self, url: str, network: str) -> None:
        parts = urlsplit(url)
        super().__init__(
            f"Label Studio may not call {parts.scheme}://{parts.netloc}: its settings ban the network {network}.",
            "Start it with LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS=false, or give `--address URL` by which it may reach"
            " this machine.",
        )


@contextmanager
def _telling_banned(url: str) -> Iterator[None]:
    """Tell an address that is refused from a right that the account lacks: both are answered by 403."""
    from label_studio_sdk.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        banned = re.search(r"reserved network address \(block: ([^)]+)\)", str(error.body))
        if error.status_code != 403 or banned is None:
            raise
        raise Banned(url, banned[1]) from None


def base_of(url: str) -> str:
    """The address of the service that a webhook of ours leads to."""
    return url.rpartition(f"{PATH}/")[0]


def ensure(client: Client, project: ProjectRef, url: str, secret: str) -> None:
    """See that the project has one webhook of ours, to this address with this secret, and no other.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    url : str
        Where hints go.
    secret : str

    Raises
    ------
    Banned
        If Label Studio may not call that address.
    ServerError
        If it does not take it for another reason.
    """
    # Without what was said: a hint is only a reason to ask.
    wanted = {
        "url": url, "headers": {HEADER: secret}, "send_payload": False, "send_for_all_actions": False, "is_active": True,
        "actions": sorted(ACTIONS),
    }
    with speaking("having Label Studio say when labels come"), _telling_banned(url):
        first, *others = [*_ours(client, project), None]
        if first is None:
            client.request("POST", "api/webhooks/", json=wanted | {"project": project.id})
        elif any(_plain(first).get(name) != value for name, value in wanted.items()):
            client.request("PATCH", f"api/webhooks/{first['id']}/", json=wanted)
        for other in filter(None, others):
            client.request("DELETE", f"api/webhooks/{other['id']}/")


def remove(client: Client, project: ProjectRef) -> None:
    """Take the project's webhooks of ours back: where nobody listens, each label would try it.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("taking back that Label Studio says when labels come"):
        for hook in _ours(client, project):
            client.request("DELETE", f"api/webhooks/{hook['id']}/")


def reached_at(given: str | None, host: str, port: int, server: str) -> str | None:
    """The address under which Label Studio reaches the service, as far as that can be told.

    Parameters
    ----------
    given : str or None
        What a person says.
    host : str
        Where the service listens.
    port : int
    server : str
        Label Studio's address.

    Returns
    -------
    str or None
        None where it is on another machine and nobody said.
    """
    if given:
        return given
    if urlsplit(server).hostname not in LOOPBACK and (host in EVERYWHERE or host in LOOPBACK):
        return None
    return address_of(host, port)


def address_of(host: str, port: int) -> str:
    """The address of what listens at a host, for this machine.

    Parameters
    ----------
    host : str
    port : int

    Returns
    -------
    str
        Without a slash at its end.
    """
    seen = EVERYWHERE.get(host, host)
    return f"http://{f'[{seen}]' if ':' in seen else seen}:{port}"


def _ours(client: Client, project: ProjectRef) -> list[dict[str, Any]]:
    found = client.request("GET", "api/webhooks/", params={"project": project.id}, form=list[dict])
    return [one for one in found if one.get("project") == project.id and is_ours(one)]


def _plain(hook: dict[str, Any]) -> dict[str, Any]:
    return hook | {"actions": sorted(hook.get("actions") or [])}
