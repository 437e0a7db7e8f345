"""Tabs of the Data Manager that the page opens and that show just the frames meant."""

import re

import pytest

from screentime.labelstudio import stream, tabs, tasks

KNOWN_TO_THE_PAGE = {
    "equal", "not_equal", "less", "greater", "less_or_equal", "greater_or_equal", "in", "not_in", "empty",
    "contains", "not_contains", "regex",
}


def views(client, sample):
    return client.request("GET", "api/dm/views/", params={"project": sample.ref.id})


def test_the_page_knows_every_operator_of_the_tab(ls_client, make_project):
    """With an operator that the server knows and the page does not, the page stays blank."""
    sample = make_project(2)
    for answered, operators in ((False, ["regex", "empty"]), (True, ["regex"])):
        tabs.show_tab(
            ls_client, sample.ref, "Mine", sample.ids, ordering=tabs.BY_NUMBER, answered=answered, first=True
        )
        filters = views(ls_client, sample)[0]["data"]["filters"]["items"]
        assert [one["operator"] for one in filters] == operators
        assert set(operators) <= KNOWN_TO_THE_PAGE


def listed(client, sample, url):
    """Tasks of the tab that an address names, in its order."""
    base, tab = url.split("?tab=")
    assert base == f"{sample.ref.url}/data"
    return [task["id"] for task in tasks.read_tasks(client, sample.ref, view=int(tab), include="id")]


def titles(client, sample):
    return [view["data"]["title"] for view in views(client, sample)]


def test_list_shows_exactly_its_frames_labelled_or_not(ls_client, make_project):
    sample = make_project(6)
    n, uids = sample.numbers, list(sample.ids)
    stream.submit(ls_client, {"id": n[4]}, sample.schema, {"Tom"})
    stream.skip(ls_client, {"id": n[1]})
    three = {uid: sample.ids[uid] for uid in (uids[4], uids[1], uids[2])}
    first = tabs.list_frames(ls_client, sample.ref, three)
    assert listed(ls_client, sample, first) == [n[1], n[2], n[4]]
    # Nobody had a tab: the other frames have to stay in sight.
    assert titles(ls_client, sample) == ["All frames", "Look again"]
    again = tabs.list_frames(ls_client, sample.ref, {uids[0]: n[0]})
    assert again == first and listed(ls_client, sample, again) == [n[0]]
    named = tabs.list_frames(ls_client, sample.ref, {uids[5]: n[5]}, title="By two people")
    assert listed(ls_client, sample, named) == [n[5]]
    assert titles(ls_client, sample) == ["All frames", "Look again", "By two people"]
    assert tabs.list_frames(ls_client, sample.ref, {}) is None
    assert tabs.list_frames(ls_client, sample.ref, {}) is None
    assert titles(ls_client, sample) == ["All frames", "By two people"]


def test_first_and_last(ls_client, make_project):
    sample = make_project(1)

    def show(title, first):
        return tabs.show_tab(
            ls_client, sample.ref, title, sample.ids, ordering=tabs.BY_NUMBER, answered=True, first=first
        )

    last = show("Last", False)
    assert titles(ls_client, sample) == ["All frames", "Last"]
    show("First", True)
    show("Middle", False)
    assert titles(ls_client, sample) == ["First", "All frames", "Last", "Middle"]
    assert show("Last", False) == last
    assert titles(ls_client, sample) == ["First", "All frames", "Middle", "Last"]
    assert show("Last", True) == last
    assert titles(ls_client, sample) == ["Last", "First", "All frames", "Middle"]


def test_doubled_tab_is_made_one(ls_client, make_project):
    sample = make_project(1)
    for _ in range(2):
        data = {"title": "Mine", "type": "list", "target": "tasks"}
        ls_client.request("POST", "api/dm/views/", json={"project": sample.ref.id, "data": data})
    tab = tabs.show_tab(
        ls_client, sample.ref, "Mine", sample.ids, ordering=tabs.BY_NUMBER, answered=True, first=True
    )
    assert [view["id"] for view in views(ls_client, sample)] == [tab]
    tabs.delete_tab(ls_client, sample.ref, "Mine")
    tabs.delete_tab(ls_client, sample.ref, "Mine")
    assert views(ls_client, sample) == []


@pytest.mark.parametrize("uid", ["a.b", "a|b", "0123456789abcdef-000001000"])
def test_uid_is_taken_literally(uid):
    assert re.fullmatch(tabs._literal(uid), uid)
    assert not re.fullmatch(tabs._literal("a.b"), "axb")
