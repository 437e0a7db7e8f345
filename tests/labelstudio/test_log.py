"""The server's log is cut while the server writes into it."""

import stat
import subprocess
import sys

from screentime.labelstudio import log

# Appends what it reads, as the server does through the file that it was given as its output.
WRITER = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"


def test_a_long_log_is_cut_and_its_writer_goes_on_at_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "LONGEST", 100)
    monkeypatch.setattr(log, "KEPT", 20)
    place = tmp_path / "labelstudio"
    place.mkdir()
    with open(place / "server.log", "ab") as output:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=output, text=True, bufsize=1
        )

    def write(text):
        """Hand a line over, and wait until it lies in the file."""
        writer.stdin.write(f"{text}\n")
        while not (place / "server.log").read_text().endswith(f"{text}\n"):
            assert writer.poll() is None

    try:
        write("a" * 99)
        assert not log.trim(tmp_path)
        write("b" * 18)
        assert log.trim(tmp_path)
        assert (place / "server.log").read_text() == ""
        assert (place / "server.log.1").read_text() == "\n" + "b" * 18 + "\n"
        assert stat.S_IMODE((place / "server.log.1").stat().st_mode) == 0o600
        write("c")
        assert (place / "server.log").read_text() == "c\n"
        assert not log.trim(tmp_path)
    finally:
        writer.stdin.close()
        writer.wait()


def test_where_there_is_no_log_nothing_is_cut(tmp_path):
    assert not log.trim(tmp_path)
