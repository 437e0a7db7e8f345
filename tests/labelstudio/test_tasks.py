"""Each frame is one task, whatever is repeated or lost on the way."""

import re

import pytest

from screentime.errors import ServerError
from screentime.labelstudio import predictions, server, tasks
from screentime.labelstudio.client import connect, speaking
from screentime.records import frame_uid
from scripts.faults.faulty import FaultyProxy, Plan


def count(client, project):
    return client.request("GET", "api/tasks", params={"project": project.id, "page_size": 1})["total"]


def test_pushing_twice_makes_nothing_twice(ls_client, make_project):
    sample = make_project(5, push=False)
    seen = []
    # In the given order, which is the order of labelling until there is a model.
    backwards = sample.data[::-1]
    first = tasks.push_frames(ls_client, sample.ref, backwards[:3], progress=lambda *a: seen.append(a))
    assert (first.created, first.found) == (3, 0) and seen == [(3, 3)]
    assert list(first.ids) == [d["uid"] for d in backwards[:3]]
    assert list(first.ids.values()) == sorted(first.ids.values())
    second = tasks.push_frames(ls_client, sample.ref, [*sample.data, sample.data[0]])
    assert (second.created, second.found) == (2, 3)
    third = tasks.push_frames(ls_client, sample.ref, sample.data)
    assert (third.created, third.found) == (0, 5)
    assert third.ids == second.ids == tasks.list_tasks(ls_client, sample.ref)
    assert count(ls_client, sample.ref) == 5
    [kept] = [t for t in tasks.read_tasks(ls_client, sample.ref, include="id,data") if t["id"] == third.ids[sample.data[2]["uid"]]]
    assert kept["data"] == sample.data[2]


def test_lost_answer_is_looked_after_and_not_sent_again(ls_home, ls_server, ls_client, make_project):
    sample = make_project(4, push=False)
    proxy = FaultyProxy(ls_server.port)
    proxy.listen(Plan("POST /api/projects/N/import", "answer lost", always=True))
    try:
        far = connect(proxy.url, server.credentials(ls_home).token)
        pushed = tasks.push_frames(far, sample.ref, sample.data)
    finally:
        proxy.close()
    assert proxy.hits == 1
    assert pushed.created == 4 and len(pushed.ids) == 4
    assert count(ls_client, sample.ref) == 4


@pytest.mark.parametrize("fault", ["reset before", "403"])
def test_an_import_that_may_still_be_at_work_is_to_be_waited_for(
    ls_home, ls_server, ls_client, make_project, monkeypatch, fault
):
    """As where a gateway gives up before Label Studio does, but not where Label Studio says that it does nothing."""
    monkeypatch.setattr(tasks, "LOOK_AGAIN", (0.05, 0.05))
    sample = make_project(4, push=False)
    proxy = FaultyProxy(ls_server.port)
    proxy.listen(Plan("POST /api/projects/N/import", fault, always=True))
    try:
        far = connect(proxy.url, server.credentials(ls_home).token)
        with pytest.raises(ServerError) as raised:
            tasks.push_frames(far, sample.ref, sample.data)
    finally:
        proxy.close()
    assert (raised.value.remedy == tasks.STILL_IMPORTING) is (fault == "reset before")
    assert "pushing frames" in raised.value.what and proxy.hits == 1
    assert tasks.push_frames(ls_client, sample.ref, sample.data).created == count(ls_client, sample.ref) == 4


def test_lost_answer_of_pre_annotations_is_repaired_by_repeating(ls_home, ls_server, ls_client, make_project):
    sample = make_project(4)
    items = [(number, {"Tom"}, 0.9) for number in sample.numbers]
    proxy = FaultyProxy(ls_server.port)
    proxy.listen(Plan("POST /api/projects/N/import/predictions", "answer lost", always=True))
    try:
        far = connect(proxy.url, server.credentials(ls_home).token)
        with pytest.raises(ServerError) as raised:
            predictions.write_predictions(far, sample.ref, sample.schema, "v1", items)
    finally:
        proxy.close()
    assert raised.value.what == "The connection to Label Studio broke (while writing pre-annotations)."
    assert raised.value.remedy == "Run the same command again: nothing is done twice."
    assert proxy.hits == 1
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    assert predictions.prediction_versions(ls_client, sample.ref) == {"v1": 4}


def test_doubled_task_is_the_oldest(ls_client, make_project):
    sample = make_project(2)
    with speaking("importing behind the program's back"):
        ls_client.request("POST", f"api/projects/{sample.ref.id}/import", json=[{"data": sample.data[0]}])
    assert count(ls_client, sample.ref) == 3
    assert tasks.list_tasks(ls_client, sample.ref) == sample.ids


@pytest.mark.parametrize("uid", ["a.b", "a|b", "0123456789abcdef-000001000"])
def test_uid_is_taken_literally(uid):
    assert re.fullmatch(tasks.uid_pattern(["other", uid]), uid)
    assert not re.fullmatch(tasks.uid_pattern(["a.b"]), "axb")
    assert not re.fullmatch(tasks.uid_pattern([uid]), f"{uid}0")


def test_what_uids_share_stands_in_their_pattern_once():
    films = ("0123456789abcdef", "fedcba9876543210")
    uids = [frame_uid(film, float(second)) for film in films for second in range(0, 4000, 3)]
    pattern = tasks.uid_pattern(uids)
    assert [pattern.count(film) for film in films] == [1, 1]
    assert len(pattern) < len("|".join(uids)) / 3
    others = [frame_uid(film, float(second)) for film in films for second in range(1, 4000, 3)]
    read = re.compile(pattern)
    assert all(read.search(uid) for uid in uids) and not any(read.search(uid) for uid in others)
    # A tab is written anew where its pattern differs.
    assert tasks.uid_pattern(uids[::-1]) == pattern


def test_uids_that_begin_with_one_another_are_told_apart():
    uids = ["a", "ab", "abc.d", "b"]
    read = re.compile(tasks.uid_pattern(uids))
    assert [uid for uid in (*uids, "", "abc", "abcxd", "abc.", "bb") if read.search(uid)] == uids
    assert re.search(tasks.uid_pattern([]), "a") is None
