"""Where the page gets images and films from: this machine's files, or files uploaded to the server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef, find_marked, make_marked
from screentime.labelstudio.tasks import Progress

UPLOAD_CHUNK = 50
UPLOAD_SECONDS = 300.0
FILM_SECONDS = 3600.0
# What Label Studio takes in one request unless it is told otherwise.
TAKEN_MB = 250
STORAGE_TITLE = "screentime frames"
ALBUM_MARKER = "screentime images of project "


def local_url(name: str, file: str) -> str:
    """Address of an image in a served folder.

    Parameters
    ----------
    name : str
        The folder's name, as `server.serve_folder` was told.
    file : str
        The image, relative to that folder, with forward slashes.
    """
    return f"/data/local-files/?d={quote(f'{name}/{file}')}"


def ensure_local_storage(client: Client, project: ProjectRef, folder: Path) -> None:
    """Let the project's page show images of a served folder: exactly one storage, never synced.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    folder : Path
        What `server.serve_folder` returned.

    Raises
    ------
    ServerError
        If the server cannot see the folder, or cannot be spoken with.
    """
    with speaking("letting Label Studio read the frames"):
        ours = [s for s in local_storages(client, project) if s.get("path") == str(folder)]
        if not ours:
            wanted = {"project": project.id, "path": str(folder), "use_blob_urls": True, "title": STORAGE_TITLE}
            client.request("POST", "api/storages/localfiles/", json=wanted)
        for double in ours[1:]:
            client.request("DELETE", f"api/storages/localfiles/{double['id']}")


def local_storages(client: Client, project: ProjectRef) -> list[Any]:
    """The storages of local files that the project has.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("looking which folders the project shows"):
        return client.request("GET", "api/storages/localfiles/", params={"project": project.id}, form=list[forms.Storage])


def upload_images(
    client: Client, project: ProjectRef, files: Mapping[str, Path], *, progress: Progress | None = None
) -> dict[str, str]:
    """Copy images to a server that cannot see this machine's files; each one once, and anew when it is another picture.

    They lie in a project of their own, without tasks: Label Studio takes no files into a project whose
    page shows more than one image.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    files : mapping of str to Path
        Frame uid to its JPEG file.
    progress : callable of (int, int), optional
        Told how many images are there, of how many.

    Returns
    -------
    dict of str to str
        Frame uid to the image's address on the server.

    Raises
    ------
    UserMistake
        If a file is missing.
    ServerError
        If the server cannot be spoken with; what was uploaded is found by the next call.
    """
    album = _album(client, project)
    named: dict[str, str] = {}
    for uid, file in files.items():
        named[f"{uid}-{hashlib.blake2b(_content(file), digest_size=4).hexdigest()}"] = uid
    known = _uploaded(client, album)
    missing = [name for name in named if name not in known]
    for start in range(0, len(missing), UPLOAD_CHUNK):
        chunk = missing[start : start + UPLOAD_CHUNK]
        # A field of its own for each file: of several in one field the server keeps the last.
        parts = {name: (f"{name}.jpg", _content(files[named[name]]), "image/jpeg") for name in chunk}
        with speaking("uploading frames"):
            client.request(
                "POST", f"api/projects/{album}/import", params={"commit_to_project": "false"},
                files=parts, seconds=UPLOAD_SECONDS,
            )
        if progress:
            progress(len(files) - len(missing) + start + len(chunk), len(files))
    if missing:
        known = _uploaded(client, album)
    lost = [name for name in named if name not in known]
    if lost:
        raise ServerError(
            f"Label Studio took {len(missing)} images and kept {len(missing) - len(lost)}.",
            "See that its disk is not full, then push again: what is there is found.",
        )
    return {uid: known[name] for name, uid in named.items()}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserMistake(
            f"The frame {error.filename} cannot be read: {error.strerror}.", "Sample the film again: `screentime extract`."
        ) from None


def upload_film(client: Client, project: ProjectRef, film: Path) -> str:
    """Copy a film to a server that cannot see this machine's files; once.

    Parameters
    ----------
    client : Client
    project : ProjectRef
        The film's own: its page shows nothing else, so the server takes the file into it.
    film : Path
        Named by its content.

    Returns
    -------
    str
        The film's address on the server.

    Raises
    ------
    UserMistake
        If the film cannot be read.
    ServerError
        If the server does not take it: by itself it takes 250 MB.
    """
    address = _uploaded(client, project.id, film.suffix).get(film.stem)
    if address is not None:
        return address
    try:
        with film.open("rb") as content:
            part = {film.stem: (film.name, content, f"video/{film.suffix[1:]}")}
            with speaking("uploading the film"):
                client.request(
                    "POST", f"api/projects/{project.id}/import", params={"commit_to_project": "false"},
                    files=part, seconds=FILM_SECONDS,
                )
    except OSError as error:
        raise UserMistake(f"{film} cannot be read: {error.strerror}.", "See that you may read it.") from None
    except ServerError as error:
        size = film.stat().st_size / 2**20
        if size < TAKEN_MB:
            raise
        raise ServerError(
            f"{error.what.rstrip()} The film has {size:.0f} MB; a Label Studio that is not"
            f" told otherwise takes {TAKEN_MB} MB.",
            "Use --store local with its document_root, or raise DATA_UPLOAD_MAX_MEMORY_SIZE there.",
        ) from None
    address = _uploaded(client, project.id, film.suffix).get(film.stem)
    if address is None:
        raise ServerError(
            "Label Studio took the film and did not keep it.", "See that its disk is not full, then try again."
        )
    return address


def _album(client: Client, project: ProjectRef) -> int:
    """Number of the project that holds another one's images."""
    marker = f"{ALBUM_MARKER}{project.id}"
    return find_marked(client, marker) or make_marked(
        client, marker, title=f"Images of project {project.id}",
        about="The frames that the project shows. Deleting this takes them away from its page.",
    )


def _uploaded(client: Client, album: int, suffix: str = ".jpg") -> dict[str, str]:
    """Name without suffix to address of what this account uploaded to the album."""
    with speaking("looking what is uploaded"):
        present = client.request(
            "GET", f"api/projects/{album}/file-uploads", params={"all": "true"}, seconds=UPLOAD_SECONDS,
            form=list[forms.Upload],
        )
    addresses: dict[str, str] = {}
    for upload in present:
        path = PurePosixPath(upload["file"])
        # The server puts eight random digits before each name.
        named = re.fullmatch(rf"[0-9a-f]{{8}}-(.+){re.escape(suffix)}", path.name)
        if named:
            addresses.setdefault(named[1], f"/data/{path}")
    return addresses
