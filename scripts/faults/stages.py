"""A project's whole way through a real Label Studio, command by command, each one to be run again from where it began.

What the server and the folder hold before a command is kept: the server's database with SQLite's own
backup, under the running server. So each fault meets the very same state.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sqlite3
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from screentime.config import override
from screentime.errors import ScreentimeError
from screentime.labelstudio import client as line
from screentime.labelstudio import patience, process, server, tasks
from screentime.labelstudio.stream import next_task, submit
from screentime.rounds import Loop
from screentime.talk import Talk
from screentime.workspace import Workspace
from scripts.faults import snapshot
from scripts.faults.faulty import FaultyProxy, Plan
from scripts.faults.personal import personal_token

# Waits between attempts and looks; the waits themselves are tested one by one elsewhere.
LONGEST_WAIT, LOOKS, SLOW_SECONDS = 0.2, (0.05, 0.1), 1.0
# Nobody listens there: a hint is only a reason to look sooner.
HINTS_PORT, SECRET, SERVE_SECONDS = 9, "no secret of anybody", 120.0


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes
    ----------
    how : str
        ``done``, ``sentence`` or ``failed`` (with anything but a sentence).
    said : str
        The sentence, or the error.
    """

    how: str
    said: str = ""


@dataclass(frozen=True)
class Tried:
    """A command with a fault, and again without it.

    Attributes
    ----------
    first, second : Ended
    hits : int
        How often the fault came.
    differences : list of str
        In what the outcome differs from the undisturbed one.
    """

    first: Ended
    second: Ended
    hits: int
    differences: list[str]


@dataclass
class Stage:
    """A command, and what there was before it.

    Attributes
    ----------
    name : str
    run : callable
        Runs it through the proxy.
    database : bytes
        The server's, before.
    folder : Path
        A copy of the project's folder, before.
    kinds : list of str
        Every call that it makes undisturbed.
    seconds : float
        How long it takes then.
    after : dict
        What there is afterwards, see `Project.state`.
    """

    name: str
    run: Callable[[], None]
    database: bytes
    folder: Path
    kinds: list[str] = field(default_factory=list)
    seconds: float = 0.0
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proxied(process.Noted):
    """The embedded server's note, with an address in front of it."""

    url: str = ""

    @property
    def running(self) -> process.Running:
        return process.Running(self.url, self.port, self.pid)


class Project:
    """A project of a drawn film on a server that is reached through a proxy.

    Parameters
    ----------
    home : Path
        Of a running embedded server that nobody else uses.
    place : Path
        An empty folder to work in.
    film, other : Path
        Films with the characters cat and mouse; the project's, and another one.
    truth : list of frozenset of str
        Who is on screen in each second of ``film``.
    backbone : str
        As ``screentime new --backbone`` takes it.
    """

    def __init__(
        self, home: Path, place: Path, film: Path, other: Path, truth: list[frozenset[str]], backbone: str
    ) -> None:
        from screentime.projects import begin, extract_films

        self.place, self.root, self.truth, self.film, self.other = place, place / "project", truth, film, other
        self.running = server.status(home)
        account = server.credentials(home)
        self.token, self.personal = account.token, personal_token(self.running.url, account)
        self.database = snapshot.database_of(home)
        self.proxy = FaultyProxy(self.running.port)
        self.noted = Proxied(**asdict(process.alive(home)), url=self.proxy.url)
        workspace = begin(
            self.root, [film], ("cat", "mouse"), backbone=backbone, view="whole", first_batch=24, every=4,
            batch=6, audit_every=3,
        )
        extract_films(workspace, workspace.config(), Talk())

    def close(self) -> None:
        """Leave the server alone."""
        self.proxy.close()

    # -- the way ------------------------------------------------------------------------------------

    def stages(self) -> Iterator[Stage]:
        """Command after command, each run once undisturbed; what people do stands between them."""
        yield self._stage("push")
        yield self._stage("label", self._label)
        self._by_hand(14)
        yield self._stage("pull")
        yield self._stage("sync")
        yield self._stage("pull by a personal access token", self._pull_by_a_personal_token)
        self._by_hand(4)
        self._say_nothing()
        yield self._stage("pull", name="pull what says nothing")
        yield self._stage("sync", name="sync again")
        self._by_hand(4)
        yield self._stage("serve", self._serve)
        yield self._stage("serve and stop", lambda: self._serve(stop=True))
        yield self._stage("preannotate")
        yield self._stage("review", str(self.film))
        self._submit_review()
        yield self._stage("pull", name="pull a review")
        (self.root / "reviews.json").unlink()
        yield self._stage("pull", name="pull without reviews.json")
        yield self._stage("audit", str(self.other), "--frames", "4")
        yield self._stage("review", str(self.film), "--store", "upload", name="review, uploaded")
        yield self._stage("push", "--store", "upload", name="push, uploaded")
        (self.root / "loop.json").unlink()
        yield self._stage("push", name="push without loop.json")
        file = self.root / "screentime.toml"
        file.write_text(file.read_text("utf-8").replace('"mouse"', '"mouse", "dog"', 1), "utf-8")
        yield self._stage("push", name="push another character")
        yield self._stage("status")
        yield self._stage("report")

    def _stage(self, *words: Any, name: str = "") -> Stage:
        run = words[0] if callable(words[0]) else None
        if len(words) == 2 and callable(words[1]):
            run, name = words[1], words[0]
        elif run is None:
            arguments = [words[0], "--workspace", str(self.root), *words[1:]]

            def run() -> None:
                from screentime.cli import app

                app(arguments, standalone_mode=False)

        stage = Stage(name or words[0], run, snapshot.keep(self.database), self.place / f"before {name or words[0]}")
        shutil.copytree(self.root, stage.folder, symlinks=True)
        self.proxy.listen()
        began = time.monotonic()
        ended = self._run(stage.run)
        stage.seconds = time.monotonic() - began
        if ended.how != "done":
            raise RuntimeError(f"{stage.name} ends undisturbed with: {ended.said}")
        stage.kinds, stage.after = list(self.proxy.seen), self.state()
        return stage

    # -- running ------------------------------------------------------------------------------------

    def again(self, stage: Stage, plan: Plan) -> Tried:
        """Run a command with a fault, then without it."""
        self._restore(stage)
        self.proxy.listen(plan)
        first = self._run(stage.run, slow=plan.fault == "slow")
        hits = self.proxy.hits
        self.proxy.listen()
        second = self._run(stage.run)
        now = self.state()
        return Tried(first, second, hits, [
            f"{name}: {now[name]} instead of {stage.after[name]}"[:400] for name in now if now[name] != stage.after[name]
        ])

    def _run(self, run: Callable[[], None], *, slow: bool = False) -> Ended:
        send, hurried = line._send, types.SimpleNamespace(
            monotonic=time.monotonic, sleep=lambda seconds: time.sleep(min(seconds, LONGEST_WAIT))
        )

        def impatient(wire: Any, method: str, path: str, seconds: float, **body: Any) -> Any:
            return send(wire, method, path, min(seconds, SLOW_SECONDS), **body)

        with contextlib.ExitStack() as patches:
            patches.enter_context(contextlib.redirect_stderr(io.StringIO()))
            patches.enter_context(contextlib.redirect_stdout(io.StringIO()))
            patches.enter_context(mock.patch.object(process, "alive", lambda home: self.noted))
            patches.enter_context(mock.patch.object(patience, "time", hurried))
            patches.enter_context(mock.patch.object(tasks, "LOOK_AGAIN", LOOKS))
            if slow:
                patches.enter_context(mock.patch.object(line, "_send", impatient))
                patches.enter_context(mock.patch.object(line, "CONNECT_SECONDS", SLOW_SECONDS))
            try:
                run()
            except ScreentimeError as error:
                return Ended("sentence", f"{error.what} {error.remedy}")
            except SystemExit as error:
                return Ended("done") if not error.code else Ended("failed", f"exit {error.code}")
            except Exception as error:
                return Ended("failed", f"{type(error).__name__}: {error}")
        return Ended("done")

    # -- commands that are not run as such ----------------------------------------------------------

    def _pull_by_a_personal_token(self) -> None:
        """As one pulls from a server that is not the embedded one."""
        from screentime.cli import app

        with mock.patch.dict(os.environ, {"LABEL_STUDIO_URL": self.proxy.url, "LABEL_STUDIO_API_KEY": self.personal}):
            app(["pull", "--workspace", str(self.root)], standalone_mode=False)

    def _serve(self, *, stop: bool = False) -> None:
        """What `screentime serve` does at a project until it waits for more, without its web; what fails it tries again."""
        from screentime.service.hub import Hub
        from screentime.service.running import register_at, take_back
        from screentime.service.served import Served
        from screentime.service.settling import QUIET_SECONDS

        served = Served(Workspace(self.root), {}, lambda _: None, register_at(None, "127.0.0.1", HINTS_PORT, SECRET))
        until = time.monotonic() + SERVE_SECONDS
        while time.monotonic() < until:
            served.step()
            trouble = served.state.trouble
            if trouble and trouble.what.startswith("This failed"):
                raise RuntimeError(trouble.what)
            # After a failure it waits for seconds before it goes on.
            if not served.state.failures and served.due() - time.monotonic() > QUIET_SECONDS:
                break
        else:
            raise RuntimeError(f"the service never came to rest: {trouble}")
        if stop:
            take_back(Hub([served], SECRET), lambda _: None)

    # -- what people do -----------------------------------------------------------------------------

    def _loop(self, url: str = "") -> Loop:
        workspace = Workspace(self.root)
        loop = Loop(workspace, override(workspace.config(), {}), Talk())
        if url:
            from screentime.labelstudio.link import Link

            loop.link = Link(line.connect(url, self.token), embedded=True)
        return loop

    def _label(self, count: int = 10, url: str = "") -> None:
        """As the demo's annotator labels, until so many frames are answered."""
        loop = self._loop(url)
        labelled, _ = loop.answered()
        for _ in range(count - labelled if not url else count):
            task = next_task(loop.link.client, loop.known_project(), loop.workspace.progress().tab)
            if task is None:
                return
            shown = next((one for one in task.get("predictions", []) if one["result"]), None)
            who = self.truth[int(task["data"]["second"])]
            submit(loop.link.client, task, loop.schema, who, prediction=shown)

    def _by_hand(self, count: int) -> None:
        self._label(count, self.running.url)

    def _say_nothing(self) -> None:
        """What the bulk action leaves on a blind frame."""
        loop = self._loop(self.running.url)
        progress = loop.workspace.progress()
        open_blind = [uid for uid in progress.blind if uid in loop.open_frames()]
        loop.link.client.request(
            "POST", "api/dm/actions", params={"id": "predictions_to_annotations", "project": progress.project},
            json={
                "project": str(progress.project),
                "selectedItems": {"all": False, "included": [progress.tasks[uid] for uid in open_blind]},
            },
        )

    def _submit_review(self) -> None:
        loop = self._loop(self.running.url)
        [asked] = loop.workspace.asked_reviews()
        [shown] = loop.link.client.request("GET", "api/predictions/", params={"project": asked.project})
        loop.link.client.request("POST", f"api/tasks/{asked.task}/annotations/", json={"result": shown["result"]})

    # -- what there is ------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that could be doubled or lost, on the server and in the folder."""
        with contextlib.closing(sqlite3.connect(self.database)) as base:
            def rows(query: str) -> list[tuple]:
                return base.execute(query).fetchall()

            uid = "json_extract(t.data, '$.uid')"
            tabs = [(project, json.loads(data)["title"]) for project, data in rows(
                'select project_id, data from data_manager_view order by project_id, "order", id'
            )]
            found: dict[str, Any] = {
                "projects": Counter(rows("select title from project")),
                "tasks": Counter(rows(f"select project_id, {uid} from task t")),
                "predictions": Counter(rows(
                    f"select t.project_id, {uid}, p.model_version, p.score, p.result from prediction p"
                    " join task t on t.id = p.task_id"
                )),
                "versions on show": rows("select id, model_version from project order by id"),
                "choices": rows("select id, label_config from project order by id"),
                "annotations": Counter(rows(
                    f"select t.project_id, {uid}, json_extract(c.result, '$[0].value') from task_completion c"
                    " join task t on t.id = c.task_id"
                )),
                "tabs": tabs,
                "storages": Counter(rows("select project_id, path from io_storages_localfilesimportstorage s"
                                         " join io_storages_localfilesmixin m on m.id = s.localfilesmixin_ptr_id")),
                "uploads": Counter((project, name.split("-", 1)[1]) for project, name in rows(
                    "select project_id, file from data_import_fileupload"
                )),
                "webhooks": Counter(rows("select project_id, url from webhook")),
                "marks": sorted(rows(f"select {uid}, json_extract(t.data, '$.audit') from task t"), key=str),
            }
        table = self.root / "labels.csv"
        # Whose annotation and when differ where people labelled in the run itself.
        found["labels.csv"] = [one.split(",")[:4] for one in table.read_text("utf-8").splitlines()] if table.exists() else []
        if (self.root / "loop.json").exists():
            progress = Workspace(self.root).progress()
            found["loop.json"] = (progress.batch, progress.audits, progress.skipped, progress.shown, progress.tasks)
        return found

    def _restore(self, stage: Stage) -> None:
        snapshot.put_back(self.database, stage.database)
        shutil.rmtree(self.root)
        shutil.copytree(stage.folder, self.root, symlinks=True)
