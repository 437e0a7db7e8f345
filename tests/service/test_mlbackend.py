"""Label Studio's Model page against the service: a real server, a real page, real buttons."""

import importlib.machinery
import importlib.util
import json
import re
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from screentime import config as configuration
from screentime.demo.annotator import Annotator, truth_of
from screentime.labelstudio import server
from screentime.labelstudio.predictions import delete_version, import_predictions
from screentime.labelstudio.refusals import TokenRefused
from screentime.projects import begin, extract_films
from screentime.rounds import Loop
from screentime.service.app import build
from screentime.service.hub import Hub
from screentime.service.predicting import Predictor
from screentime.service.running import answering
from screentime.service.served import Served
from screentime.talk import Talk
from screentime.workspace import Workspace
from tests.service.test_keeping import label_studio

SECRET = "a secret of the tests"
HANG_SECONDS = 60
_loader = importlib.machinery.SourceFileLoader(
    "measure_actions", str(Path(__file__).parents[2] / "scripts" / "measure_actions")
)
measure_actions = importlib.util.module_from_spec(importlib.util.spec_from_loader("measure_actions", _loader))
_loader.exec_module(measure_actions)


@dataclass
class Service:
    """The service with one project, as it runs."""

    url: str
    served: Served
    loop: Loop
    annotator: Annotator
    said: list[str]

    @property
    def client(self):
        return self.loop.link.client

    @property
    def number(self):
        return self.loop.workspace.progress().project

    @property
    def version(self):
        return self.loop.workspace.progress().shown

    @property
    def settings(self):
        return self.client.request("GET", f"api/projects/{self.number}/")

    def change(self, **settings):
        self.client.request("PATCH", f"api/projects/{self.number}/", json=settings)

    def models(self):
        return self.client.request("GET", "api/ml", params={"project": self.number})

    def connect(self, **given):
        """As the page's form does."""
        body = {
            "project": self.number, "url": self.url, "title": "screentime", "auth_method": "BASIC_AUTH",
            "basic_auth_user": "screentime", "basic_auth_pass": SECRET, **given,
        }
        return self.client.request("POST", "api/ml", json=body)

    def disconnect(self):
        for one in self.models():
            self.client.request("DELETE", f"api/ml/{one['id']}")

    def post(self, path, body, **options):
        options = {"auth": ("screentime", SECRET), **options}
        return httpx.post(f"{self.url}{path}", json=body, trust_env=False, timeout=HANG_SECONDS, **options)

    def predict(self, *tasks):
        return self.post("/predict", {"project": f"{self.number}.1000000000", "tasks": list(tasks)})

    def until_shown(self):
        deadline = time.monotonic() + HANG_SECONDS
        while self.settings["model_version"] != self.version:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="module")
def service(cartoon, ls_home, ls_server, tmp_path_factory):
    """A project with a first batch of labels and a round, and the service."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREENTIME_HOME", str(ls_home))
        patch.delenv("LABEL_STUDIO_URL", raising=False)
        patch.delenv("LABEL_STUDIO_API_KEY", raising=False)
        workspace = begin(
            tmp_path_factory.mktemp("service") / "project", [cartoon[0]], ("cat", "mouse"), backbone="builtin",
            view="whole", first_batch=20, every=4, batch=6, audit_every=3,
        )
        extract_films(workspace, workspace.config(), Talk())
        loop = Loop(workspace, workspace.config(), Talk())
        loop.push()
        known = truth_of(loop.frames, cartoon[1], cartoon[0])
        annotator = Annotator(loop.link.client, loop.project(), loop.schema, known)
        annotator.label(workspace.progress().tab, 20)
        loop.sync()
        said = []
        served = Served(workspace, {}, said.append)
        served.number = workspace.progress().project
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with answering(build(Hub([served], SECRET)), listening):
                yield Service(url, served, loop, annotator, said)


@pytest.fixture(scope="module")
def page(browser, ls_home, ls_server):
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    measure_actions.log_in(page, ls_server.url, server.credentials(ls_home))
    return page


def open_settings(page, service):
    page.goto(f"{service.loop.project().url}/settings/ml")
    page.wait_for_load_state("networkidle")


def fill_in(page, service, password):
    open_settings(page, service)
    page.get_by_text("Connect Model").first.click()
    page.fill("input[name=title]", "screentime")
    page.fill("input[name=url]", service.url)
    page.get_by_test_id("select-trigger-auth_method-NONE").click()
    page.get_by_text("Basic Authentication").last.click()
    page.fill("input[name=basic_auth_user]", "screentime")
    page.fill("input[name=basic_auth_pass]", password)
    with page.expect_response(lambda r: r.url.endswith("/api/ml") and r.request.method == "POST") as sent:
        page.get_by_role("button", name="Save machine learning form").click()
    return sent.value.status


def choose(page, service, what):
    open_settings(page, service)
    page.get_by_text("Connected", exact=True).wait_for()
    page.get_by_role("button", name="Machine learning model options").click()
    page.locator(".lsf-main-menu__item", has_text=what).click()


def checked(page, url):
    """What the page has chosen beforehand on the frame that it hands out or opens."""
    page.goto(url)
    page.wait_for_selector("input[name=mouse]")
    page.wait_for_load_state("networkidle")
    return {name for name in ("neither", "cat", "mouse") if page.is_checked(f"input[name={name}]")}


def says(service, uid):
    [row] = [row for frame, row in zip(service.loop.frames, service.loop.probabilities()) if frame.uid == uid]
    return set(service.loop.schema.choose(service.loop.schema.decode(service.loop.schema.decide(row[None])[0])))


def open_frame(service):
    """A frame that waits for its label and shows a pre-annotation."""
    progress = service.loop.workspace.progress()
    answered = {label.uid for label in service.loop.workspace.labels()} | set(progress.blind)
    return next(frame.uid for frame in service.loop.frames if frame.uid not in answered)


@pytest.mark.timeout(300)
def test_pre_annotations_stay_while_the_page_connects_and_disconnects(service, page):
    uid = open_frame(service)
    url = f"{service.loop.project().url}/data?task={service.loop.workspace.progress().tasks[uid]}"
    assert checked(page, url) == says(service, uid)
    assert fill_in(page, service, "not it") == 400
    assert "Reason: 401 Client Error: Unauthorized" in page.locator(".lsf-error-message__message").inner_text()
    assert fill_in(page, service, SECRET) == 201
    page.get_by_text("Connected", exact=True).wait_for()
    [model] = service.models()
    assert (model["state"], model["model_version"], model["error_message"]) == ("CO", service.version, None)
    assert service.settings["model_version"] == service.version
    assert checked(page, url) == says(service, uid)
    # The webhook of its own would send every label, without a password.
    deadline = time.monotonic() + HANG_SECONDS
    while service.client.request("GET", "api/webhooks/", params={"project": service.number}):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    choose(page, service, "Delete")
    with page.expect_response(lambda r: "/api/ml/" in r.url and r.request.method == "DELETE"):
        page.get_by_test_id("dialog-ok-button").click()
    assert service.models() == []
    assert service.settings["model_version"] == service.version
    assert checked(page, url) == says(service, uid)


def test_its_webhook_is_taken_back_though_label_studio_knows_the_service_by_another_address(service):
    def hooks():
        return [one["url"] for one in service.client.request("GET", "api/webhooks/", params={"project": service.number})]

    # Somebody else's model: a webhook of its own, which is nobody's business here.
    foreign = "http://127.0.0.1:9/webhook"
    made = service.client.request("POST", "api/webhooks/", json={"project": service.number, "url": foreign})
    # The service is called by the name in small letters, as behind a proxy by another one.
    url = service.url.replace("127.0.0.1", "LOCALHOST")
    service.connect(url=url)
    try:
        assert [one["url"] for one in service.models()] == [url]
        deadline = time.monotonic() + HANG_SECONDS
        while hooks() != [foreign]:
            assert time.monotonic() < deadline, hooks()
            time.sleep(0.1)
    finally:
        service.disconnect()
        service.client.request("DELETE", f"api/webhooks/{made['id']}/")


@pytest.mark.timeout(300)
def test_a_frame_imported_by_hand_gets_a_prediction_when_it_is_opened(service, page, tmp_path):
    frame = service.loop.frames[5]
    content = (service.loop.workspace.root / frame.file).read_bytes()
    # Files themselves the page takes only where it shows one picture.
    album = service.client.request(
        "POST", "api/projects/", json={"title": "by hand", "label_config": "<View><Image name='i' value='$image'/></View>"}
    )["id"]
    service.client.request("POST", f"api/projects/{album}/import", files={"f": ("x.jpg", content, "image/jpeg")})
    [task] = service.client.request("GET", "api/tasks", params={"project": album})["tasks"]
    image = task["data"]["image"]
    assert image.startswith("/data/upload/")
    listed = tmp_path / "by-hand.json"
    listed.write_text(json.dumps([{"image": image, "previous": image, "next": image, "film": "by hand", "timecode": "-"}]))
    service.connect()
    try:
        page.goto(f"{service.loop.project().url}/data/import")
        page.set_input_files("input[type=file]", str(listed))
        page.wait_for_selector("text=1 files uploaded")
        with page.expect_response(lambda r: r.url.endswith("/reimport") and r.request.method == "POST"):
            page.locator(".lsf-modal-ls_visible button", has_text=re.compile("^Import$")).click()
        there = service.client.request("GET", "api/tasks", params={"project": service.number, "page_size": 100})["tasks"]
        number = max(one["id"] for one in there)
        chosen = checked(page, f"{service.loop.project().url}/data?task={number}")
        [kept] = service.client.request("GET", f"api/tasks/{number}/")["predictions"]
    finally:
        service.disconnect()
    # As the frame itself, but alone: it has no neighbours.
    [row] = service.loop.probabilities(smoothed=False)[5:6]
    schema = service.loop.schema
    assert chosen == set(schema.choose(schema.decode(schema.decide(row[None])[0])))
    assert kept["model_version"] == service.version
    assert kept["score"] == pytest.approx(float(schema.certainty(row[None])[0]), abs=0.02)


@pytest.mark.timeout(300)
def test_start_training_makes_a_round_and_not_inside_the_request(service, page):
    before = service.version
    service.connect()
    try:
        service.annotator.label(service.loop.workspace.progress().tab, 1)
        choose(page, service, "Start Training")
        with page.expect_response(lambda r: r.url.endswith("/train")) as pressed:
            page.get_by_role("button", name="Start Training").click()
        assert pressed.value.status == 200
        assert service.served.state.queued == "Start training was pressed in Label Studio"
        assert service.version == before
        # One label is too few for a round by itself; the service's worker takes such steps.
        service.served.step()
        assert service.served.state.trouble is None and service.served.state.rounds == 1
        assert service.version != before
        service.until_shown()
        assert service.models()[0]["model_version"] == service.version
    finally:
        service.disconnect()


def test_choosing_the_model_in_the_settings_and_disconnecting_it_empties_the_page_for_seconds_alone(service):
    service.connect()
    service.said.clear()
    service.change(model_version="screentime")
    service.disconnect()
    service.until_shown()
    deadline = time.monotonic() + HANG_SECONDS
    while not service.said:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    again = f"The page showed no pre-annotations any more; it shows those of {service.version} again."
    assert service.said == [again] and service.served.state.said == again


def test_connecting_where_nothing_is_shown_shows_the_pre_annotations(service):
    service.change(model_version="")
    service.connect()
    service.until_shown()
    service.disconnect()


def test_what_a_person_chose_stays(service):
    from screentime.labelstudio.connected import restore_version

    project, version = service.loop.project(), service.version
    task = next(iter(service.loop.workspace.progress().tasks.values()))
    import_predictions(service.client, project, [{"task": task, "model_version": "theirs", "score": 0.5, "result": []}])
    # While a command is at work the service leaves it alone.
    with service.loop.workspace.locked("test"):
        service.change(model_version="theirs")
        assert not restore_version(service.client, project, version)
        assert service.settings["model_version"] == "theirs"
        service.change(show_collab_predictions=False)
        assert service.settings["model_version"] == ""
        assert not restore_version(service.client, project, version)
        service.change(show_collab_predictions=True)
        assert not restore_version(service.client, project, "v999-nobody-has-it")
        assert restore_version(service.client, project, version)
        assert not restore_version(service.client, project, version)
    delete_version(service.client, project, "theirs")


# -- the protocol itself ---------------------------------------------------------------------------


def test_a_known_frame_is_answered_from_what_is_kept(service):
    progress = service.loop.workspace.progress()
    uid = open_frame(service)
    [pushed] = service.client.request("GET", f"api/tasks/{progress.tasks[uid]}/")["predictions"]
    # It needs no picture, and the task's other data is not believed.
    answer = service.predict({"id": 1, "data": {"uid": uid, "image": "http://evil.example/x.jpg"}})
    assert answer.status_code == 200
    [[said]] = answer.json()["results"]
    assert said == {"model_version": service.version, "score": pytest.approx(pushed["score"], abs=1e-6), "result": pushed["result"]}
    assert answer.json()["model_version"] == service.version and answer.json()["errors"] == []


def test_a_blind_frame_stays_blind(service):
    progress = service.loop.workspace.progress()
    [uid, *_] = [uid for uid in progress.batch if uid in progress.blind]
    [[said]] = service.predict({"id": 1, "data": {"uid": uid}}).json()["results"]
    assert said["result"] == []


@pytest.mark.parametrize("image, sentence", [
    ("http://169.254.169.254/latest/meta-data", "Task 7 names a picture that Label Studio does not serve (http://169.254.169.254/latest/meta-data)."),
    ("/api/current-user/token", "Task 7 names a picture that Label Studio does not serve (/api/current-user/token)."),
    ("/data/local-files/?d=none.jpg", "Label Studio answers 404 for the picture of task 7 (/data/local-files/?d=none.jpg)."),
    (None, "Task 7 names no picture."),
])
def test_a_picture_that_cannot_be_had_is_told_in_a_sentence(service, image, sentence):
    answer = service.predict({"id": 7, "data": {"image": image}})
    assert answer.status_code == 422 and answer.json()["detail"].startswith(sentence)
    # Among others it is left out, and they get theirs.
    both = service.predict({"id": 7, "data": {"image": image}}, {"id": 8, "data": {"uid": open_frame(service)}})
    assert both.status_code == 200
    assert [len(one) for one in both.json()["results"]] == [0, 1]
    assert both.json()["errors"][0].startswith(sentence)


def test_what_there_is_no_time_for_is_left_out_and_what_is_known_is_not(service, monkeypatch):
    monkeypatch.setattr("screentime.service.predicting.ANSWER_SECONDS", 0.0)
    late = (
        "Task 7 was not looked at: Label Studio waits no longer for an answer. Ask for its prediction again; what has one"
        " by now keeps it."
    )
    picture = {"id": 7, "data": {"image": "/data/local-files/?d=x.jpg"}}
    answer = service.predict(picture, {"id": 8, "data": {"uid": open_frame(service)}}).json()
    assert ([len(one) for one in answer["results"]], answer["errors"]) == ([0, 1], [late])
    alone = service.predict(picture)
    assert (alone.status_code, alone.json()["detail"]) == (502, late)


def test_one_project_s_question_waits_for_no_other_s_and_not_for_ever(service, monkeypatch, tmp_path):
    root = tmp_path / "other"
    shutil.copytree(service.loop.workspace.root, root, ignore=shutil.ignore_patterns(".lock*"))
    stuck = Served(Workspace(root), {}, lambda sentence: None)
    begun, end = threading.Event(), threading.Event()

    def loop():
        begun.set()
        end.wait(HANG_SECONDS)
        return service.loop

    stuck.loop = loop
    task, predictor = {"id": 1, "data": {"uid": open_frame(service)}}, Predictor()
    with ThreadPoolExecutor() as others:
        first = others.submit(predictor.predict, stuck, [task])
        assert begun.wait(HANG_SECONDS)
        [[said]], _ = others.submit(predictor.predict, service.served, [task]).result(HANG_SECONDS / 2)
        assert said["model_version"] == service.version
        monkeypatch.setattr("screentime.service.predicting.ANSWER_SECONDS", 0.01)
        results, [error] = predictor.predict(stuck, [task])
        assert (results, error.what) == ([[]], "Task 1 was not looked at: Label Studio waits no longer for an answer.")
        end.set()
        assert first.result(HANG_SECONDS)[0][0]


def test_a_token_that_was_changed_or_refused_is_read_anew(service, tmp_path):
    root, first, second = tmp_path / "other", "a" * 40, "b" * 40
    shutil.copytree(service.loop.workspace.root, root, ignore=shutil.ignore_patterns(".lock*"))
    tokens, predictor = [first, second], Predictor()
    task = {"id": 7, "data": {"image": "/data/upload/x.jpg"}}
    with label_studio(tokens) as (url, asked):
        def put(token):
            config = configuration.override(service.loop.config, {"url": url, "token": token})
            (root / "screentime.toml").write_text(configuration.render(config))

        put(first)
        served = Served(Workspace(root), {}, lambda sentence: None)
        for token in (first, second):
            put(token)
            [error] = predictor.predict(served, [task])[1]
            assert error.what == "What Label Studio sends as the picture of task 7 is none."
            assert asked[-1] == ("/data/upload/x.jpg", token)
        tokens.clear()
        [error] = predictor.predict(served, [task])[1]
        assert error.what == "Label Studio answers 401 for the picture of task 7 (/data/upload/x.jpg)."
        with pytest.raises(TokenRefused):
            predictor.predict(served, [task])
        tokens.append(second)
        assert len(predictor.predict(served, [task])[1]) == 1 and asked[-1] == ("/data/upload/x.jpg", second)


def test_what_is_no_picture_or_too_large_is_refused():
    import io

    from PIL import Image

    from screentime.errors import UserMistake
    from screentime.service.predicting import decoded

    for content in (b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        with pytest.raises(UserMistake, match="^What Label Studio sends as the picture of task 7 is none. "):
            decoded(content, "Task 7")
    # A bomb: a kilobyte as a file, gigabytes as a picture.
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    with pytest.raises(UserMistake, match="^The picture of task 7 has 81 megapixels. Import a smaller one.$"):
        decoded(bomb.getvalue(), "Task 7")


@pytest.mark.parametrize("method, path", [("POST", "/setup"), ("POST", "/predict"), ("POST", "/webhook"), ("GET", "/versions")])
@pytest.mark.parametrize("header", [
    None, "Basic", "Basic !!", "Basic c2NyZWVudGltZQ==", "Basic c2NyZWVudGltZTp3cm9uZw==", "Bearer a secret of the tests",
])
def test_nothing_acts_or_reveals_without_the_secret(service, method, path, header):
    headers = {"Authorization": header} if header else {}
    answer = httpx.request(method, f"{service.url}{path}", content=b"{", headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="screentime"'
    assert answer.json() == {"detail": "The password is not the service's secret."}


@pytest.mark.parametrize("path, content, status, sentence", [
    ("/setup", b"[" * 200_000, 400, "The request is no JSON."), ("/setup", b"{", 400, "The request is no JSON."), ("/setup", b"\xff", 400, "The request is no JSON."),
    ("/predict", b"[]", 400, "The request is no JSON object."), ("/webhook", b"{}", 400, "The request names no action."),
    ("/setup", b"{}", 404, "This service keeps no project of this number going"),
    ("/setup", b'{"project": "999999.1"}', 404, "This service keeps no project of this number going"),
    ("/predict", b'{"project": "\\u00b2.1", "tasks": []}', 404, "This service keeps no project of this number going"),
    ("/predict", b'{"project": "1e3", "tasks": []}', 404, "This service keeps no project of this number going"),
    ("/webhook", b'{"action": "START_TRAINING", "project": {"id": 99999999999999999999999}}', 404, "This service keeps no"),
    ("/webhook", b'{"action": "START_TRAINING", "project": [1]}', 404, "This service keeps no project of this number going"),
])
def test_a_request_that_cannot_be_one_ends_in_a_sentence(service, path, content, status, sentence):
    answer = httpx.post(f"{service.url}{path}", content=content, auth=("any name", SECRET), trust_env=False)
    assert (answer.status_code, answer.json()["detail"][: len(sentence)]) == (status, sentence)


def test_tasks_may_be_anything(service):
    for tasks in (None, "x", 5):
        answer = service.post("/predict", {"project": service.number, "tasks": tasks})
        assert (answer.status_code, answer.json()["detail"]) == (400, "The request names no tasks.")
    for task in (None, "x", [], {"id": "<b>"}, {"id": 7, "data": []}, {"id": 7, "data": {"uid": [], "image": {}}}):
        assert service.predict(task).status_code == 422
    assert service.predict().json() == {"results": [], "model_version": None, "errors": []}


def test_without_a_model_it_can_be_connected_and_says_that_there_is_none(service, monkeypatch, tmp_path):
    folder = tmp_path / "new"
    begin(folder, [Path(service.loop.workspace.film_paths()[0])], ("cat", "mouse"), backbone="builtin")
    served = Served(Workspace(folder), {}, lambda sentence: None)
    served.number = 77
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with answering(build(Hub([served], SECRET)), listening):
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=url, auth=("screentime", SECRET), trust_env=False, timeout=HANG_SECONDS) as asking:
                assert asking.post("/setup", json={"project": "77.1"}).json() == {"model_version": None}
                assert asking.get("/versions").json() == {"versions": []}
                answer = asking.post("/predict", json={"project": "77.1", "tasks": [{"id": 1, "data": {}}]})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "There is no model yet. Label some frames; the first round makes one."


def test_label_studio_that_is_away_is_told(service, monkeypatch, free_port):
    monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "a" * 40)
    other = Served(service.loop.workspace, {}, lambda sentence: None)
    other.number = service.number
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with answering(build(Hub([other], SECRET)), listening):
            answer = httpx.post(
                f"http://127.0.0.1:{listening.getsockname()[1]}/predict", auth=("", SECRET), trust_env=False,
                json={"project": service.number, "tasks": [{"id": 1, "data": {"image": "/data/upload/1/x.jpg"}}]}, timeout=HANG_SECONDS,
            )
    assert answer.status_code == 502 and answer.json()["detail"].startswith("Nothing answers at Label Studio's address")


def test_a_frame_that_is_known_gets_its_prediction_though_label_studio_is_away(service, monkeypatch, free_port):
    monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "a" * 40)
    [[said]], errors = Predictor().predict(service.served, [{"id": 1, "data": {"uid": open_frame(service)}}])
    assert (said["model_version"], errors) == (service.version, [])


EXPECTED = json.loads(Path(__file__).with_name("protocol.json").read_text("utf-8"))["expected"]


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: f"{one['source']}-{one['method']}-{one['path']}-{one['status']}")
def test_it_answers_as_the_makers_of_the_protocol_expect(service, expected):
    import jsonschema

    stands_for = {"PROJECT": str(service.number), "UID": open_frame(service), "VERSION": service.version}
    one = json.loads(re.sub("|".join(stands_for), lambda found: stands_for[found[0]], json.dumps(expected)))
    answer = httpx.request(
        one["method"], f"{service.url}{one['path']}", json=one.get("body"), auth=("screentime", SECRET), trust_env=False,
        timeout=HANG_SECONDS,
    )
    assert answer.status_code == one["status"], answer.text
    if "answer" in one:
        jsonschema.validate(answer.json(), one["answer"])


def test_its_predictions_are_valid_by_the_makers_own_rules(service):
    from label_studio_sdk.label_interface import LabelInterface
    from label_studio_sdk.label_interface.objects import PredictionValue

    [[said]] = service.predict({"id": 1, "data": {"uid": open_frame(service)}}).json()["results"]
    interface = LabelInterface(service.settings["label_config"])
    assert interface.validate_prediction(said, return_errors=True) == []
    assert PredictionValue(**said).model_version == service.version
    said["result"][0]["value"]["choices"] = ["nobody"]
    assert interface.validate_prediction(said, return_errors=True) != []
