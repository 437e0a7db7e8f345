"""A project's folder: what is written reads back, what is damaged is named, one command at a time."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from screentime import config as configuration
from screentime.agreement import Annotator
from screentime.config import Config, Project
from screentime.errors import Busy, ConfigError, NotReady, ScreentimeError, UserMistake
from screentime.files import write_atomically
from screentime.records import Appearance, Film, Frame, Label, Review, Round, frame_uid
from screentime.schema import Schema
from screentime.standing import AskedReview, Audited, Progress
from screentime.workspace import Workspace, create, replace_id

DIGEST = "0011223344556677"
HOLD = """
import sys, time
from pathlib import Path
from screentime.workspace import Workspace
with Workspace(Path(sys.argv[1])).locked("sync"):
    print("held", flush=True)
    time.sleep(60)
"""


def configure(**project):
    values = {"id": "0123456789ab", "title": "A film", "characters": ("Tom", "Jerry"), "films": ("film.mp4",)}
    return Config(project=Project(**{**values, **project}))


@pytest.fixture
def workspace(tmp_path):
    return create(tmp_path / "project", configure())


@pytest.fixture
def extracted(workspace):
    """A workspace with four frames of a film."""
    film = Film(DIGEST, "film, «1».mp4", "/films/film, «1».mp4", 3.52, 23.976, 960, 540, 4)
    frames = [
        Frame(frame_uid(DIGEST, second), f"frames/film-00112233/{round(second * 1000):09d}.jpg", index, second, film.name)
        for index, second in enumerate((0.0, 1.001, 2.044, 3.003))
    ]
    workspace.write_frames([film], frames)
    return workspace, film, frames


def label(second, *characters, **changes):
    values = {
        "task": 17, "annotation": 18, "annotator": "1", "updated_at": "2025-01-02T03:04:05.000006Z",
        "origin": "manual", **changes,
    }
    return Label(frame_uid(DIGEST, second), frozenset(characters), **values)


LABELS = [
    label(0.0, lead_time=3.25), label(1.001, "Jerry", origin="prediction"), label(3.003, "Jerry", "Tom", task=4, annotator="2")
]


# -- create ---------------------------------------------------------------------------------------


def test_a_new_project_is_a_folder_with_its_options_that_only_its_owner_reads(tmp_path):
    root = tmp_path / "deep" / "project"
    config = configure(mode="exclusive", films=("films/a.mp4", "/b.mp4"))
    made = create(root, config)
    assert os.listdir(root) == ["screentime.toml"]
    assert stat.S_IMODE((root / "screentime.toml").stat().st_mode) == 0o600
    assert made.config() == config
    assert made.schema() == Schema("exclusive", ("Tom", "Jerry"))
    assert made.film_paths() == [(root / "films" / "a.mp4").resolve(), Path("/b.mp4")]


def test_the_same_again_is_found_and_keeps_its_identity(workspace):
    text = workspace.config_file.read_text()
    again = create(workspace.root, configure(id="another-identity"))
    assert again.root == workspace.root
    assert again.config().project.id == "0123456789ab"
    assert workspace.config_file.read_text() == text


@pytest.mark.parametrize("other", [{"title": "B"}, {"characters": ("Jerry", "Tom")}, {"mode": "exclusive"}])
def test_other_options_are_refused_and_the_file_stays(workspace, other):
    text = workspace.config_file.read_text()
    with pytest.raises(ConfigError) as caught:
        create(workspace.root, configure(**other))
    assert str(caught.value) == (
        f"{workspace.root} holds a screentime project already, with other options."
        f" Edit {workspace.config_file}, or choose another folder."
    )
    assert workspace.config_file.read_text() == text


def test_characters_that_cannot_be_make_no_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"^The character 'Tom' is named twice\. Name each one once\.$"):
        create(tmp_path / "project", configure(characters=("Tom", "tom")))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_options_is_no_project(tmp_path, there):
    root = tmp_path if there else tmp_path / "nowhere"
    with pytest.raises(NotReady) as caught:
        Workspace(root)
    assert str(caught.value) == (
        f"{root} is no screentime project: it has no screentime.toml. Make one with"
        " `screentime new DIR --film FILM --characters Tom,Jerry`, or name one with --workspace DIR."
    )


def test_an_edited_file_that_cannot_be_read_is_named(workspace):
    workspace.config_file.write_text("[project\n")
    with pytest.raises(ConfigError, match="screentime.toml is not valid TOML: .*Correct that place"):
        workspace.config()


def test_another_identity_changes_nothing_else():
    assert replace_id(configure(), "abcdefgh") == configure(id="abcdefgh")


# -- films and frames -----------------------------------------------------------------------------


def test_films_and_frames_read_back_as_they_were(extracted):
    workspace, film, frames = extracted
    assert Workspace(workspace.root).films() == [film]
    assert Workspace(workspace.root).frames() == frames


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seconds": 1e308}, "no film lasts 1e+308 s"), ({"seconds": 1e9}, "no film lasts 1000000000.0 s"), ({"seconds": -5.0}, "no film lasts -5.0 s"),
        ({"rate": -1.0}, "no film has -1.0 frames a second"), ({"frames": -1}, "no film has -1 frames"),
    ],
)
def test_a_film_that_cannot_be_is_told(extracted, changes, reason):
    workspace, film, frames = extracted
    workspace.write_frames([replace(film, **changes)], frames)
    with pytest.raises(ScreentimeError) as caught:
        workspace.films()
    assert str(caught.value) == (
        f"{workspace.films_file} is damaged ({reason}). Run `screentime extract`: it writes the file again."
    )


def test_a_pipe_in_the_place_of_a_table_is_not_waited_for(extracted):
    workspace = extracted[0]
    workspace.frames_table.unlink()
    os.mkfifo(workspace.frames_table)
    with pytest.raises(ScreentimeError) as caught:
        workspace.frames()
    assert str(caught.value) == (
        f"{workspace.frames_table} is no file. Delete it and run `screentime extract`: it writes the table again."
    )
    os.mkfifo(workspace.labels_table)
    with pytest.raises(ScreentimeError, match=r"labels.csv is damaged \(it is a pipe\). Run `screentime pull`"):
        workspace.labels()


def test_before_extract_there_are_none(workspace):
    assert workspace.films() == []
    with pytest.raises(NotReady) as caught:
        workspace.frames()
    assert str(caught.value) == "There are no frames yet. Run `screentime extract`."


# -- other films that are audited -----------------------------------------------------------------


@pytest.fixture
def other():
    """Another film, «2», and two drawn frames of it."""
    film = Film("f" * 16, "film «2».mp4", "/films/film «2».mp4", 60.0, 25.0, 960, 540, 60)
    frames = [
        Frame(
            frame_uid(film.digest, second), f"frames/film-ffffffff/{round(second * 1000):09d}.jpg", index,
            second, film.name, 3
        )
        for index, second in ((7, 7.0), (41, 41.04))
    ]
    mark = {"block": [0.0, 29.0], "seed": 7, "probability": 1 / 30}
    return Audited(film, frames, {frame.uid: mark for frame in frames})


def test_frames_that_were_read_before_are_read_anew_once_the_table_changed(extracted):
    workspace, film, frames = extracted
    workspace.frames().clear()
    assert workspace.frames() == frames
    renamed = [replace(frame, film="else.mp4") for frame in frames]
    before = workspace.frames_table.stat()
    workspace.write_frames([film], renamed)
    os.utime(workspace.frames_table, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert workspace.frames() == renamed


def test_other_films_that_are_audited_read_back_and_their_frames_come_last(extracted, other):
    workspace, _, frames = extracted
    assert workspace.audited() == []
    assert workspace.all_frames() == frames
    workspace.write_audited([other])
    again = Workspace(workspace.root)
    assert again.audited() == [other]
    assert again.all_frames() == [*frames, *other.frames]
    assert again.frames() == frames


@pytest.mark.parametrize("content", ["{", "7", '[{"film": {}}]', "[1]", '[{"film": 1, "frames": [], "marks": {}}]'])
def test_a_damaged_file_of_other_films_is_told(workspace, content):
    workspace.audited_file.write_text(content)
    with pytest.raises(ScreentimeError) as caught:
        workspace.audited()
    assert str(caught.value).startswith(f"{workspace.audited_file} is damaged (")
    assert caught.value.remedy == "Delete it and run `screentime audit FILM` again: labels are safe in Label Studio."


@pytest.mark.parametrize(("uid", "file", "reason"), [
    (frame_uid(DIGEST, 0.0), "frames/../../secret.jpg", "'frames/../../secret.jpg' is no file of the workspace"),
    (frame_uid(DIGEST, 0.0), "/etc/passwd", "'/etc/passwd' is no file of the workspace"),
    (frame_uid(DIGEST, 0.0), "screentime.toml", "'screentime.toml' is no file of the workspace"),
    (frame_uid(DIGEST, 0.0), 7, "Expected `str`, got `int` at `[0].frames[0].file`"),
    ("../../x-000000000", "frames/x/0.jpg", "'../../x-000000000' is no frame's uid"),
])
def test_frames_of_other_films_are_pictures_of_this_project(workspace, uid, file, reason):
    film = Film(DIGEST, "f.mp4", "/f.mp4", 1.0, 24.0, 64, 36, 1)
    workspace.write_audited([Audited(film, [Frame(uid, file, 0, 0.0, "f.mp4")], {})])
    with pytest.raises(ScreentimeError) as caught:
        workspace.audited()
    assert caught.value.what == f"{workspace.audited_file} is damaged ({reason})."


# -- a project from a stranger --------------------------------------------------------------------


def test_a_token_that_others_may_read_is_refused(workspace):
    path = workspace.config_file
    path.write_text(path.read_text("utf-8").replace("[labelstudio]", '[labelstudio]\ntoken = "hunter2hunter2"'), "utf-8")
    assert workspace.config().labelstudio.token == "hunter2hunter2"
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(ConfigError) as caught:
            workspace.config()
        assert caught.value.what == f"{path} holds a token, and other people of this machine may read it."
        assert f"`chmod 600 {path}`" in caught.value.remedy and "LABEL_STUDIO_API_KEY" in caught.value.remedy
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["frames", "models", "embeddings", "review"])
def test_a_folder_that_is_a_link_out_of_the_project_is_refused(workspace, tmp_path, name):
    (tmp_path / "private").mkdir()
    (workspace.root / name).symlink_to(tmp_path / "private")
    with pytest.raises(UserMistake) as caught:
        Workspace(workspace.root)
    assert caught.value.what == f"{workspace.root / name} is a link that leads out of the project's folder."


def test_a_version_that_is_a_link_out_of_the_project_is_refused(workspace, tmp_path):
    (tmp_path / "v001-abc").mkdir()
    (tmp_path / "v001-abc" / "card.json").write_text("{}")
    workspace.models_folder.mkdir()
    (workspace.models_folder / "v001-abc").symlink_to(tmp_path / "v001-abc")
    with pytest.raises(UserMistake, match="card.json is a link that leads out of the project's folder."):
        workspace.cards()


def test_a_project_may_itself_be_reached_by_a_link(extracted, tmp_path):
    (tmp_path / "link").symlink_to(extracted[0].root)
    assert Workspace(tmp_path / "link").frames() == extracted[2]


def test_a_frame_that_is_a_link_out_of_the_project_is_refused(extracted, tmp_path):
    workspace, _, frames = extracted
    (tmp_path / "private.jpg").write_bytes(b"private")
    picture = workspace.root / frames[1].file
    picture.parent.mkdir(parents=True)
    picture.symlink_to(tmp_path / "private.jpg")
    with pytest.raises(UserMistake, match=r"000001001\.jpg is a link that leads out of the project's folder\."):
        workspace.frames()


@pytest.mark.parametrize("where", ['"shown": "../../x"', '"asked": {"a": "../x"}', '"shown": "/etc"', '"asked": {"a": "a/b"}'])
def test_a_version_that_is_no_folder_s_name_is_told(workspace, where):
    workspace.loop_file.write_text(f'{{"batch": [], "blind": [], "skipped": [], {where}}}')
    with pytest.raises(ScreentimeError, match="is no model version"):
        workspace.progress()


def test_labels_of_other_films_are_kept_beside_the_projects_own(extracted, other):
    workspace, _, _ = extracted
    workspace.write_audited([other])
    labels = [LABELS[1], replace(LABELS[2], uid=other.frames[1].uid)]
    workspace.write_labels(labels)
    assert workspace.labels() == labels
    assert workspace.labels_table.read_text("utf-8").splitlines()[2] == (
        "ffffffffffffffff-000041040,film-ffffffff,0:00:41.040,Tom|Jerry,4,18,2,2025-01-02T03:04:05.000006Z,"
        "manual,"
    )


# -- labels ---------------------------------------------------------------------------------------


def test_labels_read_back_neither_and_several_characters_too(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS[::-1])
    assert Workspace(workspace.root).labels() == LABELS


def test_labels_are_a_table_for_people(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    assert workspace.labels_table.read_text("utf-8") == (
        "uid,film,timecode,characters,task,annotation,annotator,updated_at,origin,lead_time\n"
        "0011223344556677-000000000,film-00112233,0:00:00.000,neither,17,18,1,2025-01-02T03:04:05.000006Z,manual,3.25\n"
        "0011223344556677-000001001,film-00112233,0:00:01.001,Jerry,17,18,1,2025-01-02T03:04:05.000006Z,prediction,\n"
        "0011223344556677-000003003,film-00112233,0:00:03.003,Tom|Jerry,4,18,2,2025-01-02T03:04:05.000006Z,manual,\n"
    )


def test_names_with_spaces_quotes_and_letters_of_the_world_read_back(tmp_path, extracted):
    names = ("Том Кот", "Jerry 'the' mouse", "-Spike")
    workspace = create(tmp_path / "other", configure(characters=names))
    workspace.write_frames([extracted[1]], extracted[2])
    labels = [label(0.0, *names), label(2.044, names[2])]
    workspace.write_labels(labels)
    assert workspace.labels() == labels


def test_labels_of_several_characters_are_refused_where_these_exclude_one_another(extracted):
    """A model would learn that a frame is wholly both."""
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    options = workspace.config_file.read_text("utf-8")
    workspace.config_file.write_text(options.replace('mode = "multi"', 'mode = "exclusive"'), "utf-8")
    with pytest.raises(ConfigError) as caught:
        workspace.labels()
    assert str(caught.value) == (
        f"{workspace.labels_table} has 1 labels of more than one character, and {workspace.config_file} says that they"
        ' exclude one another. Write mode = "multi" again, as the labels were given, or change those labels in Label'
        " Studio and run `screentime pull`."
    )


def test_labels_of_an_older_screentime_lack_the_time_they_took(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    rows = workspace.labels_table.read_text("utf-8").splitlines()
    workspace.labels_table.write_text("".join(f"{row.rpartition(',')[0]}\n" for row in rows), "utf-8")
    assert workspace.labels() == [replace(one, lead_time=None) for one in LABELS]


def test_before_the_first_pull_there_are_none(extracted):
    assert extracted[0].labels() == []
    extracted[0].write_labels([])
    assert extracted[0].labels() == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0011223344556677-000001001,film", "it has 2 columns instead of 10"),
        (
            "0011223344556677-000001001,film-00112233,0:00:01.001,Jerry,seventeen,18,1,2025-01-02T03Z,manual,",
            "invalid literal for int() with base 10: 'seventeen'",
        ),
        (
            "0011223344556677-000001001,film-00112233,0:00:01.001,Jerry,17,,1,2025-01-02T03Z,manual,",
            "invalid literal for int() with base 10: ''",
        ),
    ],
)
def test_a_damaged_line_of_the_labels_is_named(extracted, row, reason):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    lines = workspace.labels_table.read_text().splitlines()
    lines[2] = row
    workspace.labels_table.write_text("\n".join(lines) + "\n")
    with pytest.raises(ScreentimeError) as caught:
        workspace.labels()
    assert str(caught.value) == (
        f"{workspace.labels_table} is damaged (line 3: {reason})."
        " Run `screentime pull`: it sets the file aside and copies the labels out of Label Studio again."
    )


def test_labels_whose_heading_is_gone_are_not_taken_for_none(extracted):
    workspace, _, _ = extracted
    workspace.write_labels(LABELS)
    workspace.labels_table.write_text("".join(workspace.labels_table.read_text().splitlines(True)[1:]))
    with pytest.raises(ScreentimeError, match="labels.csv is damaged .line 1: its columns should be uid,film,"):
        workspace.labels()


# -- progress and rounds --------------------------------------------------------------------------


def test_progress_begins_empty_and_reads_back(workspace):
    assert workspace.progress() == Progress()
    changes = {
        "project": 3, "tab": 4, "url": "http://localhost:8080/projects/3/data?tab=4", "tasks": {"a": 1, "ж": 2},
        "batch": ("a", "ж"), "batch_after": "", "skipped": ("a",), "shown": "v001-x", "blind": ("ж",),
        "audits": {"ж": {"block": [0.0, 4.5], "seed": 9, "probability": 0.2}},
        "asked": {"a": "", "ж": "v001-x"},
        "doubles": {"a": [["neither"], ["Tom", "Jerry"]]}, "doubted": {"ж": "2025-01-02T03:04:05.000006Z"},
        "look_again": "http://localhost:8080/projects/3/data?tab=5",
        "confirm_sure": "http://localhost:8080/projects/3/data?tab=6",
        "confirm_unsure": "http://localhost:8080/projects/3/data?tab=7&labeling=1",
        "people": (Annotator("anna@example.org", 3, 2, 1, 3, 4.5),),
        "others": ("http://localhost:8080/projects/3/data?tab=8",),
        "others_unsure": ("http://localhost:8080/projects/3/data?tab=9",),
    }
    assert changes.keys() == asdict(Progress()).keys()
    assert workspace.update_progress(**changes) == Progress(**changes)
    assert Workspace(workspace.root).progress() == Progress(**changes)


def test_an_update_leaves_the_rest_as_it_was(workspace):
    workspace.update_progress(project=3, batch=("a", "b"))
    workspace.update_progress(batch=("c",))
    assert workspace.progress() == Progress(project=3, batch=("c",))
    assert json.loads(workspace.loop_file.read_text())["batch_after"] is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"text"', "7", "{}", '{"batch": [], "blind": [], "skipped": null}',
     '{"batch": [], "blind": [], "skipped": [], "colour": 1}',
     # An older screentime's: it drew audit frames, and nobody knows from where.
     '{"batch": [], "blind": [], "skipped": [], "audit": ["a"]}'],
)
def test_a_damaged_loop_file_is_told(workspace, content):
    workspace.loop_file.write_text(content)
    with pytest.raises(ScreentimeError) as caught:
        workspace.progress()
    assert str(caught.value).startswith(f"{workspace.loop_file} is damaged (")
    assert caught.value.remedy == "Delete it and run `screentime push`: labels are safe in Label Studio."


CARD = {
    "accuracy": {
        "validation": 0.8, "value": 0.8, "low": 0.7, "high": 0.9, "frames": 10, "judged_on": "10 audit frames",
        "random_split": None, "whole_blocks": 0.7,
    },
    "label_uids": [], "held_out_uids": [],
}


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "Expecting property name"), ("7", "it holds no names with values"),
     ('{"version": "v001-abc"}', "Object missing required field `round`")],
)
def test_a_card_that_is_damaged_or_old_is_told(workspace, content, reason):
    folder = workspace.models_folder / "v001-abc"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(content)
    with pytest.raises(ScreentimeError) as caught:
        workspace.cards()
    assert str(caught.value).startswith(
        f"{folder / 'card.json'} is damaged or of an older screentime ({reason}"
    )
    assert caught.value.remedy == f"Move {folder} away and run `screentime sync`: labels are safe in Label Studio."


def test_rounds_are_what_the_cards_say_oldest_first(workspace):
    assert (workspace.rounds(), workspace.cards()) == ([], [])
    rounds = [Round(f"v{number:03d}-abc", 20 * number, 0.5 + number / 100, 3, 1.5, False) for number in (1, 2, 10)]
    for one in rounds[::-1]:
        folder = workspace.models_folder / one.version
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(json.dumps({**CARD, "version": one.version, "round": asdict(one)}))
    killed = workspace.models_folder / ".making-x" / "v011-abc"
    killed.mkdir(parents=True)
    (killed / "card.json").write_text("{")
    assert workspace.rounds() == rounds
    # They are kept in memory; what is written into a card later is told all the same.
    reached = replace(rounds[1], target_reached=True)
    write_atomically(
        workspace.models_folder / "v002-abc" / "card.json",
        json.dumps({**CARD, "version": "v002-abc", "round": asdict(reached)}),
    )
    assert workspace.rounds() == [rounds[0], reached, rounds[2]]
    assert workspace.card()["version"] == "v010-abc"


# -- lock -----------------------------------------------------------------------------------------


@pytest.fixture
def holder(workspace):
    """Another process that holds the workspace's lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(workspace.root)], cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_command_is_refused_until_the_first_is_killed(workspace, holder):
    with pytest.raises(Busy) as caught, workspace.locked("sync"):
        pytest.fail("two at work")
    assert str(caught.value) == (
        f"`screentime sync` (process {holder.pid}, since {workspace.at_work().since:%Y-%m-%d %H:%M:%S}) is at work in"
        f" {workspace.root}. Wait until it ends, or end it, and try again."
    )
    at_work = workspace.at_work()
    assert (at_work.command, at_work.pid) == ("sync", holder.pid)
    assert timedelta(0) <= datetime.now().astimezone() - at_work.since < timedelta(minutes=5)
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    assert workspace.at_work() is None
    with workspace.locked("sync"):
        pass


def test_in_one_process_too_only_one_is_at_work_and_an_error_ends_it(workspace):
    with pytest.raises(KeyboardInterrupt), workspace.locked("sync"):
        with pytest.raises(Busy), Workspace(workspace.root).locked("sync"):
            pytest.fail("two at work")
        raise KeyboardInterrupt
    with workspace.locked("sync"):
        pass


def test_the_lock_is_of_one_workspace(workspace, tmp_path):
    other = create(tmp_path / "other", configure())
    with workspace.locked("sync"), other.locked("sync"):
        pass


def test_the_file_name_is_the_documented_one():
    assert configuration.FILE == "screentime.toml"


REVIEWED = Film(DIGEST, "ж film.mp4", "/films/ж film.mp4", 10.0, 24.0, 64, 36, 10)


def test_reviews_begin_empty_and_read_back(workspace):
    assert (workspace.asked_reviews(), workspace.reviews()) == ([], [])
    asked = AskedReview(REVIEWED, 3, 44, "http://localhost:8080/projects/3/data?task=44", "v001-x")
    done = Review(
        DIGEST, (Appearance("Tom", 0.0, 1.041667, 1.0, "reviewed"),), 44, 7, "1", "2025-01-02T03:04:05.000006Z", 95.5
    )
    empty = replace(done, digest="f" * 16, appearances=())
    workspace.write_reviews([asked], [done, empty])
    assert (workspace.asked_reviews(), workspace.reviews()) == ([asked], [done, empty])
    kept = workspace.keep_reviews()
    assert kept.name == "reviews-before-1.json" and kept.read_bytes() == workspace.reviews_file.read_bytes()
    assert workspace.keep_reviews().name == "reviews-before-2.json"


def test_reviews_that_were_kept_before_their_time_was_read_on(workspace):
    workspace.write_reviews([], [Review(DIGEST, (), 44, 7, "1", "2025-01-02T03:04:05.000006Z", 95.5)])
    kept = json.loads(workspace.reviews_file.read_text("utf-8"))
    assert kept["done"][0].pop("lead_time") == 95.5
    workspace.reviews_file.write_text(json.dumps(kept), "utf-8")
    assert workspace.reviews() == [Review(DIGEST, (), 44, 7, "1", "2025-01-02T03:04:05.000006Z", None)]


@pytest.mark.parametrize("damage", ["{", "[]", '{"asked": []}', '{"asked": [{}], "done": []}', '{"asked": [], "done": [{"digest": 1}]}'])
def test_damaged_reviews_are_named_with_what_to_do(workspace, damage):
    workspace.reviews_file.write_text(damage, "utf-8")
    with pytest.raises(ScreentimeError) as caught:
        workspace.reviews()
    assert caught.value.what.startswith(f"{workspace.reviews_file} is damaged (")
    assert caught.value.remedy == (
        "Delete it and run `screentime pull`: reviews are safe in Label Studio."
    )
