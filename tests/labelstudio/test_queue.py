"""The page's stream: exactly the chosen frames, in the wanted order, with their pre-annotations."""

import random

from screentime.labelstudio import predictions, queue, stream, tabs, tasks


def served(client, sample, tab, limit=20):
    """Tasks in the order in which the page hands them out, each one labelled."""
    order = []
    while (task := stream.next_task(client, sample.ref, tab)) and len(order) < limit:
        order.append(task["id"])
        stream.submit(client, task, sample.schema, {"Tom"})
    return order


def views(client, sample):
    return client.request("GET", "api/dm/views/", params={"project": sample.ref.id})


def in_order(client, sample, tab, wanted):
    """Whether Label Studio lists just these frames in their order, as far as nobody answered them."""
    listed = [task["id"] for task in tasks.read_tasks(client, sample.ref, view=tab, include="id")]
    return listed == [task for task in wanted.values() if task in listed]


def shuffled(sample, seed=5):
    uids = list(sample.ids)
    random.Random(seed).shuffle(uids)
    assert uids != list(sample.ids)
    return {uid: sample.ids[uid] for uid in uids}


def test_any_order_before_there_is_a_model(ls_client, make_project):
    sample = make_project(8)
    order = shuffled(sample)
    batch = dict(list(order.items())[:5])
    chosen = queue.queue_frames(ls_client, sample.ref, batch)
    assert in_order(ls_client, sample, chosen.tab, batch)
    assert chosen.url == f"{sample.ref.url}/data?tab={chosen.tab}&labeling=1"
    # The ranks are nobody's predictions: the page shows none of them.
    assert predictions.prediction_versions(ls_client, sample.ref) == {}
    first = stream.next_task(ls_client, sample.ref, chosen.tab)
    assert first["predictions"] == []
    stream.skip(ls_client, first)
    assert [first["id"], *served(ls_client, sample, chosen.tab)] == list(batch.values())
    assert stream.next_task(ls_client, sample.ref, chosen.tab) is None

    # Another batch while there is still no model: the same tab, its own order.
    rest = dict(list(order.items())[:4:-1])
    again = queue.queue_frames(ls_client, sample.ref, rest)
    assert again.tab == chosen.tab and in_order(ls_client, sample, again.tab, rest)
    assert [v["data"]["title"] for v in views(ls_client, sample)] == ["Label first", "All frames"]
    assert served(ls_client, sample, again.tab) == list(rest.values())


def test_order_of_tasks_needs_no_ranks(ls_client, make_project):
    sample = make_project(4)
    chosen = queue.queue_frames(ls_client, sample.ref, dict(list(sample.ids.items())[1:]))
    assert ls_client.request("GET", f"api/projects/{sample.ref.id}/model-versions/") == {}
    assert served(ls_client, sample, chosen.tab) == sample.numbers[1:]


def test_least_certain_first_with_its_pre_annotation(ls_client, make_project):
    sample = make_project(6)
    queue.queue_frames(ls_client, sample.ref, shuffled(sample))
    order = shuffled(sample, seed=7)
    items = [(task, {"Jerry"}, 0.5 + place / 100) for place, task in enumerate(order.values())]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    # The ranks go with what is cleared away.
    assert list(predictions.clear_away(ls_client, sample.ref, "v1", sample.numbers)) == [(6, 6)]
    assert ls_client.request("GET", f"api/projects/{sample.ref.id}/model-versions/") == {"v1": 6}
    batch = dict(list(order.items())[:4])
    chosen = queue.queue_frames(ls_client, sample.ref, batch)
    assert in_order(ls_client, sample, chosen.tab, batch)
    first = stream.next_task(ls_client, sample.ref, chosen.tab)
    [shown] = first["predictions"]
    assert shown["model_version"] == "v1" and shown["result"][0]["value"] == {"choices": ["Jerry"]}
    assert served(ls_client, sample, chosen.tab) == list(batch.values())
    # What the page cannot do: another order than the scores'.
    backwards = {u: order[u] for u in list(order)[:3:-1]}
    assert not in_order(ls_client, sample, queue.queue_frames(ls_client, sample.ref, backwards).tab, backwards)


def test_tab_of_a_person_stays_and_ours_comes_first(ls_client, make_project):
    sample = make_project(2)
    mine = ls_client.request(
        "POST", "api/dm/views/", json={"project": sample.ref.id, "data": {"title": "Mine", "type": "list", "target": "tasks"}}
    )["id"]
    chosen = queue.queue_frames(ls_client, sample.ref, sample.ids)
    assert [v["id"] for v in views(ls_client, sample)] == [chosen.tab, mine]
    # Columns that the person hid in our tab stay hidden.
    data = views(ls_client, sample)[0]["data"] | {"hiddenColumns": {"explore": ["tasks:inner_id"], "labeling": []}}
    ls_client.request("PATCH", f"api/dm/views/{chosen.tab}/", json={"project": sample.ref.id, "data": data})
    queue.queue_frames(ls_client, sample.ref, sample.ids)
    kept = views(ls_client, sample)[0]["data"]
    assert kept["hiddenColumns"] == {"explore": ["tasks:inner_id"], "labeling": []}


def test_nothing_to_label(ls_client, make_project):
    sample = make_project(2)
    chosen = queue.queue_frames(ls_client, sample.ref, {})
    assert stream.next_task(ls_client, sample.ref, chosen.tab) is None


def listed(client, sample, url):
    """Tasks of the tab that an address names, in its order."""
    base, tab = url.split("?tab=")
    assert base == f"{sample.ref.url}/data"
    return [task["id"] for task in tasks.read_tasks(client, sample.ref, view=int(tab), include="id")]


def titles(client, sample):
    return [view["data"]["title"] for view in views(client, sample)]


def test_list_and_stream_beside_each_other(ls_client, make_project):
    sample = make_project(6)
    n, uids = sample.numbers, list(sample.ids)
    order = shuffled(sample)
    tab = queue.queue_frames(ls_client, sample.ref, dict(list(order.items())[:4])).tab
    page = tabs.list_frames(ls_client, sample.ref, {uids[0]: n[0], uids[5]: n[5]})
    assert titles(ls_client, sample) == ["Label first", "Look again", "All frames"]
    wanted = dict(list(order.items())[::-1])
    chosen = queue.queue_frames(ls_client, sample.ref, wanted)
    assert chosen.tab == tab and in_order(ls_client, sample, tab, wanted)
    assert titles(ls_client, sample) == ["Label first", "Look again", "All frames"]
    assert served(ls_client, sample, chosen.tab) == list(wanted.values())
    assert listed(ls_client, sample, page) == [n[0], n[5]]
    assert tabs.list_frames(ls_client, sample.ref, {uids[3]: n[3]}) == page
    assert titles(ls_client, sample) == ["Label first", "Look again", "All frames"]
