"""What goes wrong in a workspace's own files and with its films."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from screentime.doctor.finding import Finding
from screentime.errors import UserMistake
from screentime.files import replacing
from screentime.projects import begin, extract_films
from screentime.service.hub import kept_secret
from screentime.talk import Talk

ROOT = Path(__file__).parents[2]
FIX = "`screentime doctor --fix`"


def test_options_that_cannot_be_read(examine, project_of_nothing):
    folder = project_of_nothing("builtin")
    assert examine(folder, "Options").sentence == "cartoon: cat, mouse, multi."
    (folder / "screentime.toml").write_bytes(b"[project\nid = \xff")
    found = examine(folder, "Options")
    assert found.state == "failed" and found.sentence.startswith(f"{folder / 'screentime.toml'} ")
    assert examine(folder, "Frames").state == "left out"
    (folder / "screentime.toml").write_text("[project\n", "utf-8")
    found = examine(folder, "Options")
    assert (found.state, found.code) == ("failed", 2)
    assert " is not valid TOML: " in found.sentence
    assert examine(folder, "Films") == Finding("Films", "left out", "screentime.toml cannot be used.")


def test_a_command_at_work_is_named(patient, monkeypatch):
    assert patient.look("At work").sentence == "no other command is at work."
    with patient.loop.workspace.locked("sync --watch"):
        found = patient.look("At work")
        assert found.sentence == f"{patient.loop.workspace.at_work()} is at work; others wait for it."
        assert found.sentence.startswith(f"`screentime sync --watch` (process {os.getpid()}, since ")
    assert patient.look("At work").sentence == "no other command is at work."


def test_frames_that_are_gone_are_made_again(patient):
    first, second = (patient.root / frame.file for frame in patient.loop.frames[:2])
    whole = first.read_bytes()
    first.unlink()
    second.write_bytes(b"")
    found = patient.look("Frames")
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == f"2 frames of 40 are missing or empty, first {patient.loop.frames[0].file}."
    assert found.fix == f"{FIX} makes just these again from the films."
    mended = patient.mend("Frames")
    assert (mended.state, mended.fixed) == ("ok", "the frames were made again from the films.")
    assert first.read_bytes() == whole


def test_frames_of_another_film_are_not_taken_for_those_that_are_gone(examine, filmed):
    workspace, film = filmed()
    table = workspace.frames_table.read_text("utf-8")
    (workspace.root / workspace.frames()[0].file).unlink()
    options = workspace.config_file.read_text("utf-8")
    workspace.config_file.write_text(options.replace("fps = 1.0", "fps = 2.0"), "utf-8")
    found = examine(workspace.root, "Frames", mend=True)
    assert (found.state, found.fix) == (
        "failed",
        "It cannot be mended now: screentime.toml samples the films otherwise than these frames were; set it back.",
    )
    workspace.config_file.write_text(options, "utf-8")
    draw(film, "-t", "3")
    found = examine(workspace.root, "Frames", mend=True)
    assert found.fix == (
        "It could not be mended. film.mp4 is another film than the one that was extracted. Put the film back that was"
        " there: its labels count for it alone. To go on with this one, without them, run `screentime extract`, then"
        " `screentime push`."
    )
    assert workspace.frames_table.read_text("utf-8") == table


@pytest.mark.parametrize("fps", ["0.5", "2.0"])
def test_frames_that_would_be_other_ones_are_not_made(examine, filmed, fps):
    workspace, _ = filmed()
    table = workspace.frames_table.read_bytes()
    pictures = {one.name: one.read_bytes() for one in workspace.frames_folder.glob("*/*.jpg")}
    # Nothing is left that tells how they were sampled.
    shutil.rmtree(workspace.frames_folder)
    options = workspace.config_file.read_text("utf-8")
    workspace.config_file.write_text(options.replace("fps = 1.0", f"fps = {fps}"), "utf-8")
    found = examine(workspace.root, "Frames", mend=True)
    assert (found.state, found.fixed) == ("failed", "")
    assert found.fix == (
        "It cannot be mended now: screentime.toml samples the films otherwise than these frames were; set it back."
    )
    assert workspace.frames_table.read_bytes() == table
    assert not list(workspace.root.glob(".making-*")) and not workspace.frames_folder.exists()
    workspace.config_file.write_text(options, "utf-8")
    assert examine(workspace.root, "Frames", mend=True).state == "ok"
    assert workspace.frames_table.read_bytes() == table
    assert {one.name: one.read_bytes() for one in workspace.frames_folder.glob("*/*.jpg")} == pictures


def test_frames_of_a_film_that_is_called_otherwise_now(examine, filmed):
    workspace, film = filmed()
    film.rename(film.with_name("other.mp4"))
    options = workspace.config_file.read_text("utf-8")
    workspace.config_file.write_text(options.replace("film.mp4", "other.mp4"), "utf-8")
    [folder] = workspace.frames_folder.iterdir()
    next(folder.glob("*.jpg")).unlink()
    assert examine(workspace.root, "Frames", mend=True).sentence == "all 5 are there."
    assert list(workspace.frames_folder.iterdir()) == [folder]


@pytest.mark.parametrize("name", ["loop.json", "audited.json", "reviews.json"])
def test_a_damaged_file_of_the_loop_is_named_before_there_is_a_model(examine, filmed, name):
    workspace, _ = filmed()
    assert examine(workspace.root, "Files").sentence == "nothing was pushed yet."
    (workspace.root / name).write_text("{", "utf-8")
    found = examine(workspace.root, "Files")
    assert (found.state, found.code) == ("failed", 1)
    assert found.sentence.startswith(f"{workspace.root / name} is damaged (")
    assert found.fix.startswith("Delete it and run `screentime ")


@pytest.mark.parametrize("name", ["embeddings", "models", "review"])
def test_a_file_where_a_folder_is_needed(examine, filmed, name):
    workspace, _ = filmed()
    (workspace.root / name).write_text("mine", "utf-8")
    found = examine(workspace.root, "Files")
    assert found == Finding(
        "Files", "failed", f"{workspace.root / name} is no folder, and one of that name is needed.",
        "Move it elsewhere: the folder is made when it is needed.", code=2,
    )
    with pytest.raises(UserMistake) as caught, workspace.locked("sync"):
        pass
    assert (caught.value.what, caught.value.remedy) == (found.sentence, found.fix)
    assert (workspace.root / name).read_text("utf-8") == "mine"


def test_a_damaged_model(patient):
    folder = patient.root / "models" / patient.version
    network = next(one for one in folder.iterdir() if one.suffix == ".tflite")
    whole = network.read_bytes()
    assert patient.look("Models").sentence == f"1 version; {patient.version} loads."
    network.write_bytes(b"rubbish")
    found = patient.look("Models")
    network.write_bytes(whole)
    assert found.state == "failed" and found.sentence.startswith(f"The model in {folder} cannot be loaded (")


def test_what_killed_commands_left_is_cleared_away(patient):
    root = patient.root
    frames = next(one for one in (root / "frames").iterdir() if one.is_dir())
    assert patient.look("Half-finished files").sentence == "nothing is half finished."
    (root / "models" / ".making-abcd_123").mkdir()
    (root / "frames" / ".part-film-0123abcd").mkdir()
    (root / "frames" / ".part-film-0123abcd" / "0.jpg").touch()
    # Killed between two renames: the only copy of the frames.
    frames.rename(frames.with_name(f".old-{frames.name}"))
    found = patient.look("Half-finished files")
    assert (found.state, found.fix) == ("warning", f"{FIX} clears them away.")
    assert found.sentence == (
        f"3 files and folders are left of a command that was killed: .making-abcd_123, .old-{frames.name},"
        " .part-film-0123abcd."
    )
    with patient.loop.workspace.locked("sync"):
        assert patient.look("Half-finished files").sentence == "3 files and folders under way."
    mended = patient.mend("Half-finished files")
    assert (mended.state, mended.fixed) == ("ok", "cleared away 3 leftovers.")
    assert frames.is_dir() and not (root / "frames" / ".part-film-0123abcd").exists()
    assert patient.look("Frames").state == "ok"


OWN = (
    ".old-labels.csv", ".part-1 of my novel.txt", ".writing-labels.csv", ".writing-chapter1-draft.txt", ".making-of.mp4",
    "frames/.old-notes", "frames/.part-x", "models/.making-abc", "models/.old-v001-abc", "models/vacation/.writing-abcd_123-x",
    "review/.part-film.mp4", "embeddings/.old-embeddings.npy",
)


def test_hidden_files_of_a_persons_own_stay(examine, filmed):
    workspace, _ = filmed()
    for name in OWN:
        (workspace.root / name).parent.mkdir(exist_ok=True)
        (workspace.root / name).write_text("mine", "utf-8")
    (workspace.root / ".old-notes").mkdir()
    workspace.labels_table.write_text("uid\n", "utf-8")
    assert examine(workspace.root, "Half-finished files", mend=True).sentence == "nothing is half finished."
    # Nor does a command take them away.
    with workspace.locked("sync"):
        workspace.write_labels([])
    assert [name for name in OWN if (workspace.root / name).read_text("utf-8") != "mine"] == []
    assert (workspace.root / ".old-notes").is_dir()


def test_what_screentime_leaves_is_known_wherever_it_leaves_it(examine, filmed, tmp_path, monkeypatch):
    workspace, _ = filmed()
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    left = [workspace.root / name for name in (
        ".writing-abcd_123-labels.csv", ".writing-abcd_123-.lock.json", "embeddings/.writing-abcd_123-x.npy",
        "models/v001-abc/.writing-abcd_123-card.json", "review/.writing-abcd_123-0123456789abcdef.mp4",
    )]
    left += [tmp_path / "home" / name for name in (
        ".writing-abcd_123-hint-secret", "labelstudio/.writing-abcd_123-credentials.json",
    )]
    for one in left:
        one.parent.mkdir(parents=True, exist_ok=True)
        one.touch()
    film = workspace.root / "review" / ".part-0123456789abcdef.webm"
    film.symlink_to(tmp_path / "nowhere.webm")
    folders = [
        workspace.root / ".making-abcd_123", workspace.root / "frames/.old-film-0123abcd",
        workspace.root / "frames/film-0123abcd", tmp_path / "home/labelstudio/preparing-abcd_123",
    ]
    for one in folders:
        one.mkdir()
    mended = examine(workspace.root, "Half-finished files", mend=True)
    assert (mended.state, mended.fixed) == ("ok", "cleared away 11 leftovers.")
    assert [one for one in [*left, film, *folders] if os.path.lexists(one)] == [workspace.root / "frames/film-0123abcd"]


def test_what_is_being_written_just_now_stays(examine, filmed):
    workspace, _ = filmed()
    with replacing(workspace.asked_file) as part:
        assert examine(workspace.root, "Half-finished files", mend=True).state == "warning"
        assert part.exists()


def test_secrets_that_others_may_read_are_closed(patient, ls_home):
    path = ls_home / "labelstudio" / "credentials.json"
    path.chmod(0o644)
    found = patient.look("Secrets")
    assert found.sentence == f"Others on this machine may read {path}: there are secrets in it."
    assert found.fix == f"{FIX}, or `chmod 600 {path}`."
    mended = patient.mend("Secrets")
    assert (mended.state, mended.fixed) == ("ok", "only the owner may read credentials.json now.")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_others_may_have_read_is_made_anew(examine, tmp_path, monkeypatch, free_port, filmed):
    home = tmp_path / "home"
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    secret, workspace = kept_secret(home), filmed()[0]
    file = home / "hint-secret"
    assert examine(tmp_path, "Secrets").state == "ok"
    file.chmod(0o644)
    found = examine(tmp_path, "Secrets")
    assert (found.state, found.code) == ("failed", 1)
    assert found.sentence == f"Others on this machine may read {file}: there are secrets in it."
    anew = "the next `screentime serve` makes a new one, which a model connected in Label Studio needs as its password."
    assert found.fix == f"{FIX} deletes hint-secret, and {anew}"
    # A running service would go on with the old one.
    file.chmod(0o600)
    service = subprocess.Popen(
        [sys.executable, "-m", "screentime", "serve", str(workspace.root), "--port", str(free_port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert service.stdout.readline().startswith("Serving 1 project: ")
        file.chmod(0o644)
        mended = examine(tmp_path, "Secrets", mend=True)
        assert (mended.state, mended.fixed) == ("failed", "")
        assert mended.fix == f"End `screentime serve` (process {service.pid}); then {FIX} deletes hint-secret, and {anew}"
        with monkeypatch.context() as patch:
            patch.setenv("SCREENTIME_HOME", str(tmp_path / "other"))
            kept_secret(tmp_path / "other")
            (tmp_path / "other" / "hint-secret").chmod(0o644)
            assert examine(tmp_path, "Secrets", mend=True).state == "ok"
    finally:
        service.kill()
        service.communicate()
    assert file.read_text().strip() == secret
    mended = examine(tmp_path, "Secrets", mend=True)
    assert mended.fixed == "hint-secret was deleted: `screentime serve` makes a new one, and brings it to its webhooks."
    assert mended.state == "ok" and kept_secret(home) != secret


def test_the_server_s_data_that_others_may_read_are_closed(examine, tmp_path, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path / "home"))
    data = tmp_path / "home" / "labelstudio" / "data"
    data.mkdir(parents=True)
    files = [data / ".env", data / "label_studio.sqlite3"]
    for one in files:
        one.touch()
        one.chmod(0o644)
    data.chmod(0o755)
    # Nobody gets to them.
    data.parent.chmod(0o700)
    assert examine(tmp_path, "Secrets").state == "ok"
    data.parent.chmod(0o755)
    found = examine(tmp_path, "Secrets")
    assert found.fix == f"{FIX}, or `chmod 600 {files[0]} {files[1]}`."
    mended = examine(tmp_path, "Secrets", mend=True)
    assert (mended.state, mended.fixed) == ("ok", "only the owner may read .env, label_studio.sqlite3 now.")
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}


def test_options_with_a_token_that_others_may_read_are_closed(examine, project_of_nothing):
    file = project_of_nothing("builtin") / "screentime.toml"
    file.write_text(file.read_text("utf-8").replace("[labelstudio]", f'[labelstudio]\ntoken = "{"ab" * 20}"'), "utf-8")
    file.chmod(0o644)
    assert examine(file.parent, "Options").state == "failed"
    assert examine(file.parent, "Secrets").sentence == f"Others on this machine may read {file}: there are secrets in it."
    mended = examine(file.parent, "Secrets", mend=True)
    assert (mended.state, mended.fixed) == ("ok", "only the owner may read screentime.toml now.")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert examine(file.parent, "Options").state == "ok"


# -- 11. Video frames: counts differ, variable frame rate -------------------------------------------


@pytest.fixture
def filmed(tmp_path):
    """A project of a film that FFmpeg draws, with its frames."""
    def make(*options):
        film = tmp_path / "film.mp4"
        draw(film, *options)
        workspace = begin(tmp_path / "project", [film], ("cat",), backbone="builtin")
        extract_films(workspace, workspace.config(), Talk())
        return workspace, film

    return make


def draw(film, *options):
    source = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=5"]
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *source, *options, "-pix_fmt", "yuv420p", str(film)],
        check=True, timeout=60,
    )


def test_a_variable_frame_rate_is_noted(examine, filmed):
    workspace, film = filmed("-vf", "select='lt(t,2)+not(mod(n,7))'", "-fps_mode", "vfr")
    found = examine(workspace.root, "Frame times")
    assert found.state == "ok"
    assert found.sentence == (
        "5 frames of 60 pictures, with ascending times. film.mp4: the frame rate varies, so a frame's number tells no time;"
        " the film's own times are used."
    )


def test_a_film_that_changed_or_moved(examine, filmed):
    workspace, film = filmed()
    assert examine(workspace.root, "Films").sentence == "1 film, unchanged since `screentime extract`."
    assert examine(workspace.root, "Frame times").sentence == "5 frames of 125 pictures, with ascending times."
    draw(film, "-t", "3")
    found = examine(workspace.root, "Films")
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == "film.mp4 is another film than the one that was extracted."
    assert found.fix == (
        "Put the film back that was there: its labels count for it alone. To go on with this one, without them, run"
        " `screentime extract`, then `screentime push`."
    )
    film.unlink()
    assert examine(workspace.root, "Films").sentence == "The film film.mp4 does not exist."


def test_times_that_do_not_ascend_and_counts_that_differ(examine, filmed):
    workspace, _ = filmed()
    whole = workspace.frames_table.read_text("utf-8")
    rows = whole.splitlines()
    workspace.frames_table.write_text("\n".join([*rows[:2], rows[3], rows[2], *rows[4:]]) + "\n", "utf-8")
    found = examine(workspace.root, "Frame times")
    assert found.sentence == "The times of film.mp4 do not ascend: 1.000 s comes after 2.000 s in frames.csv."
    assert found.fix == "Run `screentime extract`: it writes the table again."
    workspace.frames_table.write_text("\n".join(rows[:-1]) + "\n", "utf-8")
    assert examine(workspace.root, "Frame times").sentence == "frames.csv has 4 frames of film.mp4 and 5 were sampled."


# -- 12. How sure is the number ---------------------------------------------------------------------


def test_seconds_without_an_interval(examine, patient, tmp_path):
    found = patient.look("How sure")
    assert found.state == "ok"
    assert found.sentence.startswith("every character's seconds have an interval, ±")
    shutil.copytree(patient.root, tmp_path / "copy")
    path = tmp_path / "copy" / "loop.json"
    kept = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(kept | {"audits": {}}), "utf-8")
    found = examine(tmp_path / "copy", "How sure")
    assert found.state == "warning"
    assert found.sentence == (
        "The interval of cartoon.mp4 rests on the model's own word: 0 audit frames of it are labelled, and 4 are needed"
        " to judge it."
    )
    assert found.fix == (
        "Label what the tab Label first hands out, audit frames among it, then `screentime sync`; `screentime audit FILM`"
        " asks for those of a film that is not this project's."
    )
