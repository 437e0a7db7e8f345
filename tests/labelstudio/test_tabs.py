"""Tabs of the Data Manager that the page opens and that show just the frames meant."""

import pytest

from screentime.labelstudio import predictions, stream, tabs, tasks

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
            ls_client, sample.ref, "Mine", sample.ids, ordering=tabs.BY_NUMBER, answered=answered
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
    assert titles(ls_client, sample) == ["Look again", "All frames"]
    again = tabs.list_frames(ls_client, sample.ref, {uids[0]: n[0]})
    assert again == first and listed(ls_client, sample, again) == [n[0]]
    named = tabs.list_frames(ls_client, sample.ref, {uids[5]: n[5]}, title="By two people")
    assert listed(ls_client, sample, named) == [n[5]]
    assert titles(ls_client, sample) == ["Look again", "All frames", "By two people"]
    assert tabs.list_frames(ls_client, sample.ref, {}) is None
    assert tabs.list_frames(ls_client, sample.ref, {}) is None
    assert titles(ls_client, sample) == ["All frames", "By two people"]


def test_the_projects_tabs_stand_in_their_order_and_people_s_keep_theirs(ls_client, make_project):
    sample = make_project(3)
    ours = ["Label first", "Confirm: sure", "Confirm: unsure", "Look again"]

    def show(title):
        return tabs.show_tab(ls_client, sample.ref, title, sample.ids, ordering=tabs.BY_NUMBER, answered=True)

    numbers = {title: show(title) for title in ("Mine", "Look again", "Confirm: unsure", "Label first", "Yours")}
    assert titles(ls_client, sample) == ["Label first", "Confirm: unsure", "Look again", "Mine", "All frames", "Yours"]
    show("Confirm: sure")
    assert titles(ls_client, sample) == [*ours, "Mine", "All frames", "Yours"]
    order = [view["id"] for view in views(ls_client, sample)]
    moved = [*order[:4], *order[4:][::-1]]
    ls_client.request("POST", "api/dm/views/order/", json={"project": sample.ref.id, "ids": moved})
    assert {title: show(title) for title in numbers} == numbers
    assert titles(ls_client, sample) == [*ours, "Yours", "All frames", "Mine"]


def test_confirmations_leave_their_tab_when_they_are_answered(ls_client, make_project):
    sample = make_project(5)
    n, uids = sample.numbers, list(sample.ids)
    scores = [0.9, 0.99, 0.6, 0.95, 0.55]
    items = [(task, {"Tom"}, score) for task, score in zip(n, scores)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    sure = tabs.confirm_sure(ls_client, sample.ref, [uids[0], uids[1], uids[3]])
    unsure = tabs.confirm_unsure(ls_client, sample.ref, [uids[2], uids[4]])
    assert unsure.endswith("&labeling=1")
    unsure = unsure.removesuffix("&labeling=1")
    assert listed(ls_client, sample, sure) == [n[1], n[3], n[0]]
    assert listed(ls_client, sample, unsure) == [n[4], n[2]]
    stream.submit(ls_client, {"id": n[1]}, sample.schema, {"Tom"})
    stream.skip(ls_client, {"id": n[4]})
    assert listed(ls_client, sample, sure) == [n[3], n[0]]
    assert listed(ls_client, sample, unsure) == [n[2]]
    assert tabs.confirm_sure(ls_client, sample.ref, [uids[0]]) == sure
    assert listed(ls_client, sample, sure) == [n[0]]
    assert tabs.confirm_sure(ls_client, sample.ref, []) is None
    assert tabs.confirm_unsure(ls_client, sample.ref, []) is None
    assert titles(ls_client, sample) == ["All frames"]


def test_what_a_person_set_in_a_tab_stays_but_the_grid_is_a_grid_again(ls_client, make_project):
    sample = make_project(2)
    tabs.confirm_sure(ls_client, sample.ref, sample.ids)
    view = views(ls_client, sample)[0]
    data = view["data"]
    assert (data["type"], data["gridWidth"]) == ("grid", 7)
    shown = {f"tasks:{column}" for column in tabs.COLUMNS} - set(data["hiddenColumns"]["explore"])
    assert shown == {"tasks:data.image", "tasks:data.cache_predictions_characters"}
    theirs = {**data, "type": "list", "gridWidth": 5, "hiddenColumns": {"explore": ["tasks:id"], "labeling": []}}
    ls_client.request("PATCH", f"api/dm/views/{view['id']}/", json={"project": sample.ref.id, "data": theirs})
    tabs.confirm_sure(ls_client, sample.ref, sample.ids)
    assert views(ls_client, sample)[0]["data"] == {**theirs, "type": "grid"}


def test_every_column_that_the_server_has_is_known(ls_client, make_project):
    """One that is not would be shown in every tab."""
    sample = make_project(1)
    tabs.list_frames(ls_client, sample.ref, sample.ids)
    columns = ls_client.request("GET", "api/dm/columns/", params={"project": sample.ref.id})["columns"]
    found = {f"data.{one['id']}" if one.get("parent") == "data" else one["id"] for one in columns}
    assert found - {"data"} <= set(tabs.COLUMNS)


def test_doubled_tab_is_made_one(ls_client, make_project):
    sample = make_project(1)
    for _ in range(2):
        data = {"title": "Mine", "type": "list", "target": "tasks"}
        ls_client.request("POST", "api/dm/views/", json={"project": sample.ref.id, "data": data})
    tab = tabs.show_tab(
        ls_client, sample.ref, "Mine", sample.ids, ordering=tabs.BY_NUMBER, answered=True
    )
    assert [view["id"] for view in views(ls_client, sample)] == [tab]
    tabs.delete_tab(ls_client, sample.ref, "Mine")
    tabs.delete_tab(ls_client, sample.ref, "Mine")
    assert views(ls_client, sample) == []


def test_killed_between_its_first_tabs_all_frames_can_be_seen_after_the_next_time(ls_client, make_project, monkeypatch):
    sample = make_project(2)
    make = tabs._new

    def killed(*given):
        make(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(tabs, "_new", killed)
        tabs.show_tab(ls_client, sample.ref, tabs.LABEL_FIRST, sample.ids, ordering=tabs.BY_NUMBER, answered=False)
    assert titles(ls_client, sample) == ["All frames"]
    tabs.show_tab(ls_client, sample.ref, tabs.LABEL_FIRST, sample.ids, ordering=tabs.BY_NUMBER, answered=False)
    assert titles(ls_client, sample) == ["Label first", "All frames"]
