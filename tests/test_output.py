"""One decorator: every result as a table, JSON or CSV, and nothing but data on stdout."""

import json
import os
import pty
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from screentime.errors import UserMistake
from screentime.output import Result, results
from screentime.terminal import print_table

ROWS = [{"film": "=a.mp4", "cat": 1.5, "both": None}, {"film": "b.mp4", "cat": 2.0, "both": 0.25}]


def run(result, *flags):
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @results
    def find(word: str = "x") -> Result:
        """Find."""
        return result

    return CliRunner().invoke(app, list(flags))


def table():
    print_table(["film"], [[row["film"]] for row in ROWS])


def test_a_pipe_gets_csv_and_the_talk_goes_elsewhere():
    done = run(Result(ROWS, table, ROWS, notes=["A note."], next="`go on`."))
    assert done.stdout == "film,cat,both\n'=a.mp4,1.5,\nb.mp4,2.0,0.25\n"
    assert done.stderr == "A note.\nNext: `go on`.\n"


@pytest.mark.parametrize("flags", [["--json"], ["--format", "json"], ["--json", "--format", "json"]])
def test_json_is_one_value(flags):
    done = run(Result({"found": ROWS}, table, ROWS), *flags)
    assert json.loads(done.stdout) == {"found": ROWS}
    assert done.stderr == ""


def test_a_table_can_be_had_in_a_pipe_too():
    assert run(Result(ROWS, table, ROWS), "--format", "table").stdout.split() == ["film", "─" * 6, "=a.mp4", "b.mp4"]


def test_what_does_something_says_so_and_prints_data_only_when_asked():
    done = Result({"created": 3, "url": "http://x"}, lambda: typer.echo("3 are new.", err=True))
    assert (run(done).stdout, run(done).stderr) == ("", "3 are new.\n")
    assert run(done, "--format", "csv").stdout == "created,url\n3,http://x\n"


def test_nothing_found_is_told_in_words():
    done = run(Result([], lambda: typer.echo("Nothing yet.", err=True), []))
    assert (done.stdout, done.stderr) == ("", "Nothing yet.\n")
    assert run(Result([], table, []), "--format", "csv").stdout == ""


def test_what_is_made_for_a_person_is_a_table_in_a_pipe_too():
    done = Result(ROWS, table, ROWS, piped=False)
    assert run(done).stdout.split()[0] == "film" and run(done, "--format", "csv").stdout.startswith("film,cat,both\n")


def test_a_command_that_writes_json_to_a_file_keeps_its_flag():
    app, kept = typer.Typer(rich_markup_mode=None), []

    @app.command()
    @results
    def find(json: str = "") -> Result:
        """Find."""
        kept.append(json)
        return Result({"found": 1}, lambda: None)

    done = CliRunner().invoke(app, ["--json", "out.json", "--format", "json"])
    assert (json.loads(done.stdout), kept) == ({"found": 1}, ["out.json"])


def test_a_failure_comes_after_what_was_found():
    done = run(Result(ROWS, table, ROWS, notes=["One film is broken."], failure=UserMistake("1 of 3 failed.", "See above.")))
    assert done.stdout.startswith("film,cat,both\n") and done.stderr == "One film is broken.\n"
    assert isinstance(done.exception, UserMistake)


def test_formats_that_contradict_each_other_are_a_mistake():
    done = run(Result(ROWS, table, ROWS), "--json", "--format", "csv")
    assert done.exit_code == 2 and "--json and --format csv contradict each other." in done.stderr
    done = run(Result(ROWS, table, ROWS), "--format", "yaml")
    assert done.exit_code == 2 and "'yaml' is not one of 'table', 'json', 'csv'" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_is_a_sentence():
    program = (
        "from screentime.output import Result, show\nfrom screentime.errors import ScreentimeError\n"
        "rows = [{'film': 'b.mp4'}]\n"
        "try:\n    show(Result(rows, lambda: None, rows), None)\n"
        "except ScreentimeError as error:\n    raise SystemExit(f'{error.what} {error.remedy}')\n"
    )
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "The result cannot be written: No space left on device. See that space is left where it goes.\n"
    )


def test_a_reader_that_has_seen_enough_may_leave():
    program = (
        "import typer\nfrom screentime.output import Result, results\n"
        "rows = [{'n': n} for n in range(100_000)]\n"
        "def find() -> Result:\n    return Result(rows, lambda: None, rows)\n"
        "app = typer.Typer()\napp.command()(results(find))\napp()\n"
    )
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -c \"$1\" | head -n 1", "_", program], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("n\n", "")


def in_terminal(tmp_path, program=None, **environment):
    """What a terminal of 100 columns shows of a table, or of a program."""
    program = program or (
        "from screentime.output import Result, show\nfrom screentime.terminal import print_table\n"
        "rows = [{'film': 'b.mp4'}]\nshow(Result(rows, lambda: print_table(['film'], [['b.mp4']]), rows), None)\n"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment}
    child = subprocess.Popen([sys.executable, "-c", program], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:  # Linux says so where the other end is closed
        pass
    child.wait()
    os.close(ours)
    return seen.decode()


def test_a_terminal_gets_a_table_and_colours_only_if_it_wants_them(tmp_path):
    shown = in_terminal(tmp_path)
    assert "film" in shown and "─────" in shown and "\x1b[1m" in shown
    plain = in_terminal(tmp_path, TERM="dumb")
    assert "film" in plain and "\x1b[" not in plain


def test_csv_gives_a_terminal_no_orders_and_a_pipe_the_name_as_it_is(tmp_path):
    program = (
        "from screentime.output import Result, show\n"
        "rows = [{'film': 'a\\x1b]0;x\\x07\\x9b2Jb.mp4'}]\nshow(Result(rows, lambda: None, rows), 'csv')\n"
    )
    assert in_terminal(tmp_path, program) == "film\r\na\\x1b]0;x\\x07\\x9b2Jb.mp4\r\n"
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert piped.stdout.decode() == "film\na\x1b]0;x\x07\x9b2Jb.mp4\n"
