"""A file is the old one or the new one, never half."""

from __future__ import annotations

import os
import stat

import pytest

from screentime.errors import ScreentimeError
from screentime.files import write_atomically


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
