"""Small projects to measure in, made through the command line; what is asked of their server is plain HTTP."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmarks import children
from scripts.benchmarks.measuring import Failed


def begin(folder: Path, film: Path, truth: Path, **options: str) -> None:
    """Make a project of a film whose labels are known, and extract its frames."""
    from screentime.demo.annotator import read_truth

    mode, characters, _ = read_truth(truth)
    flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    children.screentime(
        "new", str(folder), "--film", str(film), "--characters", ",".join(characters), "--mode", mode, *flags, limit=60
    )
    children.screentime("extract", "--workspace", str(folder), limit=600)


def give_labels(folder: str, truth: str, how_many: int) -> None:
    """Write labels into a project that knows no server, evenly over its frames; in a child process."""
    from screentime.demo.annotator import read_truth
    from screentime.records import Label
    from screentime.workspace import Workspace

    workspace, known = Workspace(Path(folder)), read_truth(Path(truth))[2]
    frames = workspace.frames()
    step = max(len(frames) // how_many, 1)
    workspace.write_labels([
        Label(frame.uid, known[int(frame.second)], number, number, "1", "2025-01-01T00:00:00Z", "manual")
        for number, frame in enumerate(frames[::step], start=1)
    ])


def start_server() -> str:
    """Start the embedded server of ``SCREENTIME_HOME`` on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    children.screentime("server", "start", "--port", str(port), limit=300)
    return f"http://127.0.0.1:{port}"


class Api:
    """Label Studio as any program sees it.

    Parameters
    ----------
    url : str
    home : Path
        Where the embedded server keeps its token.
    """

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self._token = json.loads((home / "labelstudio" / "credentials.json").read_text("utf-8"))["token"]
        # A proxy cannot see what this machine calls itself.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method: str, path: str, body: Any = None, seconds: float = 300) -> Any:
        """One request.

        Raises
        ------
        Failed
            If it is refused or not answered.
        """
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {self._token}", "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            raise Failed(f"Label Studio answered {error.code} to {method} {path}.") from None
        except OSError as error:
            raise Failed(f"Label Studio did not answer {method} {path} ({error}).") from None
        return json.loads(said) if said else None


def number_of(folder: Path) -> int:
    """Label Studio's number of a pushed project."""
    return json.loads((folder / "loop.json").read_text("utf-8"))["project"]


def tasks_of(api: Api, project: int) -> list[dict[str, Any]]:
    """All tasks with their data."""
    found: list[dict[str, Any]] = []
    while True:
        page = len(found) // 1000 + 1
        answer = api("GET", f"api/tasks?project={project}&page={page}&page_size=1000&include=id,data")
        found += answer["tasks"]
        if len(found) >= answer["total"] or not answer["tasks"]:
            return found


def readable(api: Api, project: int) -> tuple[str, int]:
    """The version that the page shows, and how many pre-annotations of it are there."""
    shown = api("GET", f"api/projects/{project}/").get("model_version") or ""
    return shown, (api("GET", f"api/projects/{project}/model-versions/") or {}).get(shown, 0) if shown else 0


def wait_for_version(
    api: Api, project: int, before: str, expected: int, limit: float, over: Callable[[], bool] = lambda: False
) -> float:
    """Wait until the page shows another version with all of its pre-annotations; the moment of it.

    Parameters
    ----------
    before : str
        The version shown before.
    expected : int
        Pre-annotations that the new one has.
    limit : float
        Seconds.
    over : callable
        Whether nothing more will come; then one last look is taken.

    Returns
    -------
    float
        By ``time.monotonic()``.

    Raises
    ------
    Failed
        If they do not come.
    """
    until = min(time.monotonic() + limit, children.deadline)
    while True:
        last = over() or time.monotonic() > until
        shown, there = readable(api, project)
        if shown not in ("", before) and there >= expected:
            return time.monotonic()
        if last:
            raise Failed(f"{there} of {expected} pre-annotations of {shown or 'no version'} were readable in the end.")
        # Looked at seldom enough not to keep a core of the server busy.
        time.sleep(0.1)


class Labeller:
    """A person who labels through the API what the page hands out, from known labels."""

    def __init__(self, folder: Path, truth: Path) -> None:
        from screentime.demo.annotator import Annotator, read_truth, truth_of
        from screentime.rounds import Loop
        from screentime.talk import Talk
        from screentime.workspace import Workspace

        workspace = Workspace(folder)
        loop = Loop(workspace, workspace.config(), Talk())
        known = truth_of(workspace.frames(), read_truth(truth)[2], truth)
        self._progress = workspace.progress
        self._annotator = Annotator(loop.link.client, loop.project(), loop.schema, known)

    def label(self, how_many: int) -> None:
        """Label so many frames.

        Raises
        ------
        Failed
            If the page hands out fewer.
        """
        given = self._annotator.label(self._progress().tab, how_many)
        if given < how_many:
            raise Failed(f"The page handed out {given} of {how_many} frames.")
