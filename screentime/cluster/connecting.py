"""The way to a Ray cluster: one that runs already, or one on this machine for as long as a command works."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screentime.errors import ScreentimeError, UserMistake
from screentime.machine import cores
from screentime.talk import Talk

# Bytes that a cluster on this machine keeps for what workers hand over: small rows of numbers.
STORE_BYTES = 200 * 1024**2
# Seconds for a machine to answer at all.
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How films are spread.

    Attributes
    ----------
    address : str or None
        Of a running cluster, as ``ray start`` names it, or ``auto``; None for what RAY_ADDRESS says, else for a
        cluster on this machine.
    workers : int or None
        How many films or parts are worked on at once, each on a core of its own; None for as many as the
        cluster has cores.
    segment : float
        Seconds of film; a longer one is looked at in parts.
    """

    address: str | None = None
    workers: int | None = None
    segment: float = 600.0


def ray_itself() -> Any:
    """Ray, imported when first needed.

    Raises
    ------
    UserMistake
        If it is not installed.
    """
    # It reports home otherwise, and this must stand before it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What it would change of graphics cards' settings for workers that use none, and say so.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    require_ray()
    import ray

    return ray


def require_ray() -> None:
    """See that Ray is installed; it is not imported, for it reads once and for all then who may speak to it.

    Raises
    ------
    UserMistake
        If it is not.
    """
    if importlib.util.find_spec("ray") is None:
        raise UserMistake("Ray is not installed here.", 'Run `pip install "screentime[ray]"`.')


@contextmanager
def connected(spread: Spread, talk: Talk) -> Iterator[tuple[Any, int]]:
    """Be connected to a cluster; results are to be printed after it.

    Parameters
    ----------
    spread : Spread
    talk : Talk

    Yields
    ------
    ray : module
    workers : int
        How many there can be.

    Raises
    ------
    UserMistake
        If Ray is not installed, or no cluster answers at the address.
    ScreentimeError
        If none can be started here.
    """
    address = spread.address or os.environ.get("RAY_ADDRESS")
    if not address:
        # A cluster runs whatever it is sent: only who knows this may speak to ours, and from this machine alone.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        # What it calls a cluster of these is one that listens to the whole network, on whatever system.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        # Its workers would give way to everything else, and a worker keeps to its core, where other work would leave it next to nothing.
        os.environ.setdefault("RAY_worker_niceness", "0")
    ray = ray_itself()
    _require_answer(address)
    # Ray prints what it knows of dead workers, whatever it is told: stdout is for results alone.
    with redirect_stdout(sys.stderr):
        try:
            yield ray, _connect(ray, address, spread, talk)
        finally:
            ray.shutdown()  # also what is half connected


def _connect(ray: Any, address: str | None, spread: Spread, talk: Talk) -> int:
    """Connect, and say how many workers there can be."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    with talk.progress("Connecting to the cluster" if address else "Starting a cluster on this machine"):
        try:
            if address:
                ray.init(address=address, **quiet)
            else:
                ray.init(
                    address="local", num_cpus=spread.workers or cores(), include_dashboard=False,
                    object_store_memory=STORE_BYTES, **quiet,
                )
        except ray.exceptions.AuthenticationError:
            raise _no_token(address) from None
        except (OSError, ValueError, RuntimeError) as error:
            raise _not_connected(address, error) from None
    return spread.workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)


def _require_answer(address: str | None) -> None:
    """See that somebody listens at an address with a port: Ray itself tries for minutes, aloud."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _no_answer(address, getattr(error, "strerror", None) or str(error)) from None
    if not address.startswith("ray://") and _is_refused(address):
        raise _no_token(address)


def _is_refused(address: str) -> bool:
    """Whether the cluster wants another token than this process has: Ray itself tries for long, aloud."""
    try:
        import grpc
    except ImportError:
        return False
    token = _own_token() if os.environ.get("RAY_AUTH_MODE", "").lower() == "token" else ""
    with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)]) as channel:
        ask = channel.unary_unary("/ray.rpc.NodeInfoGcsService/GetClusterId")
        try:
            ask(b"", timeout=ANSWER_SECONDS, metadata=[("authorization", f"Bearer {token}")] if token else None)
        except grpc.RpcError as error:
            return error.code() is grpc.StatusCode.UNAUTHENTICATED
    return False


def _own_token() -> str:
    """The token that Ray would find; empty where there is none."""
    if token := os.environ.get("RAY_AUTH_TOKEN", ""):
        return token
    file = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    try:
        return file.read_text().strip()
    except (OSError, UnicodeError):
        return ""


def _not_connected(address: str | None, error: Exception) -> ScreentimeError:
    """What Ray's own words mean."""
    words = [str(one).strip() for one in (error, error.__cause__) if one is not None]
    reason = words[0].splitlines()[0] if words[0] else type(error).__name__
    if address:
        versions = re.findall(r"Ray: (\S+)\s+Python: (\S+)", words[-1])
        if len(versions) == 2:
            (there, its), (here, own) = versions
            return UserMistake(
                f"The cluster at {address} has Ray {there} and Python {its}; here are Ray {here} and Python {own}.",
                "Install the same there and here.",
            )
        return _no_answer(address, reason)
    if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):
        return ScreentimeError(
            f"Ray cannot be started here ({reason}).",
            "Set RAY_TMPDIR to a folder that you may write, with a short name such as /tmp, or use --engine local.",
        )
    return ScreentimeError(
        f"Ray cannot be started here ({reason}).", "See that memory and disk are left, or use --engine local."
    )


def _no_token(address: str | None) -> UserMistake:
    return UserMistake(
        f"The Ray cluster at {address} wants a token, and {'another one' if _own_token() else 'none'} is set here.",
        "Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to the one that it was started with.",
    )


def _no_answer(address: str | None, reason: str) -> UserMistake:
    return UserMistake(
        f"No Ray cluster answers at {address} ({reason}).",
        "See that `ray start` was run there, or leave --address out to use this machine alone.",
    )
