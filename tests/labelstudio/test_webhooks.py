"""Webhooks by which Label Studio gives hints: one a project, ours alone touched."""

from types import SimpleNamespace

import pytest
from label_studio_sdk.core.api_error import ApiError

from screentime.errors import ServerError
from screentime.labelstudio import server, webhooks
from screentime.labelstudio.client import connect
from screentime.labelstudio.project import reference
from screentime.service.running import register_at
from screentime.talk import Talk


def hooks(client, sample):
    return client.request("GET", "api/webhooks/", params={"project": sample.ref.id})


def test_one_is_made_found_again_and_brought_up_to_date_and_others_stay(ls_client, make_project):
    sample, other = make_project(1, push=False), make_project(2, push=False)
    webhooks.ensure(ls_client, other.ref, "http://127.0.0.1:1/hint/other", "secret")
    foreign = ls_client.request("POST", "api/webhooks/", json={"project": sample.ref.id, "url": "http://127.0.0.1:1/x"})
    webhooks.ensure(ls_client, sample.ref, "http://127.0.0.1:1/hint/a", "secret")
    first, made = sorted(hooks(ls_client, sample), key=lambda one: one["id"])
    assert first == foreign
    assert (made["url"], made["headers"]) == ("http://127.0.0.1:1/hint/a", {webhooks.HEADER: "secret"})
    assert (made["send_payload"], made["send_for_all_actions"], made["is_active"]) == (False, False, True)
    assert sorted(made["actions"]) == sorted(webhooks.ACTIONS)

    webhooks.ensure(ls_client, sample.ref, "http://127.0.0.1:1/hint/a", "secret")
    assert made in hooks(ls_client, sample)  # not even its time of change is another one

    # A killed service's on another port, one that somebody switched off, and a second one.
    ls_client.request("PATCH", f"api/webhooks/{made['id']}/", json={"is_active": False, "actions": ["TASKS_CREATED"]})
    ls_client.request("POST", "api/webhooks/", json={
        "project": sample.ref.id, "url": "http://127.0.0.1:1/hint/a", "headers": {webhooks.HEADER: "old"},
    })
    webhooks.ensure(ls_client, sample.ref, "http://127.0.0.1:2/hint/a", "new")
    first, made = sorted(hooks(ls_client, sample), key=lambda one: one["id"])
    assert (first, made["url"], made["headers"]) == (foreign, "http://127.0.0.1:2/hint/a", {webhooks.HEADER: "new"})
    assert made["is_active"] and sorted(made["actions"]) == sorted(webhooks.ACTIONS)

    webhooks.remove(ls_client, sample.ref)
    webhooks.remove(ls_client, sample.ref)
    assert hooks(ls_client, sample) == [foreign]
    assert len(hooks(ls_client, other)) == 1


def test_of_a_project_that_is_gone(ls_client):
    with pytest.raises(ServerError):
        webhooks.ensure(ls_client, reference(ls_client, 10**6), "http://127.0.0.1:1/hint/a", "secret")


class Heard(Talk):
    """A loop's voice."""

    def __init__(self):
        self.said = []

    def say(self, sentence):
        self.said.append(sentence)


def test_an_address_that_label_studio_may_not_call_is_no_fault_of_the_account(make_home, free_port, monkeypatch):
    home, given = make_home(), server.environment
    # As somebody starts it who knows nothing of what screentime needs.
    monkeypatch.setattr(server, "environment", lambda *of: {
        name: value for name, value in given(*of).items() if "BANNED" not in name
    })
    running = server.start(home, port=free_port)
    client = connect(running.url, server.credentials(home).token)
    number = client.request("POST", "api/projects/", json={"title": "Project"})["id"]
    project = SimpleNamespace(id=number)
    with pytest.raises(webhooks.Banned) as raised:
        webhooks.ensure(client, project, "http://127.0.0.1:9090/hint/a", "secret")
    assert raised.value.what == (
        "Label Studio may not call http://127.0.0.1:9090: its settings ban the network 127.0.0.0/8."
    )
    heard = Heard()
    loop = SimpleNamespace(
        talk=heard, link=SimpleNamespace(client=client), known_project=lambda: project,
        config=SimpleNamespace(project=SimpleNamespace(id="a")),
    )
    register_at(None, "127.0.0.1", 9090, "secret")(loop)
    assert heard.said == [
        f"{raised.value.what} It sends no hints, and is asked every few seconds alone. Start it with"
        " LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS=false, or give `--address URL` by which it may reach this machine."
    ]
    # What else is answered by 403 stays what it is.
    error = ApiError(status_code=403, body='{"detail": "You do not have permission to perform this action."}')
    monkeypatch.setattr(type(client), "request", lambda *_, **__: (_ for _ in ()).throw(error))
    with pytest.raises(ServerError, match="^Label Studio knows the token, and does not let its account do this "):
        webhooks.ensure(client, project, "http://127.0.0.1:9090/hint/a", "secret")


@pytest.mark.parametrize(("given", "host", "server", "address"), [
    (None, "127.0.0.1", "http://localhost:8080", "http://127.0.0.1:9090"),
    (None, "0.0.0.0", "http://127.0.0.1:8080", "http://127.0.0.1:9090"),
    (None, "10.0.0.5", "http://127.0.0.1:8080", "http://10.0.0.5:9090"),
    (None, "10.0.0.5", "http://label-studio:8080", "http://10.0.0.5:9090"),
    (None, "127.0.0.1", "http://label-studio:8080", None),
    (None, "0.0.0.0", "http://label-studio:8080", None),
    ("http://loop:9090", "0.0.0.0", "http://label-studio:8080", "http://loop:9090"),
    (None, "::1", "http://127.0.0.1:8080", "http://[::1]:9090"),
    (None, "::", "http://[::1]:8080", "http://[::1]:9090"),
    (None, "::1", "http://label-studio:8080", None),
])
def test_where_label_studio_reaches_the_service(given, host, server, address):
    assert webhooks.reached_at(given, host, 9090, server) == address
