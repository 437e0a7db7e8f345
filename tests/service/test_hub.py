"""Whose turn it is, the secret, and a project's looks, errors and forced rounds."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from screentime.config import override
from screentime.errors import ScreentimeError, ServerError
from screentime.labelstudio.predictions import import_predictions, prediction_versions, shown_version
from screentime.rounds import Loop
from screentime.service.hub import SECRET_FILE, Hub, kept_secret
from screentime.service.running import Stopped, work
from screentime.service.served import Served
from screentime.talk import Talk
from screentime.workspace import Workspace
from scripts.faults.killing_state import left_over


def served(loop, changes=None, **options) -> Served:
    heard: list[str] = []
    one = Served(Workspace(loop.workspace.root), changes or {}, heard.append, **options)
    one.heard = heard
    return one


def test_who_is_asked_for_is_next_and_is_found_by_number_and_id(cartoon_loop):
    cartoon_loop.push()
    first, second = served(cartoon_loop, poll=3600), served(cartoon_loop, poll=3600)
    hub = Hub([first, second], "secret")
    assert [hub.next(), hub.projects()] == [first, [first, second]]
    for _ in range(2):  # a look, and older pre-annotations to delete
        first.step()
        assert hub.next() is second
        second.step()
    second.hint()
    assert hub.next() is second and second.state.queued == ""
    number = cartoon_loop.workspace.progress().project
    assert (Hub([first], "secret").find(number), hub.find(number), hub.find(-1)) == (first, None, None)
    assert (hub.known(first.identity), hub.known("other")) == (first, None)


def test_a_forced_round_is_run_with_few_labels_and_says_why_it_cannot_be(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(2)
    one = served(cartoon_loop)
    one.step()
    one.ask("Start training")
    one.step()
    assert (one.state.rounds, one.state.failures, one.state.queued) == (0, 0, "")
    assert one.state.said.startswith("There are 2 labels and training needs 8. ")
    cartoon_annotator(8)
    one.step()
    assert one.state.rounds == 0  # 12 are enough
    one.ask("Start training")
    one.step()
    assert (one.state.rounds, one.state.found["labels"], one.state.doing) == (1, 10, "waiting")
    assert cartoon_loop.workspace.at_work() is None


def test_what_made_no_version_is_no_round(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(10)
    one = served(cartoon_loop)
    one.step()
    one.ask("Start training")
    one.step()
    before = one.state
    assert before.rounds == 1 and before.said.startswith(f"{before.found['rounds'][-1]['version']}: 10 labels, ")
    one.ask("Start training")
    one.step()
    after = one.state
    assert (after.rounds, after.last_round, after.round_seconds, after.queued) == (1, before.last_round, before.round_seconds, "")
    assert after.said == f"Nothing is new since {before.found['rounds'][-1]['version']}."


def test_who_asks_while_a_round_runs_gets_another_one_and_an_error_forgets_nobody(
    cartoon_loop, cartoon_annotator, monkeypatch
):
    cartoon_loop.push()
    cartoon_annotator(10)
    one = served(cartoon_loop)
    one.step()
    one.ask("Start training")
    run_round, labels = Loop.run_round, []

    def pressed_meanwhile(loop, pulled):
        labels.append(len(pulled))
        if len(labels) == 1:
            raise ServerError("The connection broke.", "Try again.")
        if len(labels) == 2:
            cartoon_annotator(1)
            one.ask("Start training again")
        return run_round(loop, pulled)

    monkeypatch.setattr("screentime.rounds.Loop.run_round", pressed_meanwhile)
    one.step()
    assert (one.state.failures, one.state.rounds) == (1, 0)
    one.step()
    # Of the first press; the second is not forgotten.
    assert (one.state.rounds, one.state.queued) == (1, "Start training again")
    one.step()
    assert (one.state.rounds, one.state.queued, labels) == (2, "", [10, 10, 11])
    one.step()
    assert one.state.rounds == 2


def test_a_round_that_was_asked_for_is_run_by_the_next_service_and_once(cartoon_loop, cartoon_annotator, monkeypatch):
    cartoon_loop.push()
    cartoon_annotator(10)
    first = served(cartoon_loop)
    first.step()
    first.ask("Start training")
    file = first.workspace.asked_file
    assert file.is_file()

    def stopped(loop, labels):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr("screentime.rounds.Loop.run_round", stopped)
        with pytest.raises(Stopped):
            first.step()
    second = served(cartoon_loop)
    assert second.state.queued == "Start training was pressed before the service began"
    second.step()
    assert (second.state.rounds, second.state.queued, second.state.found["labels"]) == (1, "", 10)
    assert not file.exists() and left_over(second.workspace.root) == []
    third = served(cartoon_loop)
    third.step()
    assert (third.state.rounds, third.state.queued) == (0, "")


def test_what_another_command_has_shown_meanwhile_is_not_taken_for_older_pre_annotations(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(24)
    further = {"target": 1.0}  # at the target each look would be a round
    one = served(cartoon_loop, further)
    one.step()
    assert one.state.rounds == 1  # what it left is to be deleted with the next step
    cartoon_annotator(4)
    Loop(cartoon_loop.workspace, override(cartoon_loop.config, further), Talk()).sync()
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    import_predictions(client, project, [
        {"task": task, "model_version": "v000-older", "score": 0.5, "result": []}
        for task in cartoon_loop.workspace.progress().tasks.values()
    ])
    shown = cartoon_loop.workspace.progress().shown
    for _ in range(5):
        one.step()
    assert (one.state.rounds, one.state.trouble) == (1, None)
    assert shown_version(client, project) == shown == cartoon_loop.workspace.rounds()[1].version
    assert prediction_versions(client, project) == {shown: len(cartoon_loop.frames) - 28}


def test_errors_are_told_once_waited_out_longer_each_time_and_over_when_they_are(cartoon_loop):
    cartoon_loop.push()
    number = cartoon_loop.known_project().id
    cartoon_loop.link.client.request("DELETE", f"api/projects/{number}/")
    gone = f"Project {number} is no longer in Label Studio at {cartoon_loop.link.client.url}."
    one = served(cartoon_loop, poll=3600)
    waits = []
    for _ in range(9):
        one.step()
        waits.append(round(one.due() - time.monotonic()))
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert one.heard == [f"{gone} Make it again: `screentime push`."]
    assert (one.state.doing, one.state.failures, one.state.errors) == ("failed", 9, 9)
    # Who asks need not wait for so long.
    one.hint()
    assert round(one.due() - time.monotonic()) == 5
    cartoon_loop.push()
    one.step()
    assert (one.state.doing, one.state.failures, one.heard[-1]) == ("waiting", 0, "Goes on.")
    assert one.state.trouble.what == gone


def test_a_project_that_is_not_pushed_yet_is_waited_for(cartoon_loop):
    one = served(cartoon_loop, poll=3600)
    one.step()
    one.step()
    assert one.heard == ["The frames are not in Label Studio yet: `screentime push` is waited for."]
    assert (one.state.doing, one.state.failures, one.state.trouble) == ("waiting", 0, None)
    cartoon_loop.push()
    one.step()
    number = cartoon_loop.known_project().id
    assert one.number == number
    # Label Studio may ask the next service before that looked.
    assert served(cartoon_loop).number == number
    cartoon_loop.workspace.loop_file.write_text("{")
    assert served(cartoon_loop).number is None


def test_what_should_not_fail_is_waited_out_too(cartoon_loop, monkeypatch):
    cartoon_loop.push()
    one = served(cartoon_loop)

    def broken(loop, seconds):
        raise ZeroDivisionError("x")

    with monkeypatch.context() as patch:
        patch.setattr("screentime.rounds.Loop.answered", broken)
        one.step()
    assert one.heard[-1] == (
        "This failed in a way that it should not (ZeroDivisionError: x). Labels are safe in Label Studio. It is tried"
        " again; please report it."
    )
    one.step()
    assert one.state.failures == 0


def test_options_that_change_while_it_serves_count_from_the_next_look(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(8)
    one = served(cartoon_loop)
    one.step()
    assert one.state.rounds == 0 and type(one.loop().talk) is Talk
    file = cartoon_loop.workspace.config_file
    file.write_text(file.read_text().replace("first_batch = 24", "first_batch = 8"))
    one.step()
    assert (one.state.rounds, one.state.found["labels"]) == (1, 8)


def test_a_hint_of_a_changed_label_is_followed_though_there_are_as_many(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(3)
    one = served(cartoon_loop)
    one.step()
    label = cartoon_loop.workspace.labels()[0]
    other = frozenset({"cat"}) if label.characters != {"cat"} else frozenset({"mouse"})
    result = cartoon_loop.link.client.request("GET", f"api/annotations/{label.annotation}/")["result"]
    result[0]["value"]["choices"] = sorted(other)
    cartoon_loop.link.client.request("PATCH", f"api/annotations/{label.annotation}/", json={"result": result})
    one.step()
    assert cartoon_loop.workspace.labels()[0].characters == label.characters
    one.hint()
    one.step()  # whether it is the first of many tells the next look
    one.step()
    assert cartoon_loop.workspace.labels()[0].characters == other


def test_a_burst_of_changed_labels_at_the_target_makes_one_round(cartoon_loop, cartoon_annotator, monkeypatch):
    cartoon_loop.push()
    cartoon_annotator(24)
    one = served(cartoon_loop, {"target": 0.05})
    one.step()
    assert one.state.found["rounds"][-1]["target_reached"] and one.state.rounds == 1
    now = time.monotonic()
    monkeypatch.setattr("screentime.service.served.time", SimpleNamespace(monotonic=lambda: now))
    one.step()
    client, labels = cartoon_loop.link.client, cartoon_loop.workspace.labels()
    for label in [*labels[:12], None, None, None, None]:
        now += 1.0
        for _ in range(3):  # more than people do in a second
            if label is not None:
                result = client.request("GET", f"api/annotations/{label.annotation}/")["result"]
                other = {"cat", "mouse"} ^ set(result[0]["value"]["choices"]) - {"neither"} or {"neither"}
                result[0]["value"]["choices"] = sorted(other)
                client.request("PATCH", f"api/annotations/{label.annotation}/", json={"result": result})
                one.hint()
        one.step()
    assert (one.state.rounds, one.state.trouble) == (2, None)


def test_damaged_labels_are_copied_anew_when_it_begins(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(3)
    file = cartoon_loop.workspace.labels_table
    file.write_text("uid,broken\n1\n")
    one = served(cartoon_loop)
    one.step()
    assert (one.state.failures, len(cartoon_loop.workspace.labels())) == (0, 3)
    assert any(said.endswith("labels-before-1.csv keeps it; the labels are copied anew.") for said in one.heard)


def test_while_another_command_is_at_work_it_waits_a_little_and_keeps_what_is_open(cartoon_loop):
    cartoon_loop.push()
    one = served(cartoon_loop)
    with cartoon_loop.workspace.locked("train"):
        waits = []
        for _ in range(4):
            one.step()
            waits.append(round(one.due() - time.monotonic()))
        assert waits == [5, 10, 20, 20] and one.opened() is not None
        assert one.state.trouble.passing and one.state.trouble.what.startswith("`screentime train` (process ")
    one.step()
    assert (one.state.failures, one.state.doing) == (0, "waiting")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ScreentimeError("It cannot be written.", "x")])
def test_a_disk_that_takes_no_shortened_log_ends_nothing(monkeypatch, error):
    looks = []

    def full(home):
        raise error

    def following():
        if len(looks) == 3:
            raise Stopped
        return one

    monkeypatch.setattr("screentime.labelstudio.log.trim", full)
    opened = SimpleNamespace(link=SimpleNamespace(embedded=True))
    one = SimpleNamespace(step=lambda: looks.append(1), opened=lambda: opened)
    with pytest.raises(Stopped):
        work(SimpleNamespace(next=following))


def test_the_secret_is_made_once_for_its_owner_alone_and_anew_when_others_could_read_it(tmp_path):
    folder = tmp_path / "home"
    secret = kept_secret(folder)
    file = folder / SECRET_FILE
    assert len(secret) == 43 and kept_secret(folder) == secret
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    file.chmod(0o644)
    renewed = kept_secret(folder)
    assert renewed != secret and file.stat().st_mode & 0o777 == 0o600
    file.write_text("short\n")
    assert len(kept_secret(folder)) == 43
    file.write_bytes(b"\xff" * 60)
    with pytest.raises(ScreentimeError) as caught:
        kept_secret(folder)
    assert caught.value.what == f"{file} cannot be read or made: it is no text."


def test_services_that_begin_at_once_have_one_secret(tmp_path, monkeypatch):
    folder, make = tmp_path / "home", secrets.token_urlsafe

    def slowly(size):
        time.sleep(0.2)
        return make(size)

    monkeypatch.setattr("screentime.service.hub.secrets.token_urlsafe", slowly)
    with ThreadPoolExecutor(4) as services:
        for spoilt in (False, True):
            if spoilt:
                (folder / SECRET_FILE).chmod(0o644)
            found = set(services.map(lambda _: kept_secret(folder), range(4)))
            assert found == {(folder / SECRET_FILE).read_text().strip()}
