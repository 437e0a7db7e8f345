"""What stands in Label Studio and in a workspace, in a form in which two runs can be compared.

Left out, since it differs between any two runs: numbers of projects, tasks, tabs, annotations and
predictions; dates and durations; the workspace's own id and folder. All else must be equal.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screentime.labelstudio import reviewing
from screentime.labelstudio.client import Client
from screentime.labelstudio.project import MARKER
from screentime.labelstudio.tasks import read_tasks
from screentime.model.intact import digests, require_intact
from screentime.workspace import Workspace

LEFT_OVER = (".writing-*", ".making-*", ".drawing-*", ".part-*", ".old-*", ".*.new", "*.lock.json", "preparing-*")
DATES = {"updated_at", "seconds"}


@dataclass(frozen=True)
class Server:
    """What Label Studio has of one workspace.

    Attributes
    ----------
    numbers : list of int
        Its projects; one, unless it is doubled.
    tasks : list of (str, dict)
        Uid and data of each task, sorted.
    answers : dict of int to (str, str)
        Annotation to the uid and what was said.
    predictions : list of (str, str, float, list)
        Uid, version, score and choices of each prediction, sorted.
    shown : str
        The version on show.
    tabs : list of (str, str)
        Title and settings of each tab.
    """

    numbers: list[int]
    tasks: list[tuple[str, dict[str, Any]]]
    answers: dict[int, tuple[str, str]]
    predictions: list[tuple[str, str, float, list[Any]]]
    shown: str
    tabs: list[tuple[str, str]]


def on_server(client: Client, identity: str) -> Server:
    """What Label Studio has of a workspace, of all its projects where it is doubled."""
    found = client.request("GET", "api/projects/", params={"page_size": 1000})["results"]
    mine = [one for one in found if f"{MARKER}{identity}" in (one["description"] or "").splitlines()]
    tasks, answers, predictions, tabs, shown = [], {}, [], [], ""
    for project in mine:
        reference = _Reference(project["id"])
        shown = project["model_version"] or ""
        uids = {}
        for task in read_tasks(client, reference, fields="all"):
            uid = uids[task["id"]] = task["data"].get("uid", "")
            tasks.append((uid, json.loads(json.dumps(task["data"]).replace(identity, "ID"))))
            for one in task["annotations"]:
                said = [each["value"] for each in one["result"]]
                answers[one["id"]] = (uid, json.dumps([one["was_cancelled"], said], sort_keys=True))
        for one in client.request("GET", "api/predictions/", params={"project": project["id"]}):
            choices = [each["value"]["choices"] for each in one["result"]]
            predictions.append((uids.get(one["task"], "?"), one["model_version"], round(one["score"], 6), choices))
        for view in client.request("GET", "api/dm/views/", params={"project": project["id"]}):
            data = {key: view["data"].get(key) for key in ("type", "filters", "ordering", "hiddenColumns")}
            tabs.append((view["data"].get("title", ""), json.dumps(data, sort_keys=True)))
    return Server(
        [one["id"] for one in mine], sorted(tasks, key=str), answers,
        sorted(predictions, key=str), shown, sorted(tabs),
    )


@dataclass(frozen=True, slots=True)
class _Reference:
    id: int
    url: str = ""


def in_folder(root: Path) -> dict[str, Any]:
    """What a workspace's files say, see the module."""
    workspace = Workspace(root)
    config = workspace.config()
    loop = json.loads(workspace.loop_file.read_text("utf-8")) if workspace.loop_file.is_file() else {}
    return {
        "frames": _text(workspace.frames_table),
        "films": _text(workspace.films_file),
        "loop": {
            key: sorted(value) if key in ("tasks", "doubted")
            else bool(value) if key in ("project", "tab", "url", "look_again", "confirm_sure", "confirm_unsure")
            else value for key, value in loop.items()
        },
        "labels": [
            (label.uid, sorted(label.characters), label.origin) for label in workspace.labels()
        ],
        "audited": [(one.film.digest, [frame.uid for frame in one.frames]) for one in workspace.audited()],
        "asked": [(one.film.digest, one.version) for one in workspace.asked_reviews()],
        "cards": [_without(card, DATES) for card in workspace.cards()],
        "tables": {
            str(file.relative_to(root)): file.read_text("utf-8") for file in sorted(root.glob("models/v*/*.csv"))
        },
        "files": sorted(
            str(file.relative_to(root)) for file in root.rglob("*")
            if file.is_file() and file.name != ".lock" and config.project.id not in file.name
        ),
        "seconds": _seconds(workspace),
    }


def half_written(root: Path) -> list[str]:
    """Files under their own names that are not whole; hidden ones are no files yet."""
    import numpy as np
    from pyarrow import parquet

    bad = []
    for file in sorted(root.rglob("*")):
        if not file.is_file() or any(part.startswith(".") for part in file.relative_to(root).parts):
            continue
        try:
            content = file.read_bytes()
            if file.suffix == ".json":
                json.loads(content)
            elif file.suffix == ".csv":
                lengths = {len(row) for row in csv.reader(content.decode("utf-8").splitlines())}
                whole = content.endswith(b"\n") and len(lengths) == 1
                if not whole:
                    raise ValueError("rows are missing")
            elif file.suffix in (".npy", ".npz"):
                np.load(file, allow_pickle=False)
            elif file.suffix == ".parquet":
                parquet.read_table(file)
            elif file.suffix == ".toml":
                tomllib.loads(content.decode("utf-8"))
            elif file.suffix == ".mp4":
                _require_whole_film(file)
            elif file.suffix in END and not content.rstrip().endswith(END[file.suffix]):
                raise ValueError("its end is missing")
            elif not content and file.suffix != ".lock":
                raise ValueError("it is empty")
        except Exception as error:  # whatever a reader says of half a file
            bad.append(f"{file.relative_to(root)}: {error}")
    return bad + _spoiled_models(root)


def _require_whole_film(path: Path) -> None:
    from screentime.video.reader import Reader

    with Reader(path) as reader:
        for _ in reader:
            pass
    if reader.warnings:
        raise ValueError(reader.warnings[0])


def _spoiled_models(root: Path) -> list[str]:
    """Models whose files are not those that their cards know."""
    bad = []
    for card in sorted(root.glob("models/v*/card.json")):
        with suppress(ValueError):  # what is no card is told as half a file
            saved = json.loads(card.read_bytes()).get("files", {})
            try:
                require_intact(digests(card.parent, {name.partition("/")[0] for name in saved}), saved)
            except ValueError as error:
                bad.append(f"{card.parent.relative_to(root)}: {error}")
    return bad


def parquet_in(root: Path) -> dict[str, Any]:
    """What a collection's files hold."""
    import pandas

    tables = {str(file.relative_to(root)): pandas.read_parquet(file).to_json() for file in sorted(root.rglob("*.parquet"))}
    return {"tables": tables, "files": sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())}


def reviews_on_server(client: Client, identity: str) -> list[tuple[str, list[str], list[str]]]:
    """Of each project on which a film of a workspace is reviewed: the mark, the tasks, the predictions."""
    found = client.request("GET", "api/projects/", params={"page_size": 1000})["results"]
    reviews = []
    for project in found:
        marks = [line for line in (project["description"] or "").splitlines() if line.startswith(reviewing.MARKER)]
        if any(line.endswith(f" in {identity}") for line in marks):
            tasks = read_tasks(client, _Reference(project["id"]), fields="all")
            said = client.request("GET", "api/predictions/", params={"project": project["id"]})
            reviews.append((
                marks[0].replace(identity, "ID"),
                sorted(json.dumps(one["data"], sort_keys=True).replace(identity, "ID") for one in tasks),
                sorted(json.dumps([one["model_version"], [each["value"] for each in one["result"]]]) for one in said),
            ))
    return sorted(reviews)


END = {".jpg": b"\xff\xd9", ".png": b"IEND\xaeB`\x82", ".html": b"</html>"}


def left_over(*folders: Path) -> list[str]:
    """Files and folders that something was being written under."""
    return sorted({str(one) for folder in folders for pattern in LEFT_OVER for one in folder.rglob(pattern)})


def doubled(server: Server) -> list[str]:
    """What is there twice."""
    tasks = Counter(uid for uid, _ in server.tasks)
    predictions = Counter((uid, version) for uid, version, *_ in server.predictions)
    return [
        *([f"{len(server.numbers)} projects"] if len(server.numbers) > 1 else []),
        *(f"{n} tasks of {uid}" for uid, n in tasks.items() if n > 1),
        *(f"{n} predictions of {version} for {uid}" for (uid, version), n in predictions.items() if n > 1),
        *(f"{n} tabs {title}" for title, n in Counter(title for title, _ in server.tabs).items() if n > 1),
    ]


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two states differ, in short lines."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line for key in sorted(one.keys() | other.keys(), key=str)
            for line in differences(one.get(key), other.get(key), f"{where}.{key}")
        ]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [line for n, pair in enumerate(zip(one, other)) for line in differences(*pair, f"{where}[{n}]")]
    return [] if one == other else [f"{where.lstrip('.')}: {str(one)[:200]} instead of {str(other)[:200]}"]


def _seconds(workspace: Workspace) -> Any:
    from screentime.summary import summary

    return summary(workspace)["screen_time"] if workspace.frames_table.is_file() else []


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
