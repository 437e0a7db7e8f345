"""A file is the old one or the new one, never half."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from screentime.errors import ScreentimeError
from screentime.files import UNFINISHED, clear_unfinished, replacing, share, write_atomically


def test_text_and_bytes_are_written_as_they_stand(tmp_path):
    write_atomically(tmp_path / "text", "é\r\nTom\n")
    write_atomically(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "text").read_bytes() == b"\xc3\xa9\r\nTom\n"
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_the_mode_is_as_asked_whatever_the_umask(tmp_path, mode):
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "file", "x", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_atomically(path, "old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(ScreentimeError, match="file cannot be written: No space left on device. See that"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_new_content_is_on_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    calls = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (calls.append("fsync"), sync(number)))
    monkeypatch.setattr(os, "replace", lambda *names: (calls.append("replace"), replace(*names)))
    write_atomically(tmp_path / "file", "new")
    assert calls == ["fsync", "replace", "fsync"]


def test_a_missing_folder_is_told_in_a_sentence(tmp_path):
    with pytest.raises(ScreentimeError, match="cannot be written: No such file or directory. See that its"):
        write_atomically(tmp_path / "nowhere" / "file", "x")


def test_a_secret_is_never_there_for_others(tmp_path, monkeypatch):
    """Not even before its mode is set, and with nothing held back by the umask."""
    seen = []
    for step in ("fchmod", "fsync", "replace"):
        known = getattr(os, step)

        def look(*given, known=known):
            seen.extend(stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir())
            known(*given)

        monkeypatch.setattr(os, step, look)
    before = os.umask(0)
    try:
        write_atomically(tmp_path / "file", "secret", mode=0o600)
    finally:
        os.umask(before)
    assert len(seen) >= 3 and set(seen) == {0o600}


KILLED = """
import os, signal, sys
from screentime.files import replacing
with replacing(sys.argv[1]) as part:
    part.write_text("half")
    if sys.argv[2] == "wait":
        print("writing", flush=True)
        signal.pause()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write_half(path, how):
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), how], cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True
    )


def test_what_a_killed_process_half_wrote_is_cleared_away_by_the_next_that_writes_the_file(tmp_path):
    path, other = tmp_path / "file.csv", tmp_path / "other.csv"
    path.write_text("old")
    for one in (path, other):
        assert write_half(one, "die").wait() == -signal.SIGKILL
    assert sum(name.startswith(UNFINISHED) for name in os.listdir(tmp_path)) == 2 and path.read_text() == "old"
    write_atomically(path, "new")
    [left] = [name for name in os.listdir(tmp_path) if name.startswith(UNFINISHED)]
    assert left.endswith("-other.csv") and path.read_text() == "new"
    clear_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ["file.csv"]


def test_what_only_looks_like_it_stays(tmp_path):
    own = [".writing-file.csv", ".writing-my-file.csv", ".writing-ABCDEFGH-file.csv", ".writing-abcdefgh", "x.writing-abcdefgh-file.csv"]
    for name in own:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".writing-abcdefgh-file.csv").mkdir()
    (tmp_path / ".writing-12345678-file.csv").symlink_to(tmp_path / own[0])
    write_atomically(tmp_path / "file.csv", "new")
    clear_unfinished(tmp_path)
    assert len(os.listdir(tmp_path)) == len(own) + 3 and all((tmp_path / name).read_text() == "mine" for name in own)


def test_where_other_files_lie_only_ours_are_cleared_away(tmp_path):
    for name in (".writing-chapter1-draft.txt", ".writing-abcd_123-labels.csv"):
        (tmp_path / name).touch()
    clear_unfinished(tmp_path, lambda name: name == "labels.csv")
    assert os.listdir(tmp_path) == [".writing-chapter1-draft.txt"]


def test_what_another_process_is_writing_just_now_stays(tmp_path):
    path = tmp_path / "file.csv"
    process = write_half(path, "wait")
    try:
        assert process.stdout.readline() == "writing\n"
        write_atomically(path, "new")
        clear_unfinished(tmp_path)
        [half] = [name for name in os.listdir(tmp_path) if name != "file.csv"]
        assert (tmp_path / half).read_text() == "half" and path.read_text() == "new"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_name_as_long_as_a_name_may_be_is_written_and_keeps_its_suffix_on_the_way(tmp_path):
    path = tmp_path / f"{'ж' * 125}.png"
    with replacing(path) as part:
        assert part.suffix == ".png" and path.name != part.name
        part.write_bytes(b"x")
    assert os.listdir(tmp_path) == [path.name] and path.read_bytes() == b"x"


def test_on_a_disk_that_takes_no_more_the_old_file_stands(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, "old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(ScreentimeError, match=r"file cannot be written: File too large\. See that its folder exists"):
            write_atomically(path, "n" * 20_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]


def test_files_of_the_same_content_become_one_and_others_stay(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for place, content in (("a/same", "x"), ("b/same", "x"), ("b/other", "y")):
        write_atomically(tmp_path / place, content)
    assert share(tmp_path / "a" / "same", tmp_path / "b" / "same")
    assert (tmp_path / "a" / "same").samefile(tmp_path / "b" / "same")
    assert not share(tmp_path / "a" / "same", tmp_path / "b" / "other")
    assert not share(tmp_path / "a" / "none", tmp_path / "b" / "same")
    assert not share(tmp_path / "a" / "same", tmp_path / "b" / "none")
    assert sorted(os.listdir(tmp_path / "b")) == ["other", "same"]
    # Replacing one leaves the other as it is.
    write_atomically(tmp_path / "b" / "same", "z")
    assert (tmp_path / "a" / "same").read_text() == "x"


def test_where_there_are_no_links_files_stay_two(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for name in ("first", "second"):
        write_atomically(tmp_path / name, "x")
    assert not share(tmp_path / "first", tmp_path / "second")
    assert sorted(os.listdir(tmp_path)) == ["first", "second"]
    assert not (tmp_path / "first").samefile(tmp_path / "second")
