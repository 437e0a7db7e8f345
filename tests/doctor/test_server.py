"""Servers and containers that are wrong, for real."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from screentime import config as configuration
from screentime.demo.annotator import Annotator, truth_of
from screentime.doctor.finding import Finding
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, walk
from screentime.doctor.server import look_server
from screentime.errors import UserMistake
from screentime.labelstudio import server
from screentime.labelstudio.client import connect
from screentime.projects import begin, extract_films
from screentime.rounds import Loop
from screentime.talk import Talk

FIX = "`screentime doctor --fix`"
USABLE = "it may make projects and write predictions."


def test_the_embedded_server_is_told_by_home_and_process(patient, ls_home, ls_server):
    assert patient.look("Server").sentence == f"{ls_server.url}, the embedded one of {ls_home} (process {ls_server.pid})."
    assert patient.look("Version").sentence == "Label Studio 1.23.2, with which screentime is tested."
    assert patient.look("Token").sentence == f"a legacy token; {USABLE}"
    assert patient.look("Leftover servers").sentence == "no server of this home is left over."


def test_no_server_at_all(examine, tmp_path, monkeypatch, free_port, project_of_nothing):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    folder = with_port(project_of_nothing, free_port)
    assert examine(folder, "Server") == Finding(
        "Server", "warning", "Label Studio is not running.", "`screentime server start` before `screentime push`."
    )
    for name in ("Version", "Token"):
        assert examine(folder, name) == Finding(name, "left out", "Label Studio is not running.")
    # To look makes nothing.
    assert not (tmp_path / "home").exists()


def with_port(project_of_nothing, port):
    folder = project_of_nothing("builtin")
    path = folder / "screentime.toml"
    path.write_text(path.read_text("utf-8").replace("port = 8080", f"port = {port}"), "utf-8")
    return folder


def test_the_server_of_another_home_is_on_the_port(examine, tmp_path, monkeypatch, ls_home, ls_server, project_of_nothing):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    found = examine(with_port(project_of_nothing, ls_server.port), "Server")
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == (
        f"Label Studio is not running. Port {ls_server.port} is taken by Label Studio of another home, {ls_home}"
        f" (process {ls_server.pid})."
    )
    assert found.fix == (
        f"`screentime server start --port {ls_server.port + 1}`, or `export SCREENTIME_HOME={ls_home}` to use that one."
    )


def test_another_program_is_on_the_port(examine, tmp_path, monkeypatch, free_port, project_of_nothing):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    program = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print('up', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(free_port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "up\n"
        found = examine(with_port(project_of_nothing, free_port), "Server")
        name = psutil.Process(other.pid).name()
        assert found.sentence == f"Label Studio is not running. Port {free_port} is taken by {name} (process {other.pid})."
        # Asked as a server, it says nothing that a Label Studio would.
        monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{free_port}")
        assert examine(tmp_path, "Server", patience=0.5).sentence == (
            f"Label Studio did not answer in time (while asking http://127.0.0.1:{free_port} for its version)."
        )
    finally:
        other.communicate("\n", timeout=30)


def test_an_address_where_nothing_is(examine, tmp_path, monkeypatch, free_port):
    url = f"http://127.0.0.1:{free_port}"
    monkeypatch.setenv("LABEL_STUDIO_URL", url)
    found = examine(tmp_path, "Server")
    assert found.sentence == f"Nothing answers at Label Studio's address (while asking {url} for its version)."
    assert (found.state, found.code) == ("failed", 1)


@pytest.mark.parametrize(
    ("status", "words", "remedy"),
    [
        (200, "What answers at {url} is no Label Studio.",
         "Give the address of Label Studio's first page, for example http://localhost:8080."),
        (502, "{url} answers 502.", "Look into Label Studio's log, or that of what stands before it."),
    ],
)
def test_what_answers_is_no_label_studio(examine, listening, tmp_path, monkeypatch, status, words, remedy):
    with listening({}, status) as port:
        url = f"http://127.0.0.1:{port}"
        monkeypatch.setenv("LABEL_STUDIO_URL", url)
        found = examine(tmp_path, "Server")
    assert found == Finding("Server", "failed", words.format(url=url), remedy, code=1)


def test_another_version_and_another_clock(examine, listening, tmp_path, monkeypatch):
    answers = {"/api/version": {"release": "1.19.0"}}
    with listening(answers, date="Mon, 01 Jan 2024 00:00:00 GMT") as port:
        monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{port}")
        found = examine(tmp_path, "Version")
        assert found == Finding(
            "Version", "warning", "Label Studio 1.19.0 answers; screentime is tested with 1.23.2.",
            "Where something fails, try 1.23.2: `pip install label-studio==1.23.2`.",
        )
        found = examine(tmp_path, "Clock")
        assert found.state == "warning" and found.sentence.endswith(" s ahead of Label Studio's.")


@pytest.fixture
def unusable(project_of_nothing, free_port, monkeypatch, tmp_path):
    """A project whose options name a server and hold a token that others may read."""
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    file = project_of_nothing("builtin") / "screentime.toml"
    options = configuration.override(configuration.parse(file.read_text("utf-8"), "it"), {"url": f"http://127.0.0.1:{free_port}"})
    file.write_text(configuration.render(options).replace("[labelstudio]", f'[labelstudio]\ntoken = "{"ab" * 20}"'), "utf-8")
    file.chmod(0o644)
    return file.parent


SERVERS = ("Server", "Version", "Token")


def test_no_other_server_is_taken_for_the_one_that_unusable_options_name(unusable, examine, free_port, monkeypatch):
    found = {examine(unusable, name).sentence for name in SERVERS}
    assert found == {"screentime.toml cannot be used."}
    # What the environment names needs no options.
    monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{free_port + 1}")
    assert examine(unusable, "Server").sentence.startswith("Nothing answers at Label Studio's address (while asking ")


def test_one_mending_opens_the_options_before_the_server_is_looked_for(unusable, free_port):
    checks = [one for one in CHECKS if one.name in (*SERVERS, "Options", "Secrets")]
    found = {one.name: one for one in walk(Place(unusable), checks, lambda one: None, Talk(), mend=True)}
    assert list(found)[:2] == ["Secrets", "Options"]
    assert (found["Secrets"].state, found["Secrets"].fixed) == ("ok", "only the owner may read screentime.toml now.")
    assert found["Options"].state == "ok"
    assert found["Server"].sentence == (
        "Nothing answers at Label Studio's address (while asking"
        f" http://127.0.0.1:{free_port} for its version)."
    )


def test_an_address_that_is_none(examine, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", "ftp://[half")
    found = examine(tmp_path, "Server")
    assert (found.sentence, found.code) == ("ftp://[half is no address of a server.", 2)


@pytest.mark.parametrize("secret", ["http://ann:PASSWORD@localhost:1", "http://localhost:1/?token=PASSWORD"])
def test_a_secret_in_an_address_is_never_shown(examine, tmp_path, monkeypatch, secret):
    monkeypatch.setenv("LABEL_STUDIO_URL", secret)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    root = tmp_path / "root"
    root.mkdir()
    (root / ".dockerenv").touch()
    found = {name: examine(tmp_path, name, root=root) for name in ("Server", "Version", "Token", "Containers", "Proxies")}
    assert found["Server"] == Finding(
        "Server", "failed", "The address of the Label Studio at localhost holds a user name, a password or a query.",
        "Leave that out of it: screentime needs the address of the first page and a token.", code=2,
    )
    assert "PASSWORD" not in str(found)


# -- 7. Container addresses -------------------------------------------------------------------------


def test_localhost_inside_a_container(examine, tmp_path, monkeypatch, free_port, ls_server):
    root = tmp_path / "root"
    root.mkdir()
    monkeypatch.setenv("LABEL_STUDIO_URL", f"http://localhost:{free_port}")
    assert examine(tmp_path, "Containers", root=root).sentence == "this is no container."
    (root / ".dockerenv").touch()
    found = examine(tmp_path, "Containers", root=root)
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == (
        f"This is a container, in which http://localhost:{free_port} means the container itself, and nothing answers there."
    )
    assert found.fix == (
        "Name the server as the container sees it: http://label-studio:8080 in docker-compose.yml,"
        " http://host.docker.internal:8080 on the host."
    )
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    assert examine(tmp_path, "Containers", root=root).sentence == f"this is a container, and {ls_server.url} answers in it."


@pytest.mark.parametrize("cgroup", ["12:cpu:/docker/4711\n", "0::/kubepods/besteffort/pod1\n"])
def test_a_container_is_known_by_its_cgroup(examine, tmp_path, monkeypatch, cgroup):
    place = tmp_path / "root" / "proc" / "1"
    place.mkdir(parents=True)
    (place / "cgroup").write_text(cgroup)
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://label-studio:8080")
    assert examine(tmp_path, "Containers", root=tmp_path / "root").sentence == (
        "this is a container; http://label-studio:8080 is outside of it."
    )


def test_a_server_that_serves_no_files_and_calls_nobody(
    make_home, free_port, cartoon, tmp_path, monkeypatch, examine
):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    server.start(home, port=free_port)
    workspace = begin(tmp_path / "project", [cartoon[0]], ("cat", "mouse"), backbone="builtin", view="whole")
    extract_films(workspace, workspace.config(), Talk())
    loop = Loop(workspace, workspace.config(), Talk())
    loop.push()
    project = workspace.progress().project
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        loop.link.client.request("POST", "api/webhooks/", json={"project": project, "url": url})
        assert examine(workspace.root, "Webhooks").sentence == "1 webhook, answered."
        server.stop(home)
        # As somebody starts it who knows nothing of what screentime needs.
        plain = server.environment
        without = {"LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED", "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS"}
        monkeypatch.setattr(
            server, "environment", lambda *given: {k: v for k, v in plain(*given).items() if k not in without}
        )
        server.start(home, port=free_port)
        found = examine(workspace.root, "Webhooks")
        assert (found.state, found.sentence) == ("warning", f"{url}: Label Studio may not call this machine.")
        assert found.fix == (
            "Start it with LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS=false, or do without: `screentime sync --watch`."
        )
    found = examine(workspace.root, "Pictures")
    assert found.state == "failed" and found.sentence.endswith("): it does not serve local files.")
    server.stop(home)
    found = examine(workspace.root, "Server")
    assert (found.state, found.code, found.sentence) == ("failed", 2, "Label Studio is not running.")


# -- leftover servers -------------------------------------------------------------------------------


def test_a_server_that_nobody_noted_is_taken_up_again_and_never_ended(
    examine, make_home, free_port, tmp_path, monkeypatch, ls_server, project_of_nothing
):
    home = make_home()
    # Reached by another path than the one that it was started by.
    linked = tmp_path / "linked"
    linked.symlink_to(home)
    monkeypatch.setenv("SCREENTIME_HOME", str(linked))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    running = server.start(home, port=free_port)
    assert examine(tmp_path, "Leftover servers").state == "ok"
    (home / "labelstudio" / "server.json").unlink()
    folder = with_port(project_of_nothing, free_port)
    found = examine(folder, "Server")
    assert (found.state, found.code) == ("failed", 1)
    assert found.sentence.startswith("Label Studio of this home runs (process ")
    assert found.sentence.endswith("), and its note server.json is gone or damaged.")
    assert f"process {running.pid}" in found.sentence
    assert found.fix == f"{FIX} notes it again, or `screentime server start`."
    left = examine(tmp_path, "Leftover servers", mend=True)
    assert left == Finding("Leftover servers", "left out", "a server of this home runs that is not noted.")
    mended = examine(folder, "Server", mend=True)
    assert (mended.state, mended.fixed) == ("ok", f"process {running.pid} is noted again; it was left running.")
    assert server.status(linked) == running == server.status(home)
    # Where another server is used, this one may be somebody's all the same.
    (home / "labelstudio" / "server.json").unlink()
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    left = examine(tmp_path, "Leftover servers", mend=True)
    assert (left.state, left.fix) == ("warning", "`screentime server stop` ends it, if nobody else uses it.")
    monkeypatch.delenv("LABEL_STUDIO_URL")
    assert server.stop(linked) is True and not psutil.pid_exists(running.pid)


def test_a_second_server_of_a_home_is_ended_and_no_other_one(examine, make_home, free_port, tmp_path, monkeypatch, ls_server):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    running = server.start(home, port=free_port)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    second = subprocess.Popen(
        [str(server.find_executable()), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)],
        env=server.environment(home, home / "labelstudio" / "data"), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        found = examine(tmp_path, "Leftover servers")
        assert (found.state, found.code) == ("failed", 1)
        assert found.sentence.startswith("Another Label Studio of this home runs beside the noted one (process ")
        mended = examine(tmp_path, "Leftover servers", mend=True)
        assert mended.state == "ok" and f"process {second.pid}" in mended.fixed
        assert second.wait(30) is not None
    finally:
        second.kill()
    assert server.status(home) == running and psutil.pid_exists(ls_server.pid)


# -- why it does not start --------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "why"), [(None, "is gone"), ('{"username": "scr', "cannot be read")])
def test_lost_credentials_of_a_stopped_server_are_mended_and_nothing_is_lost(
    examine, make_home, free_port, tmp_path, monkeypatch, project_of_nothing, content, why
):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    folder = with_port(project_of_nothing, free_port)
    before = server.start(home, port=free_port)
    client = connect(before.url, server.credentials(home).token)
    number = client.request("POST", "api/projects/", json={"title": "Kept"})["id"]
    server.stop(home)
    kept = home / "labelstudio" / "credentials.json"
    kept.unlink()
    if content is not None:
        kept.write_text(content)
    found = examine(folder, "Server")
    assert (found.state, found.code) == ("failed", 1)
    assert found.sentence == f"{kept} {why}: it should hold a username, a password and a token."
    assert found.fix == (
        f"Put credentials.json back from a backup, or let {FIX} give the account a new password;"
        " the labels stay where they are."
    )
    mended = examine(folder, "Server", mend=True)
    assert mended.fixed == "the account has a new password, kept in credentials.json; the labels are as they were."
    assert (mended.state, mended.fix) == ("warning", "`screentime server start` before `screentime push`.")
    again = server.start(home, port=free_port)
    client = connect(again.url, server.credentials(home).token)
    assert client.request("GET", f"api/projects/{number}/")["title"] == "Kept"
    # Lost while it runs.
    kept.unlink()
    assert FIX in examine(folder, "Token").fix
    mended = examine(folder, "Token", mend=True)
    assert (mended.state, mended.sentence) == ("ok", f"a legacy token; {USABLE}")
    # Reset in the page.
    connect(again.url, server.credentials(home).token).request("POST", "api/current-user/reset-token/")
    found = examine(folder, "Token")
    assert found.sentence == "Label Studio refuses the legacy token: it is not known there, or was revoked."
    assert found.fix == (
        f"It was reset in Label Studio's page: {FIX} takes up the present one, and `screentime server start` does."
    )
    mended = examine(folder, "Token", mend=True)
    assert (mended.state, mended.fixed) == ("ok", "credentials.json has the token that Label Studio takes.")
    assert server.status(home) == again


def test_a_damaged_database_is_told_and_kept(examine, make_home, tmp_path, monkeypatch, free_port, project_of_nothing):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    data = home / "labelstudio" / "data"
    (data / "label_studio.sqlite3").write_bytes(b"no database" * 1000)
    found = examine(with_port(project_of_nothing, free_port), "Server", mend=True)
    assert (found.state, found.code, found.fixed) == ("failed", 1, "")
    assert found.sentence == f"Label Studio's database {data / 'label_studio.sqlite3'} cannot be used: file is not a database."
    assert found.fix == (
        f"Put it back from a backup. Without one, keep what is left of it (`mv {data} {data}.damaged`), then"
        " `screentime server start`, and in the folder of each project `screentime push --labels labels.csv`,"
        " which puts back the labels that were pulled there."
    )
    assert (data / "label_studio.sqlite3").read_bytes() == b"no database" * 1000


def test_what_is_advised_for_a_damaged_database_brings_the_labels_back(
    make_home, ls_template, free_port, cartoon, tmp_path, monkeypatch, examine
):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    server.start(home, port=free_port)
    workspace = begin(tmp_path / "project", [cartoon[0]], ("cat", "mouse"), backbone="builtin", view="whole", first_batch=8)
    extract_films(workspace, workspace.config(), Talk())
    loop = Loop(workspace, workspace.config(), Talk())
    loop.push()
    known = truth_of(loop.frames, cartoon[1], cartoon[0])
    Annotator(loop.link.client, loop.project(), loop.schema, known).label(workspace.progress().tab, 8)
    loop.pull()
    labels = workspace.labels_table.read_text("utf-8")
    server.stop(home)
    data = home / "labelstudio" / "data"
    (data / "label_studio.sqlite3").write_bytes(b"no database" * 1000)
    fix = examine(workspace.root, "Server").fix
    move, start, push = fix.split("`")[1::2]
    subprocess.run(move, shell=True, check=True)
    # What the start would build, with the same credentials, in a minute.
    shutil.copytree(ls_template / "labelstudio" / "data", data)
    for words in (f"{start} --port {free_port}", push):
        command = [sys.executable, "-m", "screentime.cli", *words.split()[1:]]
        done = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    Loop(workspace, workspace.config(), Talk()).pull()
    assert len(labels.splitlines()) == 9
    given = [line.split(",")[:6] for line in labels.splitlines()]
    assert [line.split(",")[:6] for line in workspace.labels_table.read_text("utf-8").splitlines()] == given


@pytest.mark.parametrize("at", ["home", "home/below", "home/labelstudio"])
def test_a_home_that_is_a_file(examine, tmp_path, monkeypatch, free_port, project_of_nothing, at):
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    file = tmp_path / ("home/labelstudio" if at.endswith("labelstudio") else "home")
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    home = tmp_path / ("home/below" if at.endswith("below") else "home")
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    found = examine(with_port(project_of_nothing, free_port), "Server", mend=True)
    assert found == Finding(
        "Server", "failed", f"The embedded Label Studio cannot be in {home}: {file} is a file.",
        "Set SCREENTIME_HOME to a folder of your own, or give that file another name.", code=2,
    )
    assert file.read_text() == "mine"


def test_a_home_that_may_not_be_written(tmp_path, monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    home.chmod(0o555)
    before = os.geteuid()
    try:
        if before == 0:  # who may write anywhere
            os.seteuid(65534)
        with pytest.raises(UserMistake) as raised:
            look_server(Place(tmp_path / "no project"))
    finally:
        os.seteuid(before)
        home.chmod(0o700)
        home.rmdir()
    assert raised.value.what == f"The embedded Label Studio cannot be in {home}: you may not write into {home}."
    assert raised.value.remedy == (
        f"Set SCREENTIME_HOME to a folder of your own, or, if {home} is yours, `chmod u+rwx {home}`."
    )
