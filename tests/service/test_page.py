"""The status page in a real browser: read on a phone, by a screen reader, and fresh by itself."""

import threading
from dataclasses import replace

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

from screentime.service.app import build
from screentime.service.hub import Hub
from screentime.service.state import State, Trouble
from tests.service.test_app import EVIL, FOUND, NOW, make_served


@pytest.fixture
def address(tmp_path, free_port):
    """A page of four projects: at work, failing, at the target, just begun; and their hub."""
    hub = Hub([make_served(tmp_path, name) for name in ("tom", "jerry", "spike", "new")], "the-secret")
    at_work, failing, reached, _ = hub.projects()
    at_work.state = replace(
        State(), found=FOUND, doing="running", task="Writing pre-annotations", done=20, total=236, looked=NOW, hints=64
    )
    failing.state = replace(
        State(), found=FOUND | {"title": "A film whose name is long " * 6}, doing="failed", failures=3, errors=3,
        trouble=Trouble("Label Studio is not running.", "Start it with `screentime server start`.", NOW),
    )
    reached.state = replace(
        State(), found=FOUND | {"title": "Spike"}, rounds=3, last_seconds=4.2, last_round=NOW, looked=NOW,
        trouble=Trouble("The connection to Label Studio broke.", "Run it again.", NOW), errors=1,
    )
    web = uvicorn.Server(uvicorn.Config(build(hub), port=free_port, log_level="critical"))
    thread = threading.Thread(target=web.run, daemon=True)
    thread.start()
    while not web.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{free_port}/", hub
    web.should_exit = True
    thread.join()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_can_be_read_by_everybody_everywhere(browser, address, width, scheme, request):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked, talk = [], []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: talk.append(one.text))
    page.goto(address[0])
    page.wait_for_load_state("networkidle")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert set(asked) <= {address[0], f"{address[0]}page.js"} and talk == []
    page.close()


def test_it_stays_fresh_and_says_when_it_does_not(browser, address):
    url, hub = address
    page = browser.new_page()
    page.goto(url)
    assert page.locator("h2").count() == 4 and EVIL in page.locator("h2").first.inner_text()
    hub.projects()[0].state = replace(State(), found=FOUND | {"labels": 77}, looked=NOW)
    page.get_by_text("77").first.wait_for()
    assert page.locator("#lost").is_hidden()
    page.route("**/*", lambda route: route.abort())
    page.locator("#lost").wait_for(state="visible")
    page.close()
