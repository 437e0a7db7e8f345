"""The page itself, as a person sees it: nothing cropped, keys, Ctrl+Enter, the next frame."""

import shutil

import pytest

from screentime.labelstudio import labels, predictions, queue, server
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
