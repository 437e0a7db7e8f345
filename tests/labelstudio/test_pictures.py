"""Pictures that tasks name: Label Studio's own are fetched, with the token, and nobody else is asked."""

import http.server
import threading
import time
from contextlib import contextmanager

import pytest

from screentime.errors import UserMistake
from screentime.labelstudio import pictures
from screentime.labelstudio.client import Client, _line
from screentime.labelstudio.pictures import Unserved, fetch_picture, picture_path

URL = "http://127.0.0.1:8080"


@pytest.mark.parametrize("url, address, path", [
    (URL, "/data/local-files/?d=a%20b/1.jpg", "data/local-files/?d=a%20b/1.jpg"),
    (URL, f"{URL}/data/upload/3/x.jpg", "data/upload/3/x.jpg"),
    ("https://here/labels", "/labels/data/upload/3/x.jpg", "data/upload/3/x.jpg"),
    ("https://here/labels", "/data/upload/3/x.jpg", "data/upload/3/x.jpg"),
    ("https://here/labels", "https://here/labels/data/upload/3/x.jpg", "data/upload/3/x.jpg"),
])
def test_what_label_studio_serves_is_asked_for_there(url, address, path):
    assert picture_path(url, address) == path


@pytest.mark.parametrize("address", [
    "http://169.254.169.254/latest/meta-data", "//evil.example/data/x.jpg", "http://127.0.0.1:8081/data/upload/x.jpg",
    "https://127.0.0.1:8080/data/upload/x.jpg", "http://127.0.0.1:8080@evil.example/data/x.jpg", "file:///etc/passwd",
    "/api/projects/1/export", "/data/../api/users", "/data/%2e%2e/api/users", "/data/..\\api", "data/x.jpg", "s3://bucket/x.jpg",
    "/user/logout", "data:image/png;base64,AAAA", "http://[", "\n//evil.example/data/x",
])
def test_an_address_of_anything_else_is_refused(address):
    with pytest.raises(UserMistake, match="^Task 7 names a picture that Label Studio does not serve ") as found:
        picture_path(URL, address, "Task 7")
    assert found.value.remedy.startswith("Upload the picture to Label Studio")
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("address", [None, "", "  ", 5, ["/data/x.jpg"], {"url": "/data/x.jpg"}])
def test_no_address_is_said_to_be_none(address):
    with pytest.raises(UserMistake, match="^Task 7 names no picture. Import it with"):
        picture_path(URL, address, "Task 7")


@contextmanager
def answering(answer):
    """A server that gives one answer, and what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            answer(self)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}", asked
        finally:
            running.shutdown()
            thread.join()


def client_of(url):
    return Client(url, 1, _line(url, "a" * 40, local=True))


def test_no_redirect_is_followed():
    def elsewhere(request):
        request.send_response(302)
        request.send_header("Location", f"{evil}/data/x.jpg")
        request.send_header("Content-Length", "0")
        request.end_headers()

    with answering(lambda request: request.send_error(500)) as (evil, stolen), answering(elsewhere) as (url, asked):
        with pytest.raises(UserMistake, match="^Label Studio sends whoever wants the picture of task 7 "):
            fetch_picture(client_of(url), "/data/x.jpg", "Task 7")
        with pytest.raises(UserMistake):
            fetch_picture(client_of(url), f"{evil}/data/x.jpg", "Task 7")
    assert [path for path, _ in asked] == ["/data/x.jpg"] and asked[0][1] == f"Token {'a' * 40}"
    assert stolen == []


def test_a_picture_without_end_is_left(monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_MB", 1)
    sent = []

    def endless(request):
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(1000):
                request.wfile.write(b"x" * 2**20)
                sent.append(1)
        except OSError:
            pass

    with answering(endless) as (url, _), pytest.raises(pictures.ServerError, match=r"is over 1 MB\. Import a smaller one\."):
        fetch_picture(client_of(url), "/data/x.jpg", "Task 7")
    assert len(sent) < 1000


def test_a_picture_that_comes_drop_by_drop_is_left():
    sent = []

    def slow(request):
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(1200):
                request.wfile.write(b"x")
                sent.append(1)
                time.sleep(0.05)
        except OSError:
            pass

    with answering(slow) as (url, _), pytest.raises(pictures.ServerError) as found:
        fetch_picture(client_of(url), "/data/x.jpg", "Task 7", seconds=0.5)
    assert found.value.what == "Label Studio did not answer in time (while fetching the picture of task 7 (/data/x.jpg))."
    assert len(sent) < 1200


def test_the_real_server_s_pictures_come_whole(make_project, ls_client):
    sample = make_project(2)
    uid, file = next(iter(sample.files.items()))
    assert fetch_picture(ls_client, sample.data[0]["image"]) == file.read_bytes()
    with pytest.raises(Unserved, match="^Label Studio answers 404 for the picture of task 7 ") as found:
        fetch_picture(ls_client, f"/data/local-files/?d={sample.workspace}/none.jpg", "Task 7")
    assert found.value.status == 404
