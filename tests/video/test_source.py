import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

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


LOOK = """
import os, sys
from screentime.video.source import checked
if os.geteuid() == 0:
    os.seteuid(65534)  # root may read everything
try:
    checked(sys.argv[1])
except Exception as error:
    print(error)
"""


def test_what_may_not_be_read_is_told_apart_from_what_is_no_film():
    # Not in pytest's folder, which others than its user cannot enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "locked.mp4"
        path.write_bytes(b"film")
        path.chmod(0)
        said = subprocess.run([sys.executable, "-c", LOOK, path], capture_output=True, text=True).stdout
    assert said == (
        "locked.mp4 cannot be read: Permission denied. See that you may read it, and that its disk is in order.\n"
    )
