"""Whose turn it is, the secret, and a project's looks, errors and forced rounds."""

import time

import pytest

from screentime.errors import ScreentimeError
from screentime.service.hub import SECRET_FILE, Hub, kept_secret
from screentime.service.served import Served
from screentime.talk import Talk
from screentime.workspace import Workspace


def served(loop, **options) -> Served:
    heard: list[str] = []
    one = Served(Workspace(loop.workspace.root), {}, heard.append, **options)
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
    second.ask("somebody")
    assert hub.next() is second and second.state.queued == "somebody"
    number = cartoon_loop.workspace.progress().project
    assert (hub.find(number), hub.find(-1)) == (first, None)
    assert (hub.known(first.identity), hub.known("other")) == (first, None)


def test_a_forced_round_is_run_with_few_labels_and_says_why_it_cannot_be(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(2)
    one = served(cartoon_loop)
    one.step()
    one.ask("Start training", force=True)
    one.step()
    assert (one.state.rounds, one.state.failures, one.state.queued) == (0, 0, "")
    assert one.state.said.startswith("There are 2 labels and training needs 8. ")
    cartoon_annotator(8)
    one.step()
    assert one.state.rounds == 0  # 12 are enough
    one.ask("Start training", force=True)
    one.step()
    assert (one.state.rounds, one.state.found["labels"], one.state.doing) == (1, 10, "waiting")
    assert cartoon_loop.workspace.at_work() is None


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
    one.ask("somebody")
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
    assert one.number == cartoon_loop.known_project().id


def test_what_should_not_fail_is_waited_out_too(cartoon_loop, monkeypatch):
    cartoon_loop.push()
    one = served(cartoon_loop)

    def broken(loop):
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
    one.ask("a hint of Label Studio")
    one.step()
    assert cartoon_loop.workspace.labels()[0].characters == other


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
