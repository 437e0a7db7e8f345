"""Where the page gets pictures and films from: what `store` says."""

import httpx
import pytest

from screentime.config import Config, Project, override
from screentime.errors import ConfigError
from screentime.labelstudio import images, server
from screentime.labelstudio.link import Link, open_link, project_of
from screentime.labelstudio.storing import film_address, image_addresses
from screentime.records import Frame
from screentime.schema import Schema

CONFIG = Config(project=Project(id="0123456789ab", title="Film", characters=("Tom",), films=("a.mp4",)))


def frames(*films):
    return [
        Frame(f"{digest * 16}-{k}", f"frames/{digest}/{k}.jpg", k, float(k), f"{digest}.mp4")
        for digest, count in films for k in range(count)
    ]


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
    sample = make_project(1, push=False)
    local = override(CONFIG, {"store": "local"})
    link = Link(ls_client, embedded=False)
    with pytest.raises(ConfigError, match="needs to know which folder the existing Label Studio serves"):
        image_addresses(link, sample.ref, [], tmp_path / "frames", local, lambda done, total: None)
    elsewhere = override(local, {"document_root": str(tmp_path / "other")})
    with pytest.raises(ConfigError, match="do not lie inside a folder of the document root"):
        image_addresses(link, sample.ref, [], tmp_path / "frames", elsewhere, lambda done, total: None)


def test_an_existing_server_serves_frames_below_its_document_root(ls_home, ls_client, make_project):
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
