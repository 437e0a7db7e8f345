"""Fetching a backbone from TF-Hub; nobody waits for a network that is not there."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

from screentime.errors import BackboneError
from screentime.model.conversion import cache_folder, first_line
from screentime.model.runtime import tensorflow_hub

# Seconds until a silent network counts as none; TensorFlow's own import comes on top of it.
PATIENCE = 4.0
REMEDY = (
    "Name a SavedModel folder with --backbone FOLDER, or use the small one that comes with screentime:"
    " --backbone builtin."
)


def fetch(handle: str) -> Path:
    """The folder of a TF-Hub handle's SavedModel.

    Parameters
    ----------
    handle : str
        An address.

    Returns
    -------
    Path

    Raises
    ------
    BackboneError
        If it cannot be fetched; within 10 seconds when there is no network.
    """
    cache = Path(os.environ.get("TFHUB_CACHE_DIR") or hub_folder())
    cached = cache / hashlib.sha1(handle.encode()).hexdigest()
    if (cached / "saved_model.pb").is_file():
        return cached
    # Asked before TensorFlow is imported: without a network that import would be waited for in vain.
    reason = unreachable(handle)
    if reason:
        raise BackboneError(f"The backbone {handle} cannot be fetched ({reason}).", REMEDY)
    from filelock import FileLock

    hub = tensorflow_hub()
    os.environ["TFHUB_CACHE_DIR"] = str(cache)
    before = socket.getdefaulttimeout()
    # TF-Hub sets no time limit of its own: a peer that never answers would hang it for ever.
    socket.setdefaulttimeout(PATIENCE)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # TF-Hub's own lock outlives a killed download and would be waited for ten minutes; this one does not.
        with FileLock(f"{cached}.fetching"):
            Path(f"{cached}.lock").unlink(missing_ok=True)
            for left in cache.glob(f"{cached.name}.*.tmp"):
                shutil.rmtree(left, ignore_errors=True)  # half of a download that was killed
            return Path(hub.resolve(handle))
    except Exception as error:  # urllib, tar and TensorFlow errors alike
        raise BackboneError(
            f"The backbone {handle} cannot be fetched ({first_line(error)}).", REMEDY
        ) from None
    finally:
        socket.setdefaulttimeout(before)


def fetched(handle: str) -> Path | None:
    """The folder of a handle's SavedModel where it was fetched before; None where it was not."""
    # TF-Hub's own name of it.
    place = Path(os.environ.get("TFHUB_CACHE_DIR") or hub_folder()) / hashlib.sha1(handle.encode()).hexdigest()
    return place if (place / "saved_model.pb").is_file() else None


def hub_folder() -> Path:
    """Where fetched backbones are kept unless ``TFHUB_CACHE_DIR`` says otherwise."""
    # TF-Hub's own default is the system's temporary folder, which loses the download.
    return cache_folder() / "tfhub"


def unreachable(address: str) -> str:
    """Why an address does not answer within `PATIENCE` seconds; empty when it does."""
    answer = [f"no answer within {PATIENCE:.0f} seconds"]

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=PATIENCE):
                answer[0] = ""
        except urllib.error.HTTPError:
            answer[0] = ""  # it answers; what it answers is for TF-Hub to judge
        except (OSError, ValueError, http.client.HTTPException) as error:
            answer[0] = first_line(getattr(error, "reason", error))

    # A thread, because looking up a name cannot be given a time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE + 1)
    return answer[0]
