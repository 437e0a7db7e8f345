"""Two people at the same time, on the real server: no frame is handed out twice."""

from __future__ import annotations

import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from screentime.labelstudio import predictions, queue


class Person:
    """Somebody with an account of their own, who asks and answers as the page does."""

    def __init__(self, client):
        self.line = httpx.Client(base_url=client.url, trust_env=False, follow_redirects=True)
        invitation = client.request("GET", "api/invite")["invite_url"]
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.line.get(invitation).text)[1]
        self.line.post(
            invitation, headers={"Referer": client.url + invitation},
            data={"csrfmiddlewaretoken": hidden, "email": f"{secrets.token_hex(6)}@example.org", "password": secrets.token_hex(8)},
        )
        self.number = self.line.get("/api/current-user/whoami").json()["id"]

    def _post(self, path, body):
        return self.line.post(path, json=body, headers={"X-CSRFToken": self.line.cookies["csrftoken"]})

    def next(self, project, page):
        """Number of the task that a page hands out; None when it is done."""
        tab = re.search(r"tab=(\d+)", page)[1]
        view = self.line.get(f"/api/dm/views/{tab}/").json()["data"]
        answer = self._post(
            f"/api/dm/actions?id=next_task&tabID={tab}&project={project.id}",
            {"project": str(project.id), "ordering": view["ordering"], "filters": view["filters"],
             "selectedItems": {"all": False, "included": []}},
        )
        assert answer.status_code in (200, 404)
        return answer.json()["id"] if answer.status_code == 200 else None

    def label(self, task):
        value = {"choices": ["Tom"]}
        result = {"from_name": "characters", "to_name": "frame", "type": "choices", "value": value}
        answer = self._post(f"/api/tasks/{task}/annotations/", {"result": [result], "lead_time": 1.0})
        assert answer.status_code == 201


@pytest.fixture
def two(ls_client):
    people = [Person(ls_client), Person(ls_client)]
    yield people
    for one in people:
        one.line.close()


def test_one_page_hands_the_same_frame_to_whoever_asks(ls_client, make_project, two):
    # Why several people get pages of their own.
    sample = make_project(4)
    page = queue.queue_frames(ls_client, sample.ref, sample.ids).url
    assert [person.next(sample.ref, page) for person in two] == [sample.numbers[0]] * 2


@pytest.mark.parametrize("predicted", [False, True])
def test_people_who_label_at_the_same_time_never_get_the_same_frame(ls_client, make_project, two, predicted):
    sample = make_project(20)
    uids = list(sample.ids)[::-1]
    if predicted:
        items = [(sample.ids[uid], {"Tom"}, 0.5 + place / 50) for place, uid in enumerate(uids)]
        predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    batch = {uid: sample.ids[uid] for uid in uids[:16]}
    asked = queue.queue_frames(ls_client, sample.ref, batch, people=2)
    pages = [asked.url, *asked.others]
    assert len({*pages}) == 2
    together = threading.Barrier(2)

    def work(person, page):
        given = []
        together.wait()
        while (task := person.next(sample.ref, page)) is not None:
            given.append(task)
            person.label(task)
        return given

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, two, pages)
    wanted = list(batch.values())
    assert first and second and not {*first} & {*second}
    assert sorted(first + second) == sorted(wanted)
    # Each in the wanted order.
    assert first == [task for task in wanted if task in first] and second == [task for task in wanted if task in second]
    counts = [
        ls_client.request("GET", f"api/tasks/{task}/")["annotations"] for task in wanted
    ]
    assert {len(one) for one in counts} == {1}


def test_what_somebody_has_open_stays_theirs_when_other_frames_are_asked_for(ls_client, make_project, two):
    sample = make_project(12)
    uids = list(sample.ids)
    before = queue.queue_frames(ls_client, sample.ref, {uid: sample.ids[uid] for uid in uids[:6]}, people=2)
    open_now = two[0].next(sample.ref, before.url)
    after = queue.queue_frames(ls_client, sample.ref, {uid: sample.ids[uid] for uid in uids[::-1]}, people=2)
    assert (after.url, after.others) == (before.url, before.others)
    given = []
    while (task := two[1].next(sample.ref, after.others[0])) is not None:
        given.append(task)
        two[1].label(task)
    assert len(given) == 6 and open_now not in given


def test_pages_of_people_who_left_are_taken_away(ls_client, make_project):
    sample = make_project(6)

    def titles():
        return [one["data"]["title"] for one in ls_client.request("GET", "api/dm/views/", params={"project": sample.ref.id})]

    assert len(queue.queue_frames(ls_client, sample.ref, sample.ids, people=3).others) == 2
    assert titles() == ["Label first", "Label first 2", "Label first 3", "All frames"]
    again = queue.queue_frames(ls_client, sample.ref, sample.ids, people=3)
    assert titles() == ["Label first", "Label first 2", "Label first 3", "All frames"]
    left = queue.queue_frames(ls_client, sample.ref, sample.ids)
    assert titles() == ["Label first", "All frames"] and (left.tab, left.others) == (again.tab, ())


def test_shares_are_all_and_nobody_s_twice():
    frames = {f"f{n}": 100 + 7 * n for n in range(30)}
    shares = [queue.share(frames, person, 4) for person in range(4)]
    assert sorted(sum(shares, [])) == sorted(frames)
    assert queue.share(frames, 0, 1) == list(frames)
