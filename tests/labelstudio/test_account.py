"""Whatever becomes of the account's token, the server runs on and is reached again."""

import json
import secrets
from contextlib import closing

import httpx
import psutil
import pytest

from screentime.config import Config, Project
from screentime.errors import ServerError
from screentime.labelstudio import account, server
from screentime.labelstudio.client import connect
from screentime.labelstudio.link import open_link

CONFIG = Config(project=Project(id="0123456789ab", title="Film", characters=("Tom",), films=("a.mp4",)))


def page(home, url):
    """A page in which the account is logged in."""
    kept = server.credentials(home)
    line = httpx.Client(base_url=url, trust_env=False, timeout=60)
    line.get("/user/login/")
    form = {"email": kept.username, "password": kept.password, "csrfmiddlewaretoken": line.cookies["csrftoken"]}
    assert line.post("/user/login/", data=form).status_code == 302
    line.headers["X-CSRFToken"] = line.cookies["csrftoken"]
    return line


def reset(line):
    assert line.post("/api/current-user/reset-token/").status_code == 201


def switch_off(line):
    given = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": False}
    assert line.post("/api/jwt/settings", json=given).status_code in (200, 201)


def project(home, url):
    return connect(url, server.credentials(home).token).request("POST", "api/projects/", json={"title": "Kept"})["id"]


def test_a_running_server_whose_token_was_reset_or_switched_off_runs_on_and_is_reached(
    make_home, free_port, monkeypatch
):
    home = make_home()
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    running = server.start(home, port=free_port)
    number = project(home, running.url)
    for change in (reset, switch_off):
        with closing(page(home, running.url)) as line:
            change(line)
        with pytest.raises(ServerError, match="refuses the token .* `screentime server start` takes up the one"):
            open_link(CONFIG)
        said = []
        assert server.start(home, progress=said.append) == running
        assert said == ["Its token had been reset or switched off; credentials.json has the present one now."]
        assert open_link(CONFIG).client.request("GET", f"api/projects/{number}/")["title"] == "Kept"
    assert account.renew(home, running.url) is False


def test_a_stopped_server_whose_token_was_reset_starts(make_home, free_port):
    home = make_home()
    running = server.start(home, port=free_port)
    number = project(home, running.url)
    with closing(page(home, running.url)) as line:
        reset(line)
        switch_off(line)
    server.stop(home)
    again = server.start(home, port=free_port)
    client = connect(again.url, server.credentials(home).token)
    assert client.request("GET", f"api/projects/{number}/")["title"] == "Kept"


def test_a_server_that_takes_neither_token_nor_password_runs_on(make_home, free_port):
    home = make_home()
    running = server.start(home, port=free_port)
    number = project(home, running.url)
    kept = home / "labelstudio" / "credentials.json"
    wrong = {"username": server.credentials(home).username, "password": "wrong", "token": secrets.token_hex(20)}
    kept.write_text(json.dumps(wrong))
    with pytest.raises(ServerError) as raised:
        server.start(home)
    assert raised.value.what == f"The Label Studio at {running.url} takes neither the token nor the password in {kept}."
    assert server.status(home) == running and psutil.pid_exists(running.pid)
    server.stop(home)
    # Nor is one ended that was only just started: its page can be used.
    with pytest.raises(ServerError):
        server.start(home, port=free_port)
    running = server.status(home)
    assert running is not None
    account.new_password(home, server.find_executable())
    assert account.renew(home, running.url) is True
    client = connect(running.url, server.credentials(home).token)
    assert client.request("GET", f"api/projects/{number}/")["title"] == "Kept"
    assert server.start(home) == running
