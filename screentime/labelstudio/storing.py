"""Where a workspace's pictures lie for the page: what ``store`` says, made true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from screentime.config import Config
from screentime.errors import ConfigError
from screentime.labelstudio import bucket as buckets
from screentime.labelstudio import installation, server
from screentime.labelstudio.bucket import bucket_of, ensure_storage, send
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.images import (
    STORAGE_TITLE,
    ensure_local_storage,
    local_storages,
    local_url,
    upload_film,
    upload_images,
)
from screentime.labelstudio.link import Link
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import Progress, read_tasks, uid_of
from screentime.records import Frame


def store_of(config: Config, *, embedded: bool) -> str:
    """How the page gets the pictures, once ``auto`` is settled.

    Parameters
    ----------
    config : Config
    embedded : bool
        Whether it is the embedded server's page.

    Returns
    -------
    {"local", "upload", "http", "s3"}
    """
    store = config.frames.store
    return ("local" if embedded else "upload") if store == "auto" else store


def image_addresses(
    link: Link, project: ProjectRef, frames: Sequence[Frame], folder: Path, config: Config, progress: Progress
) -> Callable[[Frame], str]:
    """Make the frames' pictures visible to the page.

    Parameters
    ----------
    link : Link
    project : ProjectRef
    frames : sequence of Frame
    folder : Path
        The workspace's ``frames`` folder.
    config : Config
        Its ``store`` says how, and the options that belong to it where.
    progress : callable
        Told how many pictures were sent, of how many.

    Returns
    -------
    callable
        Frame to the address of its picture.

    Raises
    ------
    ConfigError
        If an option is missing that the store needs, or the frames lie outside of the existing server's
        document root.
    UserMistake
        If the credentials for the bucket would go to Label Studio for everybody on the way to see.
    NotReady
        If the environment has no credentials for the bucket.
    ServerError
        If the pictures are not taken.
    """
    files = {frame.uid: folder.parent / frame.file for frame in frames}
    match store_of(config, embedded=link.embedded):
        case "upload":
            addresses = upload_images(link.client, project, files, progress=progress)
            return lambda frame: addresses[frame.uid]
        case "http":
            base = _base(config)
            return lambda frame: f"{base}/{quote(frame.file)}"
        case "s3":
            bucket = bucket_of(config, link.client.url)
            send(bucket, {f"{uid}.jpg": file for uid, file in files.items()}, "image/jpeg", progress=progress)
            ensure_storage(link.client, project, bucket)
            return lambda frame: bucket.address(f"{frame.uid}.jpg")
    name = _serve(link, project, config, config.project.id, folder)
    return lambda frame: local_url(name, frame.file.split("/", 1)[1])


def film_address(link: Link, project: ProjectRef, folder: Path, file: str, config: Config) -> str:
    """Make a film visible to the page.

    Parameters
    ----------
    link : Link
    project : ProjectRef
        The film's own.
    folder : Path
        The workspace's ``review`` folder.
    file : str
        The film in it, as a browser plays it.
    config : Config
        See `image_addresses`.

    Returns
    -------
    str
        The film's address.

    Raises
    ------
    ConfigError
        If an option is missing that the store needs, or the folder lies outside of the existing server's
        document root.
    UserMistake
        If the credentials for the bucket would go to Label Studio for everybody on the way to see.
    NotReady
        If the environment has no credentials for the bucket.
    ServerError
        If the film is not taken.
    """
    match store_of(config, embedded=link.embedded):
        case "upload":
            return upload_film(link.client, project, folder / file)
        case "http":
            return f"{_base(config)}/{quote(f'{folder.name}/{file}')}"
        case "s3":
            bucket, film = bucket_of(config, link.client.url), folder / file
            send(bucket, {f"{folder.name}/{file}": film}, f"video/{film.suffix[1:]}")
            ensure_storage(link.client, project, bucket)
            return bucket.address(f"{folder.name}/{file}")
    return local_url(_serve(link, project, config, f"{config.project.id}-review", folder), file)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A storage that Label Studio was given for the pictures and that no task needs any more.

    Attributes
    ----------
    kind : {"s3", "localfiles"}
    id : int
        Label Studio's number of it.
    where : str
        The bucket's name, or the folder.
    """

    kind: str
    id: int
    where: str


def left_over(
    client: Client, project: ProjectRef, store: str, bucket: str, needed: Collection[str]
) -> list[Leftover]:
    """Storages of ours that the options do not ask for and that no task in use shows anything from.

    Label Studio keeps a bucket's credentials with its storage, and reads any object of it that a task names.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    store : str
        See `store_of`.
    bucket : str
        Name of the bucket that is wanted with ``s3``.
    needed : collection of str
        Uids whose tasks are in use.

    Returns
    -------
    list of Leftover

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    unwanted = [
        (Leftover("s3", one["id"], one["bucket"]), f"s3://{one['bucket']}/") for one in buckets.storages(client, project)
        if one.get("title") == STORAGE_TITLE and not (store == "s3" and one.get("bucket") == bucket)
    ]
    if store != "local":
        unwanted += [
            (Leftover("localfiles", one["id"], str(one.get("path"))), local_url("", "").partition("?")[0])
            for one in local_storages(client, project) if one.get("title") == STORAGE_TITLE
        ]
    if not unwanted:
        return []
    with speaking("looking where the pictures lie"):
        used = [task["data"] for task in read_tasks(client, project, include="id,data") if uid_of(task) in needed]
    named = {value for data in used for value in data.values() if isinstance(value, str)}
    return [one for one, beginning in unwanted if not any(value.startswith(beginning) for value in named)]


def clear_storages(link: Link, project: ProjectRef, config: Config, needed: Collection[str]) -> list[Leftover]:
    """Delete what `left_over` finds, once the tasks show their pictures from where the options say.

    Parameters
    ----------
    link : Link
    project : ProjectRef
    config : Config
    needed : collection of str
        See `left_over`.

    Returns
    -------
    list of Leftover
        What was deleted.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    store = store_of(config, embedded=link.embedded)
    gone = left_over(link.client, project, store, config.storage.s3_bucket, needed)
    with speaking("taking away the storages that no picture comes from"):
        for one in gone:
            link.client.request("DELETE", f"api/storages/{one.kind}/{one.id}")
    return gone


def _base(config: Config) -> str:
    base = config.storage.base_url.rstrip("/")
    if not base:
        raise ConfigError(
            "store = \"http\" needs to know the address at which your web server shows this folder.",
            "Set base_url: the frames are then looked for at BASE_URL/frames/.",
        )
    return base


def _serve(link: Link, project: ProjectRef, config: Config, name: str, folder: Path) -> str:
    """Let the project show a folder's files; the name under which it is served."""
    if link.embedded:
        served = server.serve_folder(installation.home(), name, folder)
    else:
        name, served = _existing_root(config, folder)
    ensure_local_storage(link.client, project, served)
    return name


def _existing_root(config: Config, folder: Path) -> tuple[str, Path]:
    root = config.labelstudio.document_root
    if not root:
        raise ConfigError(
            "store = \"local\" needs to know which folder the existing Label Studio serves.",
            "Set document_root to its LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT, or use --store upload.",
        )
    try:
        name = folder.relative_to(Path(root).resolve()).as_posix()
    except ValueError:
        name = "."
    if name == ".":
        raise ConfigError(
            f"The files in {folder} do not lie inside a folder of the document root {root}.",
            "Move the workspace there, or use --store upload.",
        )
    return name, folder
