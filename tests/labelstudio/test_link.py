import pytest

from screentime.config import Config, Project, override
from screentime.errors import NotReady
from screentime.labelstudio import server
from screentime.labelstudio.link import open_link, task_data
from screentime.records import Frame

CONFIG = Config(project=Project(id="0123456789ab", title="Film", characters=("Tom",), films=("a.mp4",)))


def frames(*films):
    return [
        Frame(f"{digest * 16}-{k}", f"frames/{digest}/{k}.jpg", k, float(k), f"{digest}.mp4")
        for digest, count in films for k in range(count)
    ]


def test_each_task_shows_its_neighbours_and_never_those_of_another_film():
    tasks = task_data(frames(("a", 3), ("b", 1)), lambda frame: frame.file)
    assert [(t["previous"][-7:], t["image"][-7:], t["next"][-7:]) for t in tasks] == [
        ("a/0.jpg", "a/0.jpg", "a/1.jpg"), ("a/0.jpg", "a/1.jpg", "a/2.jpg"), ("a/1.jpg", "a/2.jpg", "a/2.jpg"),
        ("b/0.jpg", "b/0.jpg", "b/0.jpg"),
    ]
    assert (tasks[1]["uid"], tasks[1]["timecode"], tasks[1]["film"]) == (f"{'a' * 16}-1", "0:00:01.000", "a.mp4")


def test_the_embedded_server_is_found_running(ls_home, ls_server, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    link = open_link(CONFIG)
    assert (link.embedded, link.client.url) == (True, ls_server.url)


def test_without_a_server_the_command_that_starts_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    with pytest.raises(NotReady, match="^Label Studio is not running. Start it with `screentime server start`.$"):
        open_link(CONFIG)


def test_an_existing_server_needs_a_token_and_the_environment_goes_first(ls_home, ls_server, monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    named = override(CONFIG, {"url": "http://127.0.0.1:9"})
    with pytest.raises(NotReady, match="^There is no token for Label Studio at http://127.0.0.1:9."):
        open_link(named)
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.credentials(ls_home).token)
    link = open_link(named)
    assert (link.embedded, link.client.url) == (False, ls_server.url)
