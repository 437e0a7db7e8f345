"""Options, films and frames: what is written reads back, what is damaged is named, and nothing leads out."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from screentime.errors import ConfigError, NotReady, ScreentimeError, UserMistake
from screentime.records import Film, Frame, frame_uid
from screentime.standing import Audited
from screentime.workspace import Workspace
from tests.folders import DIGEST


def test_an_edited_file_that_cannot_be_read_is_named(workspace):
    workspace.config_file.write_text("[project\n")
    with pytest.raises(ConfigError, match="screentime.toml is not valid TOML: .*Correct that place"):
        workspace.config()


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


def test_a_frame_that_is_a_link_out_of_the_project_is_refused(extracted, tmp_path):
    workspace, _, frames = extracted
    (tmp_path / "private.jpg").write_bytes(b"private")
    picture = workspace.root / frames[1].file
    picture.parent.mkdir(parents=True)
    picture.symlink_to(tmp_path / "private.jpg")
    with pytest.raises(UserMistake, match=r"000001001\.jpg is a link that leads out of the project's folder\."):
        workspace.frames()
