"""What the web of the service answers: the page, hints, health, metrics."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from screentime.config import Config, Project
from screentime.labelstudio.webhooks import HEADER, hint_secret
from screentime.service.app import build
from screentime.service.hub import Hub, names_of
from screentime.service.page import ago
from screentime.service.served import Served
from screentime.service.state import State, Trouble
from screentime.workspace import Workspace, create

NOW = datetime.now().astimezone()
TOMS = hint_secret("the-secret", "identity-tom")
EVIL = "<script>alert(1)</script>"
FOUND = {
    "title": f"Tom & {EVIL}", "frames": 300, "labels": 64, "skipped": 2, "waiting": 8, "target": 0.8, "stop": "accuracy",
    "half_width": 15.0, "rounds": [{
        "version": "v003-64", "labels": 64, "validation_accuracy": 0.875, "target_reached": True, "epochs": 3,
        "seconds": 2.0, "accuracy": {"value": 0.91, "low": 0.85, "high": 0.95},
    }],
    "screen_time": [{
        "film": f"film{EVIL}.mp4", "length": 300.0, "Tom": 120.25, "Tom_low": 110.0, "Tom_high": 131.5, "Tom_sampling": 1.0,
        EVIL: 12.0, f"{EVIL}_low": None, f"{EVIL}_high": None, f"{EVIL}_sampling": 1.0, "both": None, "both_low": None,
        "both_high": None, "both_sampling": None,
    }],
    "url": "http://127.0.0.1:8080/projects/3/data?tab=7&labeling=1", "look_again": "javascript:alert(1)",
    "confirm_sure": "", "confirm_unsure": "",
}


def make_served(folder, name):
    config = Config(project=Project(id=f"identity-{name}", title="t", characters=("Tom",), films=("f.mp4",)))
    return Served(create(folder / name, config), {}, lambda sentence: None)


@pytest.fixture
def hub(tmp_path):
    return Hub([make_served(tmp_path, "tom"), make_served(tmp_path, "jerry")], "the-secret")


@pytest.fixture
def web(hub):
    return TestClient(build(hub, ["testserver"]))


def test_only_who_knows_the_secret_gives_hints_and_the_work_is_left_to_others(hub, web):
    tom = hub.projects()[0]
    assert web.post("/hint/identity-tom").status_code == 401
    # Neither the password nor what another project's webhook sends.
    for secret in ("", TOMS[:-1], f"{TOMS} ", TOMS.upper(), b"\xff", "the-secret", hint_secret("the-secret", "identity-jerry")):
        assert web.post("/hint/identity-tom", headers={HEADER: secret}).status_code == 403
    assert (hub.refused, tom.state.hints) == (8, 0)
    assert web.post("/hint/identity-spike", headers={HEADER: TOMS}).status_code == 403
    assert web.post("/hint/identity-spike", headers={HEADER: hint_secret("the-secret", "identity-spike")}).status_code == 404
    # And it is no password.
    assert web.post("/webhook", json={"action": "START_TRAINING", "project": {"id": 3}}, auth=("x", TOMS)).status_code == 401
    assert web.get("/hint/identity-tom", headers={HEADER: TOMS}).status_code == 405
    for _ in range(500):
        assert web.post("/hint/identity-tom", headers={HEADER: TOMS}, content=b"{broken").status_code == 202
    assert (tom.state.hints, tom.state.doing, hub.projects()[1].state.hints) == (500, "waiting", 0)


def test_a_number_that_two_label_studios_have_is_nobody_s(hub, web):
    def asked(number):
        return web.post("/webhook", json={"action": "START_TRAINING", "project": {"id": number}}, auth=("x", "the-secret"))

    tom, jerry = hub.projects()
    tom.number, jerry.number = 3, 4
    assert (asked(3).status_code, hub.find(3), tom.workspace.asked_file.is_file()) == (201, tom, True)
    jerry.number = 3
    answer = asked(3)
    assert (answer.status_code, hub.find(3), jerry.state.hints) == (409, None, 0)
    assert answer.json()["detail"] == (
        "Several projects of this service have the number 3, each in another Label Studio, and a request does not say"
        " which one it means: run a `screentime serve` for each Label Studio."
    )


def test_health_names_who_fails_and_is_down_where_none_goes_on(hub, web):
    def health():
        found = web.get("/health")
        return found.status_code, found.json()["status"], found.json()["failing"]

    tom, jerry = hub.projects()
    assert health() == (200, "UP", [])
    # Another command at work there ends by itself.
    tom.state = replace(State(), doing="failed", failures=1, trouble=Trouble("W.", "R.", NOW, passing=True))
    assert health() == (200, "UP", [])
    jerry.state = replace(State(), doing="failed", failures=1, trouble=Trouble("What.", "Remedy.", NOW))
    assert health() == (200, "UP", ["jerry"])
    assert web.get("/health").json()["projects"]["jerry"] == {
        "project": None, "doing": "failed", "task": "", "error": "What.", "remedy": "Remedy.",
    }
    tom.state = replace(State(), doing="failed", failures=1, trouble=Trouble("What.", "Remedy.", NOW))
    assert health() == (503, "DOWN", ["tom", "jerry"]) and web.head("/health").status_code == 503
    jerry.state = replace(jerry.state, doing="waiting", failures=0)
    assert health() == (200, "UP", ["tom"]) and web.head("/health").status_code == 200
    assert web.get("/health").json()["projects"]["jerry"]["error"] is None


def test_metrics(hub, web):
    hub.projects()[0].state = replace(
        State(), found=FOUND, rounds=2, hints=7, last_seconds=2.5, round_seconds=6.0, doing="running", queued="x"
    )
    text = web.get("/metrics").text
    for line in (
        'screentime_labels{project="tom"} 64.0', 'screentime_rounds_total{project="tom"} 2.0',
        'screentime_round_seconds_total{project="tom"} 6.0', 'screentime_last_round_seconds{project="tom"} 2.5',
        'screentime_queued{project="tom"} 1.0', 'screentime_queued{project="jerry"} 0.0',
        'screentime_state{project="tom",state="running"} 1.0', 'screentime_hints_total{project="tom"} 7.0',
        f'screentime_onscreen_low_seconds{{film="film{EVIL}.mp4",project="tom",who="Tom"}} 110.0',
        f'screentime_onscreen_seconds{{film="film{EVIL}.mp4",project="tom",who="{EVIL}"}} 12.0',
    ):
        assert line in text.splitlines(), text
    assert 'screentime_labels{project="jerry"}' not in text and "the-secret" not in text


def test_films_of_one_name_are_told_apart(hub, web):
    first, second = ({**FOUND["screen_time"][0], "film": "x.mp4", "Tom": seconds} for seconds in (1.0, 2.0))
    hub.projects()[0].state = replace(State(), found=FOUND | {"screen_time": [first, FOUND["screen_time"][0], second]})
    lines = web.get("/metrics").text.splitlines()
    assert [line for line in lines if line.startswith("screentime_onscreen_seconds") and 'who="Tom"' in line] == [
        f'screentime_onscreen_seconds{{film="{film}",project="tom",who="Tom"}} {seconds}'
        for film, seconds in (("x.mp4 (1)", 1.0), (f"film{EVIL}.mp4", 120.25), ("x.mp4 (2)", 2.0))
    ]


def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path):
    folders = [Path(one) for one in ("/a/tom", "/b/tom", "/b/jerry", "/tom", "/x/c/spike", "/y/c/spike")]
    assert names_of(folders) == ["a/tom", "b/tom", "jerry", "/tom", "x/c/spike", "y/c/spike"]
    both = [tmp_path / "one" / "tom", tmp_path / "two" / "tom"]
    for folder in both:
        folder.parent.mkdir()
    known = zip([make_served(folder.parent, "tom").workspace for folder in both], names_of(both))
    hub = Hub([Served(workspace, {}, lambda sentence: None, name=name) for workspace, name in known], "the-secret")
    web = TestClient(build(hub, ["testserver"]))
    assert list(web.get("/health").json()["projects"]) == ["one/tom", "two/tom"]
    assert 'screentime_hints_total{project="two/tom"} 0.0' in web.get("/metrics").text


def test_a_folder_whose_name_is_no_utf_8_is_told_with_the_others(tmp_path):
    root, other = make_served(tmp_path, "tom").workspace.root, make_served(tmp_path, "jerry")
    odd = Served(Workspace(root.rename(tmp_path / os.fsdecode(b"tom\xff"))), {}, lambda sentence: None)
    odd.workspace.loop_file.write_text("{")
    odd.step()  # what fails is told with the folder's path
    web = TestClient(build(Hub([odd, other], "the-secret"), ["testserver"]))
    assert [web.get(path).status_code for path in ("/", "/metrics", "/health")] == [200] * 3
    found = web.get("/health").json()["projects"]
    assert list(found) == ["tom\\udcff", "jerry"] and "tom\\udcff/loop.json" in found["tom\\udcff"]["error"]
    assert 'screentime_hints_total{project="jerry"} 0.0' in web.get("/metrics").text


def test_a_round_is_asked_for_by_who_pressed_and_by_no_label(hub, web):
    def sent(action):
        body = {"action": action, "project": {"id": 3}}
        return web.post("/webhook", json=body, auth=("x", "the-secret")).json()["result"]

    def queued():
        [found] = [line for line in web.get("/metrics").text.splitlines() if line.startswith('screentime_queued{project="tom"}')]
        return "A round is asked for" in web.get("/").text, found.split()[-1]

    tom = hub.projects()[0]
    tom.number = 3
    assert web.post("/hint/identity-tom", headers={HEADER: TOMS}).status_code == 202
    assert (sent("ANNOTATION_CREATED"), tom.state.hints, queued()) == ("A look is asked for.", 2, (False, "0.0"))
    assert (sent("START_TRAINING"), tom.state.hints, queued()) == ("A round is asked for.", 3, (True, "1.0"))
    assert "<p>A round is asked for: Start training was pressed in Label Studio.</p>" in web.get("/").text


def test_the_page_says_where_the_projects_stand_and_names_do_nothing_in_it(hub, web):
    tom, jerry = hub.projects()
    tom.state = replace(
        State(), found=FOUND, doing="running", task="Writing pre-annotations", done=20, total=236, last_seconds=2.0,
        last_round=NOW, looked=NOW,
    )
    jerry.state = replace(State(), doing="failed", failures=2, errors=2, trouble=Trouble(f"No {EVIL}.", "Do it.", NOW))
    answer = web.get("/")
    text = answer.text
    assert EVIL not in text and "javascript:" not in text and "the-secret" not in text
    for words in (
        "Writing pre-annotations: 20 of 236", "at work", "failing", "120.2", "110.0 to 131.5", "not audited", "0.88",
        "target 0.80: reached", "0.85 to 0.95", "2 times in a row", "No &lt;script&gt;alert(1)&lt;/script&gt;. Do it.",
        'href="http://127.0.0.1:8080/projects/3/data?tab=7&amp;labeling=1"', "v003-64, of 64 labels",
    ):
        assert words in text, words
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "http" not in text.replace(FOUND["url"].replace("&", "&amp;"), "")  # nothing from elsewhere
    assert "setInterval" in web.get("/page.js").text


def test_another_host_s_name_is_refused_and_nothing_else_is_there(web):
    assert web.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert [web.get(path).status_code for path in ("/docs", "/openapi.json", "/redoc", "/../secret")] == [404] * 4


@pytest.mark.parametrize(("seconds", "words"), [
    (-3, "0 s ago"), (12, "12 s ago"), (200, "3 min ago"), (3 * 3600, "on "), (None, ""),
])
def test_moments_in_words(seconds, words):
    assert ago(None if seconds is None else NOW - timedelta(seconds=seconds), NOW).startswith(words)
