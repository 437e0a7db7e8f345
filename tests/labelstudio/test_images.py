"""Where images come from: served folders, and files uploaded to a server."""

import httpx
import pytest

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio import images, project, server, tasks


@pytest.fixture
def get(ls_client, ls_home):
    headers = {"Authorization": f"Token {server.credentials(ls_home).token}"}
    with httpx.Client(base_url=ls_client.url, headers=headers, trust_env=False) as line:
        yield line.get


def test_served_folder_is_seen_and_nothing_else(get, ls_home, ls_client, make_project):
    sample = make_project(3)
    for data, file in zip(sample.data, sample.files.values()):
        answer = get(data["image"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.content == file.read_bytes()
    assert httpx.get(ls_client.url + sample.data[0]["image"], trust_env=False).status_code == 401

    (sample.folder.parent / "secret.jpg").write_bytes(b"secret")
    credentials = ls_home / "labelstudio" / "credentials.json"
    for outside in (
        f"{sample.workspace}/../secret.jpg", "../credentials.json", f"{sample.workspace}/../../credentials.json",
        str(credentials), str(sample.folder.parent / "secret.jpg"), f"{sample.workspace}-other/0.jpg",
    ):
        answer = get("/data/local-files/", params={"d": outside})
        assert answer.status_code >= 400 and b"secret" != answer.content and b"token" not in answer.content


def test_one_storage_a_project_never_synced(ls_home, ls_client, make_project):
    sample = make_project(1)
    served = server.serve_folder(ls_home, sample.workspace, sample.folder)
    images.ensure_local_storage(ls_client, sample.ref, served)
    [storage] = ls_client.request("GET", "api/storages/localfiles/", params={"project": sample.ref.id})
    assert storage["path"] == str(served) and storage["last_sync"] is None
    assert len(tasks.list_tasks(ls_client, sample.ref)) == 1


def test_folder_that_the_server_may_not_read(ls_client, make_project, tmp_path):
    sample = make_project(1)
    with pytest.raises(ServerError, match="letting Label Studio read the frames"):
        images.ensure_local_storage(ls_client, sample.ref, tmp_path)


def test_address_of_a_file_with_spaces():
    assert images.local_url("w", "a film/1 %.jpg") == "/data/local-files/?d=w/a%20film/1%20%25.jpg"


def test_upload(get, ls_client, make_project, monkeypatch):
    sample = make_project(5, push=False)
    monkeypatch.setattr(images, "UPLOAD_CHUNK", 2)
    first = dict(list(sample.files.items())[:2])
    seen = []
    there = images.upload_images(ls_client, sample.ref, first)
    urls = images.upload_images(ls_client, sample.ref, sample.files, progress=lambda *a: seen.append(a))
    assert seen == [(4, 5), (5, 5)]
    assert {uid: urls[uid] for uid in first} == there
    assert images.upload_images(ls_client, sample.ref, sample.files) == urls
    album = project.find_marked(ls_client, f"screentime images of project {sample.ref.id}")
    assert len(ls_client.request("GET", f"api/projects/{album}/file-uploads", params={"all": "true"})) == 5
    assert tasks.list_tasks(ls_client, project.reference(ls_client, album)) == {}
    assert tasks.list_tasks(ls_client, sample.ref) == {}

    data = [{**d, "image": urls[d["uid"]]} for d in sample.data]
    assert tasks.push_frames(ls_client, sample.ref, data).created == 5
    for task in tasks.read_tasks(ls_client, sample.ref, include="id,data"):
        assert get(task["data"]["image"]).content == sample.files[task["data"]["uid"]].read_bytes()
        assert task["data"]["timecode"].startswith("0:00:0")


def test_another_picture_of_a_frame_is_uploaded_and_the_first_one_found_again(get, ls_client, make_project):
    sample = make_project(2, push=False)
    before = images.upload_images(ls_client, sample.ref, sample.files)
    first, second = sample.files.values()
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    after = images.upload_images(ls_client, sample.ref, sample.files)
    uids = list(sample.files)
    assert after[uids[0]] != before[uids[0]] and after[uids[1]] == before[uids[1]]
    assert get(after[uids[0]]).content == second.read_bytes()
    first.write_bytes(content)
    assert images.upload_images(ls_client, sample.ref, sample.files) == before


def test_upload_of_a_missing_file(ls_client, make_project, tmp_path):
    sample = make_project(1, push=False)
    with pytest.raises(UserMistake, match="gone.jpg cannot be read: No such file or directory."):
        images.upload_images(ls_client, sample.ref, {"u": tmp_path / "gone.jpg"})


@pytest.fixture
def review(ls_client, tmp_path):
    """A project in which a film is reviewed, and the film."""
    from screentime.labelstudio.reviewing import ensure_review
    from screentime.records import Film
    from screentime.schema import Schema

    film = tmp_path / f"{'0a' * 8}.mp4"
    film.write_bytes(bytes(range(256)) * 40)
    known = Film("0a" * 8, "film.mp4", str(film), 1.0, 24.0, 64, 36, 1)
    return ensure_review(ls_client, workspace_id=tmp_path.name, film=known, schema=Schema("multi", ("Tom",))), film


def test_a_film_is_uploaded_once_and_sent_in_parts(get, ls_client, review):
    ref, film = review
    url = images.upload_film(ls_client, ref, film)
    assert images.upload_film(ls_client, ref, film) == url
    assert len(ls_client.request("GET", f"api/projects/{ref.id}/file-uploads", params={"all": "true"})) == 1
    assert tasks.list_tasks(ls_client, ref) == {}
    whole = get(url)
    assert (whole.headers["content-type"], whole.content) == ("video/mp4", film.read_bytes())
    part = get(url, headers={"Range": "bytes=256-511"})
    # Without parts a browser could not seek.
    assert (part.status_code, part.content) == (206, bytes(range(256)))


def test_a_film_that_the_server_refuses_or_that_is_gone(ls_client, review, monkeypatch):
    ref, film = review
    with pytest.raises(UserMistake, match=r"gone\.mp4 cannot be read: No such file or directory\. See that you may read it\."):
        images.upload_film(ls_client, ref, film.with_name("gone.mp4"))
    odd = film.with_suffix(".mkv")
    odd.write_bytes(b"0" * 2**20)
    with pytest.raises(ServerError, match=r"^Label Studio answered 400 \(while uploading the film\): .*") as caught:
        images.upload_film(ls_client, ref, odd)
    assert "MB" not in str(caught.value)  # whatever is wrong, it is not too large
    monkeypatch.setattr(images, "TAKEN_MB", 1)
    with pytest.raises(ServerError) as caught:
        images.upload_film(ls_client, ref, odd)
    assert caught.value.what.endswith("The film has 1 MB; a Label Studio that is not told otherwise takes 1 MB.")
    assert caught.value.remedy.startswith("Use --store local with its document_root")
