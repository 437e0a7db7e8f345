import hashlib

import pytest

from screentime.errors import FilmError
from screentime.video.source import checked, digest, shown_name


def test_a_digest_is_the_beginning_of_the_contents_sha256(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"film" * 1000)
    assert digest(path) == hashlib.sha256(b"film" * 1000).hexdigest()[:16]


def test_control_characters_of_a_name_are_spelled_out():
    assert shown_name("folder/a\nb\x1b[31m.mp4") == "a\\nb\\x1b[31m.mp4"


def test_what_is_no_file_is_refused_by_name(tmp_path):
    with pytest.raises(FilmError, match="none.mp4"):
        checked(tmp_path / "none.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(FilmError, match="empty.mp4"):
        checked(tmp_path / "empty.mp4")
