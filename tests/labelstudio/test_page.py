"""The page itself, as a person sees it: nothing cropped, keys, Ctrl+Enter, the next frame, blind frames."""

import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

from screentime.labelstudio import (
    instructions,
    labels,
    marks,
    notes,
    predictions,
    queue,
    server,
    stream,
    tabs,
    tasks,
)
from screentime.schema import Schema

MAIN = ".screentime-main img"
# The script that prints how many actions a confirmed frame costs: what it counts is what is tested.
_loader = importlib.machinery.SourceFileLoader(
    "measure_actions", str(Path(__file__).parents[2] / "scripts" / "measure_actions")
)
measure_actions = importlib.util.module_from_spec(importlib.util.spec_from_loader("measure_actions", _loader))
_loader.exec_module(measure_actions)


@pytest.fixture(scope="module")
def page(browser, ls_home, ls_server):
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    measure_actions.log_in(page, ls_server.url, server.credentials(ls_home))
    return page


def submit(page, key):
    with page.expect_response(lambda r: "next_task" in r.url):
        page.keyboard.press(key)


def wait_for(page, time):
    page.wait_for_selector(f"h3:has-text('{time}')", timeout=20_000)
    page.wait_for_function("[...document.querySelectorAll('.screentime-row img')].filter(i => i.complete && i.naturalWidth).length === 3")


@pytest.mark.parametrize("mode", ["multi", "exclusive"])
def test_labelling(page, ls_client, make_project, mode):
    sample = make_project(5, Schema(mode, ("Tom", "Jerry")))
    order = list(sample.ids)[::-1]
    items = [(sample.ids[uid], {"Tom"}, 0.5 + place / 10) for place, uid in enumerate(order)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    chosen = queue.queue_frames(ls_client, sample.ref, {uid: sample.ids[uid] for uid in order})
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(chosen.url)
    wait_for(page, "0:00:04.000")

    # The frames are 48 x 36: enlarged, whole, and above the bar with the buttons.
    main, side = page.locator(MAIN).bounding_box(), page.locator(".screentime-side img").first.bounding_box()
    assert main["width"] == pytest.approx(main["height"] * 4 / 3, rel=0.02)
    assert main["width"] > 750 and main["width"] > 5 * side["width"]
    assert main["y"] + main["height"] < 720
    keys = page.locator(".screentime-caption .lsf-hint").all_inner_texts()
    assert keys == ["[0]", "[1]", "[2]"]
    assert page.is_checked("input[name=Tom]") and not page.is_checked("input[name=Jerry]")

    submit(page, "Control+Enter")
    wait_for(page, "0:00:03.000")
    page.keyboard.press("2")
    submit(page, "Control+Enter")
    wait_for(page, "0:00:02.000")
    submit(page, "Control+Space")
    wait_for(page, "0:00:01.000")
    page.goto(f"{sample.ref.url}/data?tab={chosen.tab}")
    page.wait_for_selector("text=Label All Tasks", timeout=20_000)
    assert faults == []

    pulled = labels.pull_labels(ls_client, sample.ref, sample.schema)
    changed = {"Tom", "Jerry"} if mode == "multi" else {"Jerry"}
    assert [(label.uid, label.characters, label.origin) for label in pulled.labels] == [
        (order[1], changed, "prediction-changed"), (order[0], {"Tom"}, "prediction"),
    ]
    assert pulled.skipped == {order[2]} and pulled.problems == []
    # Opening the tab in the page has not changed what it hands out.
    wanted = {uid: sample.ids[uid] for uid in order}
    assert queue.queue_frames(ls_client, sample.ref, wanted).tab == chosen.tab
    listed = [task["id"] for task in tasks.read_tasks(ls_client, sample.ref, view=chosen.tab, include="id")]
    assert listed == [task for task in wanted.values() if task in listed]


def checked(page):
    return [name for name in ("neither", "Tom", "Jerry") if page.is_checked(f"input[name={name}]")]


def test_blind_frames(page, ls_client, make_project):
    sample = make_project(5)
    uids = list(sample.ids)
    say = [{"Tom"}, None, set(), None, {"Jerry"}]
    items = [(task, say[k], 0.5 + k / 10) for k, task in enumerate(sample.numbers)]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    page.goto(queue.queue_frames(ls_client, sample.ref, sample.ids).url)
    wait_for(page, "0:00:00.000")
    assert checked(page) == ["Tom"]
    submit(page, "Control+Enter")
    # In its place by its score, and without an answer to lean on: the page takes none either.
    wait_for(page, "0:00:01.000")
    assert checked(page) == []
    assert page.get_by_role("button", name="Submit").is_disabled()
    page.keyboard.press("Control+Enter")
    page.keyboard.press("1")
    with page.expect_request(lambda r: r.method == "POST" and "/annotations" in r.url) as sent:
        submit(page, "Control+Enter")
    wait_for(page, "0:00:02.000")
    assert checked(page) == ["neither"]
    submit(page, "Control+Enter")
    wait_for(page, "0:00:03.000")
    assert checked(page) == []
    submit(page, "Control+Space")
    wait_for(page, "0:00:04.000")
    assert checked(page) == ["Jerry"]

    # What `stream` repeats: the label is tied to the prediction, though that chose nothing.
    [shown] = ls_client.request("GET", f"api/tasks/{sample.numbers[1]}/")["predictions"]
    body = sent.value.post_data_json
    assert (shown["result"], body["parent_prediction"]) == ([], shown["id"])
    assert [(r["origin"], r["value"]) for r in body["result"]] == [("manual", {"choices": ["Tom"]})]
    pulled = labels.pull_labels(ls_client, sample.ref, sample.schema)
    assert [(label.uid, label.characters, label.origin) for label in pulled.labels] == [
        (uids[0], {"Tom"}, "prediction"), (uids[1], {"Tom"}, "manual"), (uids[2], set(), "prediction"),
    ]
    assert pulled.skipped == {uids[3]} and pulled.problems == []


def test_a_round_in_between_does_not_keep_the_frame_on_show_from_being_submitted(page, ls_client, make_project):
    sample = make_project(3)
    n = sample.numbers
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", [(task, {"Tom"}, 0.5) for task in n])
    chosen = queue.queue_frames(ls_client, sample.ref, sample.ids)
    page.goto(chosen.url)
    wait_for(page, "0:00:00.000")
    on_show = queue.next_up(ls_client, sample.ref, [chosen.tab, 10**9], of_each=2)
    assert on_show == set(n[:2])
    items = [(task, {"Jerry"}, 0.6) for task in n]
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v2", items, open=on_show)
    assert list(predictions.clear_away(ls_client, sample.ref, "v2", sample.numbers))
    page.keyboard.press("2")
    submit(page, "Control+Enter")
    wait_for(page, "0:00:01.000")
    assert page.get_by_text("not saved").count() == 0
    pulled = labels.pull_labels(ls_client, sample.ref, sample.schema)
    assert [(one.characters, one.origin) for one in pulled.labels] == [({"Tom", "Jerry"}, "prediction-changed")]


def test_looking_again(page, ls_client, make_project):
    sample = make_project(4)
    uids, n = list(sample.ids), sample.numbers
    first = stream.submit(ls_client, {"id": n[1]}, sample.schema, {"Tom"})
    stream.submit(ls_client, {"id": n[3]}, sample.schema, {"Tom"})
    marks.write_marks(ls_client, sample.ref, {n[1]: {"block": [0.0, 3.0], "seed": 1, "probability": 0.25}})
    notes.write_notes(ls_client, sample.ref, {sample.ids[uids[1]]: "labelled Tom; the model: Jerry"})
    url = tabs.list_frames(ls_client, sample.ref, [uids[1], uids[2]])
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(url)
    page.wait_for_selector("text=Tasks: 2 / 4", timeout=20_000)
    assert page.locator("img[alt=Data]").count() == 2
    assert page.get_by_text("labelled Tom; the model: Jerry", exact=True).count() == 1
    page.get_by_text("labelled Tom; the model: Jerry", exact=True).click()
    wait_for(page, "0:00:01.000")
    page.wait_for_selector("input[name=Tom]:checked", state="attached")  # its label comes after its pictures
    assert checked(page) == ["Tom"]
    page.keyboard.press("2")
    with page.expect_response(lambda r: r.request.method == "PATCH" and "/annotations/" in r.url):
        page.keyboard.press("Control+Enter")
    assert faults == []
    pulled = labels.pull_labels(ls_client, sample.ref, sample.schema)
    assert [(label.uid, label.characters) for label in pulled.labels] == [
        (uids[1], {"Tom", "Jerry"}), (uids[3], {"Tom"}),
    ]
    assert pulled.labels[0].annotation == first
    # Opening the tab in the page has not changed what it shows.
    assert tabs.list_frames(ls_client, sample.ref, [uids[1], uids[2]]) == url


def correct(page, keys):
    """Press keys, then go on; gives how many chords that were."""
    hand = measure_actions.Hand(page)
    for key in keys:
        hand.press(key)
    hand.confirm_one()
    return hand.actions


@pytest.mark.parametrize(
    ("mode", "wrong", "keys", "right"),
    [
        ("exclusive", "Tom", "2", {"Jerry"}), ("exclusive", "Jerry", "0", set()), ("exclusive", "neither", "1", {"Tom"}),
        ("multi", "Tom", "2", {"Tom", "Jerry"}), ("multi", "Tom", "12", {"Jerry"}), ("multi", "neither", "01", {"Tom"}),
        ("multi", "Jerry", "20", set()), ("multi", "Jerry", "0", set()), ("multi", "neither", "1", {"Tom"}),
        ("multi", "neither", "12", {"Tom", "Jerry"}),
    ],
)
def test_a_wrong_pre_annotation_is_corrected_in_one_or_two_keys(page, ls_client, make_project, mode, wrong, keys, right):
    sample = make_project(2, Schema(mode, ("Tom", "Jerry")))
    shown = {wrong} - {"neither"}
    predictions.write_predictions(
        ls_client, sample.ref, sample.schema, "v1", [(task, shown, 0.9) for task in sample.numbers]
    )
    page.goto(queue.queue_frames(ls_client, sample.ref, sample.ids).url)
    wait_for(page, "0:00:00.000")
    assert checked(page) == [wrong]
    assert correct(page, keys) == len(keys) + 1 <= 3
    wait_for(page, "0:00:01.000")
    assert correct(page, "") == 1
    pulled = labels.pull_labels(ls_client, sample.ref, sample.schema)
    assert [(one.characters, one.origin) for one in pulled.labels] == [
        (right, "prediction-changed"), (shown, "prediction"),
    ]
    assert pulled.problems == []


def test_many_are_confirmed_together_from_a_grid_of_pictures(browser, ls_home, ls_server, ls_client, make_project):
    sample = make_project(143)
    uids, n = list(sample.ids), sample.numbers
    say = [({"Tom"}, {"Jerry"}, set())[k % 3] for k in range(143)]
    items = [(task, one, 0.9 + k / 10_000) for k, (task, one) in enumerate(zip(n, say))]
    items[142] = (n[142], None, 0.95)
    predictions.write_predictions(ls_client, sample.ref, sample.schema, "v1", items)
    sure = uids[:140]
    below = {task: ", ".join(one or {"neither"}) for task, one in zip(n, say)}
    notes.note_predictions(ls_client, sample.ref, dict(list(below.items())[:140]))
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    measure_actions.log_in(page, ls_server.url, server.credentials(ls_home))
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    url = tabs.confirm_sure(ls_client, sample.ref, sure)
    page.goto(url)
    page.wait_for_selector(".lsf-grid-view__cell img")
    grid = page.locator(".lsf-grid-view__list").element_handle()
    page.wait_for_function(measure_actions.SHOWN, arg=[grid, 140, tabs.GRID_COLUMNS])
    # The most sure first, with what the model says below its picture, which is whole and not cut.
    said, picture, text, cell = page.evaluate("""() => {
        const card = document.querySelector('.lsf-grid-view__cell'), note = card.querySelector('[title]');
        const boxes = [card.querySelector('img'), note, card].map(one => one.getBoundingClientRect());
        return [card.innerText, ...boxes.map(box => box.toJSON())];
    }""")
    assert said.split() == [str(n[139]), "Jerry"]
    assert picture["width"] == pytest.approx(picture["height"] * 4 / 3, rel=0.02) and picture["height"] == 150
    assert picture["bottom"] <= text["top"] and text["bottom"] <= cell["bottom"]

    hand = measure_actions.Hand(page)
    hand.confirm_together({n[70]})
    assert hand.actions * 10 <= 139
    assert faults == []
    page.goto(url)
    page.wait_for_selector("text=Tasks: 1 / 143", timeout=20_000)
    page.close()
    pulled = labels.pull_labels(ls_client, sample.ref, sample.schema)
    assert [(one.uid, one.characters, one.origin) for one in pulled.labels] == [
        (uid, say[k], "prediction") for k, uid in enumerate(sure) if k != 70
    ]
    assert pulled.problems == [] and pulled.hollow == () and pulled.skipped == frozenset()
    # What the person switched on the way, and what they opened, is as it was.
    view = ls_client.request("GET", f"api/dm/views/{url.split('tab=')[1]}/")["data"]
    assert view["type"] == "grid" and tabs.confirm_sure(ls_client, sample.ref, sure) == url


def test_the_instructions_are_at_hand_and_not_in_the_way(page, ls_client, make_project):
    sample = make_project(1)
    ls_client.request("PATCH", f"api/projects/{sample.ref.id}/", json={"expert_instruction": instructions.TEXT})
    page.goto(queue.queue_frames(ls_client, sample.ref, sample.ids).url)
    wait_for(page, "0:00:00.000")
    assert page.get_by_text("a pair of ears at the edge").count() == 0
    page.get_by_role("button", name="Instructions").click()
    shown = page.get_by_text("a pair of ears at the edge")
    shown.wait_for()
    box = page.get_by_text("Keys:").bounding_box()
    assert box["y"] + box["height"] < 768
    page.keyboard.press("Escape")
