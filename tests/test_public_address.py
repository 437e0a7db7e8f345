"""Where people open Label Studio by another address than screentime does, they are told theirs and never the other."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from screentime.cli import app
from screentime.config import Config, Project, override
from screentime.errors import UserMistake
from screentime.labelstudio.link import open_link

PEOPLE = "https://labels.example.org/studio"
CONFIG = Config(project=Project(id="0123456789ab", title="Film", characters=("Tom",), films=("a.mp4",)))


def test_the_address_comes_from_the_environment_before_the_options(ls_home, ls_server, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_PUBLIC_URL", raising=False)
    plain = open_link(CONFIG).client
    assert (plain.url, plain.page) == (ls_server.url, ls_server.url)
    set_ = override(CONFIG, {"public_url": "http://10.0.0.7:8080/"})
    chosen = open_link(set_).client
    assert (chosen.url, chosen.page) == (ls_server.url, "http://10.0.0.7:8080")
    monkeypatch.setenv("LABEL_STUDIO_PUBLIC_URL", f" {PEOPLE}/ ")
    assert open_link(set_).client.page == PEOPLE


@pytest.mark.parametrize("wrong", ["ftp://x", "http://me:secret@there:8080"])
def test_what_is_no_address_is_refused(wrong, ls_home, ls_server, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.setenv("LABEL_STUDIO_PUBLIC_URL", wrong)
    with pytest.raises(UserMistake) as caught:
        open_link(CONFIG)
    assert "secret" not in str(caught.value)


def test_whatever_a_project_says_and_keeps_names_the_address_of_people(
    cartoon_loop, cartoon_annotator, ls_server, monkeypatch
):
    monkeypatch.setenv("LABEL_STUDIO_PUBLIC_URL", PEOPLE)
    root, said = cartoon_loop.workspace.root, {}

    def run(command: str, *more: str) -> None:
        done = CliRunner().invoke(app, [command, *more, "--workspace", str(root)])
        assert done.exit_code == 0, (command, done.stderr)
        said[command] = done.stdout + done.stderr

    run("push", "--format", "json")
    asked = cartoon_loop.workspace.progress().tab
    cartoon_annotator(24)
    run("sync", "--format", "json")
    film = cartoon_loop.workspace.films()[0].name
    run("review", film)
    run("status", "--format", "json")
    run("report")
    run("export", "--format", "json")
    run("doctor", "--format", "json")
    for command in ("push", "sync", "status", "review", "doctor"):
        assert f"{PEOPLE}/projects/" in said[command], command
    assert f"{PEOPLE}/projects/{cartoon_loop.workspace.progress().project}/data?tab={asked}" in said["push"]
    kept = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert PEOPLE.encode() in kept[next(name for name in kept if name.name == "report.html")]
    # Where it was asked, doctor alone says.
    internal = ls_server.url.encode()
    assert {str(name) for name, content in kept.items() if internal in content} == set()
    assert {command for command, words in said.items() if ls_server.url in words} == {"doctor"}
    assert f"{ls_server.url}/projects" not in said["doctor"]
    # Another address counts from the next round on; doctor says so until then.
    monkeypatch.setenv("LABEL_STUDIO_PUBLIC_URL", "http://10.0.0.7:8080")
    run("doctor", "--format", "json")
    assert (
        f"The pages that were named lie at {PEOPLE}, and Label Studio is at http://10.0.0.7:8080 now." in said["doctor"]
    )
    run("push")
    assert "http://10.0.0.7:8080/projects/" in said["push"] and PEOPLE not in said["push"]
