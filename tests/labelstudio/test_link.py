import httpx
import pytest

from screentime.config import Config, Project, override
from screentime.errors import ConfigError, NotReady
from screentime.labelstudio import images, server
from screentime.labelstudio.link import film_address, image_addresses, open_link, project_of, task_data
from screentime.records import Frame
from screentime.schema import Schema

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


def test_an_existing_server_gets_the_pictures_uploaded(ls_home, ls_server, monkeypatch, tmp_path, make_project):
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.credentials(ls_home).token)
    link = open_link(CONFIG)
    sample = make_project(2, push=False)
    (tmp_path / "frames" / "a").mkdir(parents=True)
    mine = frames(("a", 2))
    for frame, file in zip(mine, sample.files.values()):
        (tmp_path / frame.file).write_bytes(file.read_bytes())
    project = project_of(link, override(CONFIG, {"id": "uploading-it"}), Schema("multi", ("Tom",)))
    address = image_addresses(link, project, mine, tmp_path / "frames", CONFIG, lambda done, total: None)
    assert address(mine[0]).startswith("/data/upload/")


def test_an_existing_server_with_local_files_needs_its_document_root(ls_client, make_project, tmp_path):
    from screentime.labelstudio.link import Link

    sample = make_project(1, push=False)
    local = override(CONFIG, {"store": "local"})
    link = Link(ls_client, embedded=False)
    with pytest.raises(ConfigError, match="needs to know which folder the existing Label Studio serves"):
        image_addresses(link, sample.ref, [], tmp_path / "frames", local, lambda done, total: None)
    elsewhere = override(local, {"document_root": str(tmp_path / "other")})
    with pytest.raises(ConfigError, match="do not lie inside a folder of the document root"):
        image_addresses(link, sample.ref, [], tmp_path / "frames", elsewhere, lambda done, total: None)


def test_an_existing_server_serves_frames_below_its_document_root(ls_home, ls_client, make_project):
    from screentime.labelstudio.link import Link

    sample = make_project(1, push=False)
    root = ls_home / "labelstudio" / "files"
    served = root / "existing-root" / "frames"
    (served / "a").mkdir(parents=True)
    [frame] = frames(("a", 1))
    (served / "a" / "0.jpg").write_bytes(next(iter(sample.files.values())).read_bytes())
    local = override(CONFIG, {"store": "local", "document_root": str(root)})
    address = image_addresses(
        Link(ls_client, embedded=False), sample.ref, [frame], served, local, lambda done, total: None
    )
    assert address(frame) == images.local_url("existing-root/frames", "a/0.jpg")


def test_a_film_is_served_from_its_folder_or_uploaded(ls_home, ls_server, ls_client, make_project, monkeypatch, tmp_path):
    from screentime.labelstudio.link import Link

    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    sample = make_project(1, push=False)
    (tmp_path / "other.mp4").write_bytes(b"film")
    folder = tmp_path / "review"
    folder.mkdir()
    (folder / "0a.mp4").symlink_to(tmp_path / "other.mp4")
    config = override(CONFIG, {"id": tmp_path.name.replace("_", "-")})
    address = film_address(Link(ls_client, embedded=True), sample.ref, folder, "0a.mp4", config)
    assert address == f"/data/local-files/?d={config.project.id}-review/0a.mp4"
    token = {"Authorization": f"Token {server.credentials(ls_home).token}"}
    with httpx.Client(headers=token, trust_env=False) as line:
        assert line.get(f"{ls_server.url}{address}").content == b"film"
    local = override(config, {"store": "local", "document_root": str(tmp_path)})
    existing = Link(ls_client, embedded=False)
    with pytest.raises(ConfigError, match="do not lie inside a folder of the document root"):
        film_address(existing, sample.ref, folder, "0a.mp4", override(local, {"document_root": str(tmp_path / "x")}))
    root = ls_home / "labelstudio" / "files"
    served = root / "existing-films" / "review"
    served.mkdir(parents=True)
    address = film_address(existing, sample.ref, served, "0a.mp4", override(local, {"document_root": str(root)}))
    assert address == "/data/local-files/?d=existing-films/review/0a.mp4"
