"""`screentime serve` as a process, with a real Label Studio and real labels."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from screentime import config as configuration
from screentime.labelstudio import webhooks
from screentime.labelstudio.predictions import prediction_versions, shown_version
from screentime.labelstudio.stream import submit
from screentime.projects import begin, extract_films
from screentime.rounds import Loop
from screentime.service.hub import SECRET_FILE, kept_secret
from screentime.service.settling import LONGEST_SECONDS
from screentime.talk import Talk
from screentime.workspace import Workspace, create
from scripts.faults.killing_state import half_written, left_over
from tests.labelstudio.test_listener import has_ipv6

ROOT = Path(__file__).parents[2]


def hooks(loop):
    return loop.link.client.request("GET", "api/webhooks/", params={"project": loop.known_project().id})


def another(loop: Loop, name: str) -> Loop:
    """A second project of the same frames."""
    folder = loop.workspace.root.with_name(name)
    shutil.copytree(loop.workspace.root, folder)
    (folder / "loop.json").unlink(missing_ok=True)
    config = configuration.override(loop.config, {"id": f"another-{folder.name}-{loop.config.project.id[:8]}", "title": name})
    (folder / "screentime.toml").write_text(configuration.render(config))
    return Loop(Workspace(folder), config, Talk())


def left(workspace: Workspace) -> list[str]:
    return [one for one in left_over(workspace.root) + half_written(workspace.root) if "__pycache__" not in one]


def test_a_hint_of_label_studio_brings_a_round_and_forged_ones_are_refused(
    cartoon_loop, cartoon_annotator, ls_home, serve
):
    cartoon_loop.push()
    identity = cartoon_loop.config.project.id
    # What an older service left: its webhook sent the password itself.
    webhooks.ensure(
        cartoon_loop.link.client, cartoon_loop.known_project(), "http://127.0.0.1:1/hint/x", kept_secret(ls_home)
    )
    [old] = hooks(cartoon_loop)
    # It asks by itself only after an hour.
    service = serve([cartoon_loop.workspace.root], "--poll", "3600")
    service.until(lambda: hooks(cartoon_loop) not in ([], [old]), "no webhook was made")
    service.until(lambda: service.metric("screentime_last_look_timestamp_seconds"), "it never looked")
    [hook] = hooks(cartoon_loop)
    secret = (ls_home / SECRET_FILE).read_text().strip()
    hints = webhooks.hint_secret(secret, identity)
    assert (hook["url"], hook["headers"]) == (
        f"http://127.0.0.1:{service.port}/hint/{identity}", {webhooks.HEADER: hints}
    )
    cartoon_annotator(24)
    service.until(
        lambda: [one.labels for one in cartoon_loop.workspace.rounds()][-1:] == [24], "no round came of the hints"
    )
    assert service.metric("screentime_hints_total") >= 24

    for header, code in (({}, 401), ({webhooks.HEADER: secret}, 403), ({webhooks.HEADER: hints[:-1] + "é"}, 403)):
        assert service.get(f"/hint/{identity}", "POST", header)[0] == code
    another = webhooks.hint_secret(secret, "another")
    assert service.get("/hint/another", "POST", {webhooks.HEADER: another})[0] == 404
    assert service.get(f"/hint/{identity}", "POST", {webhooks.HEADER: hints}) == (202, '{"heard":true}')
    assert "screentime_hints_refused_total 3.0" in service.get("/metrics")[1]
    assert service.get("/", headers={"Host": "evil.example"})[0] == 400

    code, out, said = service.end()
    assert (code, out) == (0, "")
    assert said.endswith("Stopped. What was done is kept; a round that was cut off is finished at the next start.\n")
    assert secret not in said and hints not in said and secret not in (ls_home / "labelstudio" / "server.log").read_text()
    assert hooks(cartoon_loop) == []
    assert cartoon_loop.workspace.at_work() is None and left_over(cartoon_loop.workspace.root) == []


def test_lost_hints_are_made_up_for(cartoon_loop, cartoon_annotator, serve):
    cartoon_loop.push()
    service = serve([cartoon_loop.workspace.root], "--poll", "0.5", "--every", "40")
    [hook] = service.until(lambda: hooks(cartoon_loop), "no webhook was made")
    cartoon_loop.link.client.request("DELETE", f"api/webhooks/{hook['id']}/")
    cartoon_annotator(24)
    service.until(lambda: cartoon_loop.workspace.rounds(), "no round came without hints")
    assert service.metric("screentime_hints_total") == 0
    assert service.end()[0] == 0


def test_a_project_that_fails_says_so_and_the_others_go_on(cartoon_loop, cartoon_annotator, serve):
    cartoon_loop.push()
    gone, busy = another(cartoon_loop, "gone"), another(cartoon_loop, "busy")
    gone.push()
    busy.push()
    gone.link.client.request("DELETE", f"api/projects/{gone.known_project().id}/")
    unpushed = another(cartoon_loop, "unpushed")
    with busy.workspace.locked("pull"):
        service = serve([one.workspace.root for one in (gone, busy, unpushed, cartoon_loop)], "--poll", "0.5")
        cartoon_annotator(24)
        service.until(lambda: cartoon_loop.workspace.rounds(), "the good project got no round")
        service.until(
            lambda: all(service.project(name)["error"] for name in ("gone", "busy")), "they did not fail"
        )
        code, body = service.get("/health")
        found = json.loads(body)
        # Label Studio asks this of the model of each project: what fails in one is none of the others' business.
        assert (code, found["status"], found["failing"]) == (200, "UP", ["gone"])
        assert found["projects"]["project"]["error"] is None
        said = {name: (one["error"], one["remedy"]) for name, one in found["projects"].items() if one["error"]}
        url = gone.link.client.url
        assert said["gone"] == (
            f"Project {gone.workspace.progress().project} is no longer in Label Studio at {url}.",
            "Make it again: `screentime push`.",
        )
        assert set(said) == {"gone", "busy"}
        assert said["busy"][0].startswith(f"`screentime pull` (process {os.getpid()}, since ")
        page = service.get("/")[1]
        assert page.count("failing") == 1 and "waits for another command" in page
    service.until(lambda: service.project("busy")["error"] is None, "it did not go on when the lock was free")
    unpushed.push()
    service.until(lambda: hooks(unpushed), "it did not go on when it was pushed")
    code, _, said = service.end()
    assert code == 0
    push = f"screentime push --workspace {unpushed.workspace.root}"
    assert f"unpushed: The frames are not in Label Studio yet: `{push}` is waited for.\n" in said
    assert all(hooks(one) == [] for one in (busy, unpushed, cartoon_loop))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_in_the_midst_of_a_round_the_next_start_finishes_it(
    cartoon_loop, cartoon_annotator, serve, number, free_port, another_port
):
    cartoon_loop.push()
    workspace, client = cartoon_loop.workspace, cartoon_loop.link.client
    cartoon_annotator(24)
    cartoon_loop.pull()
    before = workspace.labels()
    service = serve([workspace.root], port=free_port)
    task = service.until(
        lambda: (one := service.project("project"))["doing"] == "running" and one["task"] != "Reading the labels" and one,
        "no round began",
    )
    code, out, said = service.end(number)
    assert (code, out) == (0 if number == signal.SIGTERM else -9, ""), (task, said)
    assert "Traceback" not in said
    assert workspace.at_work() is None
    if number == signal.SIGTERM:
        assert left(workspace) == [] and hooks(cartoon_loop) == []
    assert workspace.labels() == before

    service = serve([workspace.root], port=another_port)
    service.until(lambda: workspace.rounds() and workspace.progress().shown == workspace.rounds()[-1].version, "not finished")
    service.until(lambda: service.project("project")["doing"] == "waiting", "it never rested")
    [hook] = hooks(cartoon_loop)
    assert hook["url"].startswith(f"http://127.0.0.1:{another_port}/hint/")
    assert service.end()[0] == 0
    assert workspace.labels() == before and len(workspace.rounds()) == 1 and left(workspace) == []
    project, version = cartoon_loop.project(), workspace.rounds()[0].version
    assert shown_version(client, project) == version
    assert prediction_versions(client, project)[version] == len(cartoon_loop.frames) - 24


@pytest.mark.timeout(600)
def test_a_burst_of_500_labels_makes_one_round(cartoon, colour_backbone, ls_home, ls_server, tmp_path, monkeypatch, serve):
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    workspace = begin(
        tmp_path / "project", [cartoon[0]], ("cat", "mouse"), backbone=str(colour_backbone), view="whole", fps=15.0,
        max_height=64, first_batch=24, every=4,
    )
    extract_films(workspace, workspace.config(), Talk())
    loop = Loop(workspace, workspace.config(), Talk())
    loop.push()
    service = serve([workspace.root], "--poll", "0.5")
    service.until(lambda: service.metric("screentime_last_look_timestamp_seconds"), "it never looked")
    tasks = workspace.progress().tasks

    def label(frame):
        submit(loop.link.client, {"id": tasks[frame.uid]}, loop.schema, cartoon[1][int(frame.second)])

    began = time.monotonic()
    with ThreadPoolExecutor(4) as people:
        list(people.map(label, [*loop.frames, *loop.frames[: 500 - len(loop.frames)]]))  # some twice
    took = time.monotonic() - began
    # Between two looks at a burst it waits too, as it does at rest.
    service.until(lambda: [one.labels for one in workspace.rounds()][-1:] == [len(loop.frames)], "no round of all came")
    service.until(lambda: service.project("project")["doing"] == "waiting", "it never rested")
    # Label Studio waits a second for each to be heard, and a busy machine may not hear every one.
    assert service.metric("screentime_hints_total") > 250
    # On a machine so busy that it takes minutes, one more for each time that a round may be waited for.
    rounds = [one.labels for one in workspace.rounds()]
    assert rounds[-1] == len(loop.frames) == 480 and len(rounds) <= 1 + took // LONGEST_SECONDS
    assert service.end()[0] == 0


def test_two_folders_of_one_name_are_told_apart_and_the_address_that_is_named_is_answered_at(tmp_path, monkeypatch, serve):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        project = configuration.Project(id=f"identity-{name}", title=name, characters=("Tom",), films=("f.mp4",))
        create(tmp_path / name / "tom", configuration.Config(project=project))
    service = serve([tmp_path / "one" / "tom", tmp_path / "two" / "tom"], "--address", "http://Tom.example:9090")
    for name in ("one/tom", "two/tom"):
        service.until(
            lambda name=name: service.metric("screentime_last_look_timestamp_seconds", name), f"{name} was never looked at"
        )
    assert list(json.loads(service.get("/health")[1])["projects"]) == ["one/tom", "two/tom"]
    # By the name that Label Studio was told, it may be asked.
    hosts = ("tom.example", "tom.example:9090", "jerry.example")
    assert [service.get("/health", headers={"Host": host})[0] for host in hosts] == [200, 200, 400]
    said = service.end()[2]
    for name in ("one", "two"):
        assert f"\n{name}/tom: The frames are not in Label Studio yet: " in said


# -- what is refused -----------------------------------------------------------------------------


def refused(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "screentime", "serve", *map(str, words)], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_port_that_is_taken(cartoon_loop, free_port):
    with socket.create_server(("127.0.0.1", free_port)):
        code, said = refused(cartoon_loop.workspace.root, "--port", free_port)
    assert code == 2 and said.startswith(f"Port {free_port} is already in use by ")
    assert said.endswith(f"Choose another one, for example --port {free_port + 1}.\n")


def test_two_services_of_one_project_and_one_project_twice(cartoon_loop, serve, free_port):
    root = cartoon_loop.workspace.root
    service = serve([root])
    code, said = refused(root, "--port", free_port + 1)
    assert code == 2 and said.startswith(f"`screentime serve` (process {service.process.pid}, since ")
    copy = root.with_name("copy")
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".lock*"))
    assert refused(root, copy) == (
        2, "project and copy are one project: their screentime.toml have the same id.\nName one of them.\n"
    )


def test_who_can_read_the_page_is_said_where_it_is_not_this_machine_alone(cartoon_loop, serve):
    service = serve([cartoon_loop.workspace.root], "--host", "0.0.0.0")
    said = service.end()[2]
    assert (
        f"Whoever reaches port {service.port} of 0.0.0.0 can read that page without a password: the names of films and"
        " characters," in said
    )


def test_no_page_of_another_site_reads_it_by_a_name_that_leads_here(cartoon_loop, serve):
    # As docker-compose.yml starts it.
    service = serve(
        [cartoon_loop.workspace.root], "--host", "0.0.0.0", "--address", "http://screentime.internal:9090"
    )
    asked = {
        host: service.get("/", headers={"Host": host})[0]
        for host in ("127.0.0.1:9090", "localhost", "serve:9090", "192.168.1.7:9090", "screentime.internal:9090",
                     "attacker.example", "attacker.example:9090", "127.0.0.1.attacker.example:9090")
    }
    assert list(asked.values()) == [200] * 5 + [400] * 3, asked


def test_it_listens_at_an_address_of_the_newer_kind(cartoon_loop, serve):
    if not has_ipv6():
        pytest.skip("no IPv6 on this machine")
    cartoon_loop.push()
    service = serve([cartoon_loop.workspace.root], "--host", "::1")
    service.until(lambda: service.metric("screentime_last_look_timestamp_seconds"), "it never looked")
    assert service.get("/")[0] == 200
    said = service.end()[2]
    assert f"http://[::1]:{service.port}/ shows how it goes." in said
    # Label Studio takes no such address for a webhook: it looks for that of the older kind.
    assert "It sends no hints, and is asked every few seconds alone." in said


@pytest.mark.parametrize(("second", "seconds"), [(True, 60), (False, 0.5)])
def test_a_second_signal_or_too_long_an_end_ends_at_once(second, seconds):
    program = (
        f"import time; from screentime.service import running; running.STOP_SECONDS = {seconds}\n"
        "with running.ended_by_signals(print):\n"
        "    try:\n        print('begun', flush=True); time.sleep(600)\n"
        "    finally:\n        print('ending', flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    hang = threading.Timer(120, process.kill)
    hang.start()
    assert process.stdout.readline() == "begun\n"
    process.terminate()
    assert process.stdout.readline() == "ending\n"
    if second:
        process.terminate()
    assert process.wait() == 0
    hang.cancel()
