"""The frames' pictures, fetched as the labelling page fetches them, wherever they lie."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from screentime.doctor.finding import MEND, Check, Finding, Missing, counted, ok, warning
from screentime.doctor.place import LOOPBACK, Place
from screentime.errors import ScreentimeError, ServerError, UserMistake
from screentime.labelstudio.pictures import picture_path

if TYPE_CHECKING:
    import httpx

# Frames whose pictures are fetched.
FETCHED = 3
# How the page is allowed to read what lies elsewhere.
_ALLOW = {
    "http": "in nginx, `add_header Access-Control-Allow-Origin {origin};` where the frames are",
    "s3": "the bucket needs a CORS rule that allows GET to {origin}; or set s3_presign = false, then `screentime push`",
}


def look_pictures(place: Place) -> Finding:
    """Whether the page gets the frames' pictures, fetched as it fetches them."""
    from screentime.labelstudio.storing import left_over

    numbers = set(place.progress.tasks.values())
    tasks = [task for task in place.tasks if task["id"] in numbers]
    if not tasks:
        raise Missing("the frames are not in Label Studio yet")
    files = {frame.uid: frame.file for frame in place.frames}
    # The first, the last and one in between, since films are pushed one after the other.
    chosen = [tasks[round(i * (len(tasks) - 1) / (FETCHED - 1))] for i in range(FETCHED)]
    for task in {one["id"]: one for one in chosen}.values():
        content = _fetched(place, task)
        file = place.workspace.root / files.get(task["data"]["uid"], "")
        if file.is_file() and file.read_bytes() != content:
            raise ScreentimeError(
                f"The picture of task {task['id']} in Label Studio is not that of its frame {files[task['data']['uid']]}.",
                "Run `screentime extract`, then `screentime push`.",
            )
    beginning = _beginning(place)
    others = {task["data"]["uid"] for task in tasks if not str(task["data"].get("image", "")).startswith(beginning)}
    if others:
        return warning(
            f"{len(others)} of {counted(len(tasks), 'frame')} are not shown from {beginning} , as the options say.",
            f"{_shown_by(place, others)} shows them from where the options say.",
        )
    uids = {frame.uid for frame in place.workspace.all_frames()}
    left = left_over(place.client, place.project, _store(place), place.config.storage.s3_bucket, uids)
    if left:
        return warning(
            f"Label Studio still reads {', '.join(one.where for one in left)} for this project, from where no frame is shown.",
            "`screentime push` takes that, and a bucket's credentials with it, away from there.",
        )
    return ok(f"{counted(min(FETCHED, len(tasks)), 'frame')} fetched as the page does: each is its picture.")


def mend_pictures(place: Place) -> str:
    """Let the page read the frames' folder again."""
    from screentime.labelstudio.storing import image_addresses

    workspace, config = place.workspace, place.config
    if _store(place) != "local":
        return ""
    image_addresses(place.link, place.project, [], workspace.frames_folder, config, lambda done, total: None)
    return "the storage that lets the page read the frames was made again."


def _store(place: Place) -> str:
    from screentime.labelstudio.storing import store_of

    return store_of(place.config, embedded=place.embedded)


def _beginning(place: Place) -> str:
    """What the pictures' addresses begin with where they lie as the options say."""
    kind = {"local": "/data/local-files/", "upload": "/data/upload/", "http": f"{place.config.storage.base_url.rstrip('/')}/"}
    kind["s3"] = f"s3://{place.config.storage.s3_bucket}/"
    return kind[_store(place)]


def _shown_by(place: Place, uids: set[str]) -> str:
    """The commands that bring these frames' tasks to where the options say."""
    films = {frame.uid: one.film.path for one in place.workspace.audited() for frame in one.frames}
    push = ["screentime push"] if uids - films.keys() else []
    audits = [f"screentime audit {shlex.quote(path)}" for path in sorted({films[uid] for uid in uids & films.keys()})]
    return ", then ".join(f"`{command}`" for command in push + audits)


def _fetched(place: Place, task: dict[str, Any]) -> bytes:
    """A task's picture as the page gets it; it must be one."""
    import numpy as np

    from screentime.video.source import opencv

    address = str(task["data"].get("image", ""))
    where = f"the picture of task {task['id']} ({address})"
    if address.startswith("s3://"):
        # Whatever Label Studio takes itself to be called, it leads to itself.
        theirs = urlsplit(str(place.ask(f"api/tasks/{task['id']}/")["data"].get("image", "")))
        address = f"{theirs.path}?{theirs.query}"
        if theirs.scheme == "s3":
            raise ScreentimeError(f"Label Studio does not know where {where} is: the project does not read that bucket.", _cure(place))
    if _store(place) in ("local", "upload"):
        picture_path(place.url, address, f"Task {task['id']}")  # refuses what lies anywhere else
    answer = _got(place, address, where)
    if answer.status_code != 200:
        there = str(answer.url)
        who = "Label Studio" if _is_theirs(place, there) else urlsplit(there).netloc
        raise ServerError(f"{who} answers {answer.status_code} for {where}{_cause(place, answer.status_code)}.", _cure(place))
    if not _is_theirs(place, str(answer.url)):
        _require_shared(place, answer, where)
    cv2 = opencv()
    content = np.frombuffer(answer.content, np.uint8)
    if not len(content) or cv2.imdecode(content, cv2.IMREAD_COLOR) is None:
        raise ServerError(f"What is sent for {where} is no picture.", _cure(place))
    return answer.content


def _got(place: Place, address: str, where: str) -> httpx.Response:
    """What a browser gets: with the login from Label Studio, without it from anybody else."""
    import httpx

    from screentime.labelstudio.client import speaking

    whole = urljoin(f"{place.url}/", address)
    if _is_theirs(place, address):
        with speaking(f"fetching {where}"):
            answer = place.client.line.httpx_client.request(
                address.removeprefix(place.url).lstrip("/"), method="GET", request_options={"timeout": place.patience}
            )
        whole = urljoin(whole, answer.headers.get("location", ""))
        if not answer.is_redirect or _is_theirs(place, whole):
            return answer
    if urlsplit(place.page).scheme == "https" and urlsplit(whole).scheme == "http":
        raise UserMistake(
            f"Label Studio's page is https and {where} is http: browsers do not show it.",
            "Serve the pictures by https and set base_url or s3_endpoint to that address, then `screentime push`.",
        )
    try:
        answer = httpx.get(
            whole, headers={"Origin": _origin(place.page)}, timeout=place.patience, trust_env=urlsplit(whole).hostname not in LOOPBACK
        )
    except httpx.HTTPError as error:
        raise ServerError(f"Nothing is had for {where}: {type(error).__name__}.", _cure(place)) from None
    except httpx.InvalidURL:
        raise UserMistake(f"The address of {where} is none.", _cure(place)) from None
    return answer


def _require_shared(place: Place, answer: httpx.Response, where: str) -> None:
    """Refuse a picture of another origin that browsers do not give to Label Studio's page, which reads them."""
    origin = _origin(place.page)
    if answer.headers.get("access-control-allow-origin") not in ("*", origin):
        raise UserMistake(
            f"Browsers do not let Label Studio's page show {where}: the answer has no Access-Control-Allow-Origin (CORS) for {origin}.",
            f"Let {urlsplit(str(answer.url)).netloc} send it: {_ALLOW[_store(place)].format(origin=origin)}.",
        )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _is_theirs(place: Place, address: str) -> bool:
    """Whether an address lies on Label Studio; its token goes nowhere else."""
    return _origin(urljoin(f"{place.url}/", address)) == _origin(place.url)


def _cause(place: Place, status: int) -> str:
    store = _store(place)
    if store == "http":
        return ""
    if store == "s3":
        return ": the bucket does not give it" if status in (403, 404, 424) else ""
    if store == "upload":
        return ": the uploaded file is gone"
    if status == 403:
        return ": it does not serve local files"
    storages = place.ask("api/storages/localfiles/", project=place.project.id)
    if not storages:
        return ": the project has no storage that lets the page read the frames"
    return ": its storage is there, and the file is not where it looks"


def _cure(place: Place) -> str:
    store = _store(place)
    if store == "http":
        return (
            f"See that your web server shows {place.workspace.root / 'frames'} at"
            f" {place.config.storage.base_url.rstrip('/')}/frames/ ; after a change of base_url `screentime push`."
        )
    if store == "s3":
        return "`screentime push` sends what is missing, and renews the credentials that Label Studio reads the bucket with."
    if store == "upload":
        return (
            f"Delete the project \"Images of project {place.known_project}\" in Label Studio, and not project"
            f" {place.known_project} itself, which has the labels; then run `screentime push`: it uploads them again."
        )
    if place.embedded:
        return f"{MEND} lets the page read them again, and makes missing frames again before."
    return (
        f"{MEND} makes the storage again. Where that does not help, the server does not see"
        f" {place.workspace.frames_folder} under that path: mount it there, and start it with"
        f" LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={place.options.document_root};"
        " or use --store upload."
    )


CHECKS = (Check("Pictures", look_pictures, mend_pictures),)
