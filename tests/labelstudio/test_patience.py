"""What is tried again, after how long, and what is never sent twice: at the real server, through a line that fails."""

import random
import time
import types
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from screentime.errors import ServerError
from screentime.labelstudio import client as clients
from screentime.labelstudio import patience, server
from screentime.labelstudio.client import Client, connect, speaking
from screentime.labelstudio.refusals import AGAIN, Unreadable, refusal, unreadable
from scripts.faults.faulty import AFTERWARDS, BROKEN, INSTEAD, Answer, FaultyProxy, Plan
from scripts.faults.personal import personal_token

WHO = "GET /api/current-user/whoami"


@pytest.fixture
def waits(monkeypatch):
    """How long was waited each time; nobody waits for real."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        time.sleep(min(seconds, 0.1))

    monkeypatch.setattr(patience, "time", types.SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    return slept


@pytest.fixture
def far(ls_home, ls_server, waits):
    """A client behind a proxy, the proxy, and what the client said."""
    proxy, said = FaultyProxy(ls_server.port), []
    there = connect(proxy.url, server.credentials(ls_home).token)
    yield Client(there.url, there.user, there.line, said.append, random.Random(1)), proxy, said
    proxy.close()


def ask(client, method="GET", path="api/current-user/whoami", **more):
    with speaking("asking"):
        return client.request(method, path, seconds=0.5, **more)


@pytest.mark.parametrize("fault", [*BROKEN, "429", "503", "500", "502"])
def test_reading_goes_on_after_a_fault_in_passing(far, waits, fault):
    client, proxy, _ = far
    proxy.listen(Plan(WHO, fault))
    assert ask(client)["id"] == 1
    assert proxy.hits == 1 and waits and max(waits) <= 2
    assert min(waits) >= (1 if fault in ("429", "503") else 0)


@pytest.mark.parametrize("fault", ["reset before", "answer lost", "cut off", "slow", "500", "502"])
def test_a_post_that_may_have_been_carried_out_is_sent_once(far, ls_client, make_project, waits, fault):
    client, proxy, said = far
    sample = make_project(1)
    proxy.listen(Plan("POST /api/projects/N/import", fault, always=True))
    with pytest.raises(ServerError):
        ask(client, "POST", f"api/projects/{sample.ref.id}/import", json=[{"data": sample.data[0]}])
    assert proxy.hits == 1 and proxy.seen == ["POST /api/projects/N/import"] and waits == said == []


@pytest.mark.parametrize("fault", ["refused", "429", "503"])
def test_a_post_that_was_not_carried_out_is_sent_again(far, make_project, fault):
    client, proxy, _ = far
    sample = make_project(1)
    proxy.listen(Plan("POST /api/projects/N/import", fault))
    made = ask(client, "POST", f"api/projects/{sample.ref.id}/import", json=[{"data": sample.data[0]}])
    assert (made["task_count"], proxy.hits) == (1, 1)


def test_a_deletion_whose_answer_was_lost_is_done(far, ls_client, make_project):
    client, proxy, _ = far
    sample = make_project(2)
    proxy.listen(Plan("DELETE /api/tasks/N/", "answer lost"))
    assert ask(client, "DELETE", f"api/tasks/{sample.numbers[0]}/") is None
    assert proxy.seen == ["DELETE /api/tasks/N/"] * 2
    with pytest.raises(ServerError, match="no such thing any more"):
        ask(client, "DELETE", f"api/tasks/{sample.numbers[0]}/")


@pytest.mark.parametrize("fault", ["401", "403", "404", "409", "truncated", "null", "other kind", "empty"])
def test_what_does_not_pass_is_not_tried_again(far, waits, fault):
    from screentime.labelstudio import forms

    client, proxy, _ = far
    proxy.listen(Plan(WHO, fault, always=True))
    with pytest.raises(ServerError):
        ask(client, form=forms.Numbered)
    assert proxy.hits == 1 and waits == []


def test_a_person_is_told_of_long_waits_which_double_and_end(far, waits):
    client, proxy, said = far
    proxy.listen(Plan(WHO, "502", always=True))
    with pytest.raises(ServerError, match="A gateway in front of Label Studio answered 502"):
        ask(client)
    assert proxy.hits == patience.REPEATS + 1 == 6
    assert all(one <= most for one, most in zip(waits, (1, 2, 4, 8, 8))) and len(waits) == 5
    told = [one for one in waits if one >= 2]
    assert said == [f"Label Studio answered 502; trying again in {one:.0f} s." for one in told] and told


@pytest.mark.parametrize(("error", "perhaps"), [
    (httpx.ReadTimeout(""), True), (httpx.RemoteProtocolError(""), True), (504, True), (500, True), (503, True),
    (httpx.ConnectError(""), False), (429, False), (403, False), (400, False),
])
def test_what_was_carried_out_though_nobody_says_so(error, perhaps):
    from label_studio_sdk.core.api_error import ApiError

    assert patience.may_be_done(ApiError(status_code=error) if isinstance(error, int) else error) is perhaps


def test_waits_are_spread_over_all_of_their_length():
    rng = random.Random(2)
    drawn = [patience.wait_seconds(None, 3, rng) for _ in range(500)]
    assert min(drawn) < 0.2 and max(drawn) > 7.8 and 3.5 < sum(drawn) / 500 < 4.5


def test_who_are_asked_to_wait_until_the_same_moment_do_not_come_back_together_nor_sooner():
    rng = random.Random(2)
    drawn = [patience.wait_seconds(7, 0, rng) for _ in range(500)]
    assert 7 <= min(drawn) < 7.1 and 7.9 < max(drawn) <= 8
    # A wait that is just short enough stays so.
    assert all(7 <= patience.wait_seconds(7, 0, rng, 7.25) <= 7.25 for _ in range(50))
    assert patience.wait_seconds(7, 0, rng, 5) == 7


@pytest.mark.parametrize(("header", "seconds"), [
    ("7", 7), (" 0 ", 0), ("soon", None), ("-3", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("", None),
])
def test_how_long_a_server_asks_to_wait(header, seconds):
    error = types.SimpleNamespace(headers={"Retry-After": header})
    assert patience.asked_to_wait(error) == seconds


def test_a_server_may_ask_to_wait_until_a_moment():
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < patience.asked_to_wait(types.SimpleNamespace(headers={"retry-after": moment})) <= 90


def test_a_wait_beyond_a_minute_is_left_to_the_person(waits):
    from label_studio_sdk.core.api_error import ApiError

    def attempt(_):
        raise ApiError(status_code=429, headers={"retry-after": "300"}, body="{}")

    with pytest.raises(ServerError) as raised, speaking("asking"):
        patience.patiently(attempt, harmless=True, say=print, rng=random.Random(1))
    assert waits == []
    assert raised.value.what == "Label Studio is asked too much (429) (while asking): nothing more."
    assert raised.value.remedy == f"Wait 300 s. {AGAIN}"


def test_a_name_that_no_machine_has_is_said_at_once(waits, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(ServerError, match="No machine has the name in Label Studio's address") as raised:
        connect("http://no-such-machine.invalid", "ab" * 20)
    assert "inside a container, localhost is the container itself" in raised.value.remedy and waits == []


def test_encrypted_where_it_is_not(ls_server, ls_home, waits):
    with pytest.raises(ServerError, match="The certificate at Label Studio's address is not one") as raised:
        connect(ls_server.url.replace("http:", "https:"), server.credentials(ls_home).token)
    assert raised.value.remedy.startswith("Correct the address (http or https)") and waits == []


SENTENCES = {
    "401": ("Label Studio refuses the token (while asking).", "Make a token in Label Studio"),
    "403": (
        "Label Studio knows the token, and does not let its account do this (while asking):"
        " You do not have permission to perform this action.", "Give the token of an account that may",
    ),
    "404": ("Label Studio has no such thing any more (while asking).", "See in Label Studio whether the project"),
    "409": (
        "Label Studio is doing something else with the same thing (409) (while asking): Conflict.",
        "See that nobody changes the project just now.",
    ),
    "429": ("Label Studio is asked too much (429) (while asking): Request was throttled.", "Wait 1 s. Run the same"),
    "500": (
        "Label Studio failed with 500 (while asking): database is locked",
        f"{AGAIN} If it stays, look into Label Studio's log.",
    ),
    "502": (
        "A gateway in front of Label Studio answered 502 (while asking): 502 Bad Gateway nginx",
        "See that Label Studio itself runs and that the gateway lets this machine reach it",
    ),
    "503": ("Label Studio failed with 503 (while asking): nothing more.", f"Wait 1 s. {AGAIN} If it stays"),
    "truncated": (
        "Label Studio's answer is damaged or not of the form it should have (while asking): it is no JSON, or cut off.",
        AGAIN,
    ),
    "empty": (
        "Label Studio's answer is damaged or not of the form it should have (while asking): object missing required"
        " field `id`.", AGAIN,
    ),
    "other kind": (
        "Label Studio's answer is damaged or not of the form it should have (while asking): expected `object`, got"
        " `array`.", AGAIN,
    ),
    "null": (
        "Label Studio's answer is damaged or not of the form it should have (while asking): expected `object`, got"
        " `null`.", AGAIN,
    ),
    "refused": ("Nothing answers at Label Studio's address (while asking).", "Start it (`screentime server start`)"),
    "reset before": ("The connection to Label Studio broke (while asking).", AGAIN),
    "answer lost": ("The connection to Label Studio broke (while asking).", AGAIN),
    "cut off": ("The connection to Label Studio broke (while asking).", AGAIN),
    "slow": ("Label Studio did not answer in time (while asking).", "See that it is not overloaded"),
}


@pytest.mark.parametrize("fault", [*BROKEN, *INSTEAD, *AFTERWARDS])
def test_every_fault_that_stays_has_its_sentence(far, fault):
    from screentime.labelstudio import forms

    client, proxy, _ = far
    proxy.listen(Plan(WHO, fault, always=True))
    with pytest.raises(ServerError) as raised:
        ask(client, form=forms.Numbered)
    what, remedy = SENTENCES[fault]
    assert raised.value.what == what and raised.value.remedy.startswith(remedy)


@pytest.mark.parametrize(("status", "body", "headers", "remedy"), [
    (503, "", {"retry-after": "3600"}, f"Wait 3600 s. {AGAIN} If it stays, look into Label Studio's log."),
    (503, "<html>busy</html>", {"retry-after": "3600"}, "Wait 3600 s. See that Label Studio itself runs"),
    (429, "<html>busy</html>", {"Retry-After": "3600"}, "Wait 3600 s. See that Label Studio itself runs"),
    (429, "<html>busy</html>", {}, "Wait a few minutes. See that Label Studio itself runs"),
    (429, "{}", {"Retry-After": "0"}, f"Wait a few minutes. {AGAIN}"),
    (502, "<html>busy</html>", {}, "See that Label Studio itself runs"),
    (500, "{}", {}, AGAIN),
])
def test_how_long_to_wait_is_said_wherever_it_was_asked_for(status, body, headers, remedy):
    from label_studio_sdk.core.api_error import ApiError

    assert refusal(ApiError(status_code=status, body=body, headers=headers), "asking").remedy.startswith(remedy)


PAGE = "<html><head><style>p {{}}</style></head><body><h1>{}</h1></body></html>"


@pytest.mark.parametrize(("status", "body", "what"), [
    (413, PAGE.format("413 Too Large"), "What is sent is too large for a gateway in front of Label Studio (while asking): "),
    (413, '{"detail": "too big"}', "What is sent is too large for Label Studio (while asking): too big"),
    (403, PAGE.format("Forbidden"), "A gateway in front of Label Studio answered 403 (while asking): "),
    (504, PAGE.format("Gateway Time-out"), "A gateway in front of Label Studio answered 504 (while asking): "),
    (500, PAGE.format("Server Error"), "Label Studio failed with 500 (while asking): "),
    (400, '{"detail": "Validation error", "validation_errors": {"title": ["Too long.", "Too dull."]}}',
     "Label Studio answered 400 (while asking): title: Too long. Too dull."),
    (302, "", "The server sends on to https://elsewhere/ (while asking)."),
])
def test_whose_refusal_it_is(status, body, what):
    from label_studio_sdk.core.api_error import ApiError

    error = ApiError(status_code=status, body=body, headers={"location": "https://elsewhere/?token=x"})
    said = refusal(error, "asking").what
    assert said.startswith(what) and "<" not in said and "p {}" not in said


# -- a personal access token, which is renewed ------------------------------------------------------

RENEWAL = "POST /api/token/refresh/"


@pytest.fixture
def renewed(ls_home, ls_server, waits, monkeypatch):
    """A client behind a proxy whose personal access token is renewed before each call, and the proxy."""
    # The SDK's core is imported where it is needed.
    from screentime.labelstudio import renewing

    proxy = FaultyProxy(ls_server.port)
    client = connect(proxy.url, personal_token(ls_server.url, server.credentials(ls_home)))
    monkeypatch.setattr(renewing, "SPARE_SECONDS", 1e6)
    monkeypatch.setattr(clients, "CONNECT_SECONDS", 0.5)
    yield client, proxy
    proxy.close()


def test_a_personal_token_is_renewed_only_when_it_is_about_to_end(ls_home, ls_server, monkeypatch):
    from screentime.labelstudio import renewing

    proxy = FaultyProxy(ls_server.port)
    client = connect(proxy.url, personal_token(ls_server.url, server.credentials(ls_home)))
    ask(client)
    assert proxy.seen == [RENEWAL, WHO, WHO]
    # It would end while the call is tried again.
    monkeypatch.setattr(renewing, "SPARE_SECONDS", 301)
    ask(client)
    assert proxy.seen == [RENEWAL, WHO, WHO, RENEWAL, WHO]
    proxy.close()


@pytest.mark.parametrize("fault", [*BROKEN, "429", "503", "500", "502"])
def test_a_renewal_that_failed_in_passing_is_tried_again_and_what_follows_is_sent_once(renewed, make_project, waits, fault):
    client, proxy = renewed
    sample = make_project(1)
    proxy.listen(Plan(RENEWAL, fault))
    made = ask(client, "POST", f"api/projects/{sample.ref.id}/import", json=[{"data": sample.data[0]}])
    # Where nobody listened for a moment, it may be asked more than twice.
    assert (made["task_count"], proxy.hits) == (1, 1) and (len(waits) == 1 or fault == "refused")
    again = [] if fault == "refused" else [RENEWAL]
    assert proxy.seen == [*again, RENEWAL, "POST /api/projects/N/import"]


@pytest.mark.parametrize("fault", ["429", "503", "502", "cut off"])
def test_a_renewal_that_failed_in_passing_is_tried_again_when_connecting(ls_home, ls_server, waits, fault):
    proxy = FaultyProxy(ls_server.port)
    token = personal_token(ls_server.url, server.credentials(ls_home))
    proxy.listen(Plan(RENEWAL, fault))
    assert connect(proxy.url, token).user == 1 and proxy.seen == [RENEWAL, RENEWAL, WHO]
    proxy.close()


NO_TOKEN = (
    "Label Studio's answer is damaged or not of the form it should have (while asking): the renewed token is none.", AGAIN
)
RENEWALS = SENTENCES | {"empty": NO_TOKEN, "other kind": NO_TOKEN, "null": NO_TOKEN, "404": (
    "What answers at Label Studio's address renews no personal access tokens.", "Give the address of Label Studio's first",
)}


@pytest.mark.parametrize("fault", [*BROKEN, *INSTEAD, *AFTERWARDS])
def test_every_fault_that_stays_at_the_renewal_has_the_same_sentence_as_elsewhere(renewed, fault):
    client, proxy = renewed
    proxy.listen(Plan(RENEWAL, fault, always=True))
    with pytest.raises(ServerError) as raised:
        ask(client, "POST", "api/projects/", json={"title": "never made"})
    what, remedy = RENEWALS[fault]
    assert raised.value.what == what and raised.value.remedy.startswith(remedy)
    assert set(proxy.seen) <= {RENEWAL}


@pytest.mark.parametrize("said", ['{"access": null}', '{"access": "\\u2603\\n"}', '{"access": "a.b.c"}', "[]", '"x"'])
def test_a_renewed_token_that_is_none_is_never_sent(renewed, monkeypatch, said):
    client, proxy = renewed
    monkeypatch.setitem(AFTERWARDS, "empty", lambda _: Answer(b"200 OK", said.encode()))
    proxy.listen(Plan(RENEWAL, "empty", always=True))
    with pytest.raises(ServerError, match="the renewed token is none"):
        ask(client)
    assert proxy.seen == [RENEWAL]


def test_a_page_to_log_in_at_a_gateway():
    assert unreadable(Unreadable("no JSON", page=True), "asking").what == (
        "A page in HTML came instead of Label Studio's answer (while asking)."
    )


def test_another_program_that_speaks_json_is_no_label_studio(ls_server, waits):
    proxy = FaultyProxy(ls_server.port)
    proxy.listen(Plan(WHO, "404"))
    with pytest.raises(ServerError, match="What answers is no Label Studio"):
        connect(proxy.url, "ab" * 20)
    proxy.close()
