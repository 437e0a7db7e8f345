"""The page itself, as a person sees it: nothing cropped, keys, Ctrl+Enter, the next frame, blind frames."""

import shutil

import pytest

from screentime.labelstudio import labels, marks, predictions, queue, server, stream, tabs
from screentime.schema import Schema

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MAIN = ".screentime-main img"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page(browser, ls_home, ls_server):
    account = server.credentials(ls_home)
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(f"{ls_server.url}/user/login/")
    page.fill("input[name=email]", account.username)
    page.fill("input[name=password]", account.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
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
    assert main["width"] > 700 and main["width"] > 3 * side["width"]
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
    assert queue.queue_frames(ls_client, sample.ref, {uid: sample.ids[uid] for uid in order}).in_order


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


def test_looking_again(page, ls_client, make_project):
    sample = make_project(4)
    uids, n = list(sample.ids), sample.numbers
    first = stream.submit(ls_client, {"id": n[1]}, sample.schema, {"Tom"})
    stream.submit(ls_client, {"id": n[3]}, sample.schema, {"Tom"})
    marks.write_marks(ls_client, sample.ref, {n[1]: {"block": [0.0, 3.0], "seed": 1, "probability": 0.25}})
    url = tabs.list_frames(ls_client, sample.ref, {uids[1]: n[1], uids[2]: n[2]})
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(url)
    page.wait_for_selector("text=Tasks: 2 / 4", timeout=20_000)
    page.get_by_text(str(n[1]), exact=True).first.click()
    wait_for(page, "0:00:01.000")
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
    assert tabs.list_frames(ls_client, sample.ref, {uids[1]: n[1], uids[2]: n[2]}) == url
