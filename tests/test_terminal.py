"""What people and machines read: tables and JSON on stdout, talk on stderr."""

from __future__ import annotations

import io
import json
import re

import pytest

from screentime.terminal import Terminal, print_json, print_table


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No terminal, and nothing in the environment that claims one."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def table(capsys, columns, rows):
    print_table(columns, rows)
    told = capsys.readouterr()
    assert told.err == ""
    return [line.rstrip() for line in told.out.splitlines()]


def test_numbers_stand_to_the_right_with_one_decimal_and_none_is_a_dash(capsys):
    rows = [["one.mp4", 600, 12.345, None], ["the second.mp4", 7, 0.0, "v001-a"], ["c", None, None, ""]]
    lines = table(capsys, ["film", "frames", "Tom", "model"], rows)
    assert [line for line in lines if line] == [
        " film             frames    Tom   model",
        " ───────────────────────────────────────",
        " one.mp4             600   12.3   –",
        " the second.mp4        7    0.0   v001-a",
        " c                     –      –",
    ]


def test_whole_numbers_have_no_decimals_and_seconds_are_rounded(capsys):
    lines = table(capsys, ["n", "s"], [[3, 0.96], [12, 1234.56]])
    assert [line.split() for line in lines if line][2:] == [["3", "1.0"], ["12", "1234.6"]]


def test_names_are_shown_as_they_stand(capsys):
    names = ["[red]x[/red]", "[/]", "[link=file:///]a[/link]", ":smile:", "\\[b]", "{x} %s"]
    lines = table(capsys, ["[bold]film[/bold]"], [[name] for name in names])
    heading, _, *cells = [line.strip() for line in lines if line]
    assert heading == "[bold]film[/bold]"
    assert cells == names


def test_in_a_pipe_a_row_is_one_line_however_long(capsys):
    long = "a" * 251 + ".mp4"
    lines = table(capsys, ["film", "seconds"], [[long, 1.0], ["Ж猫" * 60, 2.0]])
    assert [line.split() for line in lines if line][2:] == [[long, "1.0"], ["Ж猫" * 60, "2.0"]]


def test_a_name_with_a_line_break_or_an_escape_cannot_change_the_table(capsys):
    lines = table(capsys, ["film", "seconds"], [["a\nb\x1b[31m\rc.mp4", 1.0]])
    assert [line.split() for line in lines if line][2:] == [["a\\nb\\x1b[31m\\rc.mp4", "1.0"]]


def test_no_rows_are_a_heading_alone(capsys):
    lines = table(capsys, ["film", "seconds"], [])
    assert [line.split() for line in lines if line][0] == ["film", "seconds"]


def test_json_is_one_value_with_letters_as_they_are(capsys):
    print_json([{"film": "Том [red]", "both": None, "seconds": 1.5}])
    told = capsys.readouterr()
    assert told.err == ""
    assert json.loads(told.out) == [{"film": "Том [red]", "both": None, "seconds": 1.5}]
    assert "Том [red]" in told.out and told.out.endswith("]\n")


def test_json_gives_a_terminal_no_orders_and_means_the_same(capsys):
    value = {"film": "a\x1b[31m\x9b2J\u202egnp.mp4\n🐱\U000e0001 \x7f"}
    print_json(value)
    told = capsys.readouterr().out
    assert json.loads(told) == value
    assert told == '{\n  "film": "a\\u001b[31m\\u009b2J\\u202egnp.mp4\\n🐱\\udb40\\udc01 \\u007f"\n}\n'


def test_talk_goes_to_stderr_as_it_stands_and_unbroken(capsys):
    sentence = "Label at http://localhost:8080/projects/1/data?tab=2 : [red]Tom[/red] " + "x" * 300
    Terminal().say(sentence)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", sentence + "\n")


def test_a_name_in_a_sentence_gives_the_terminal_no_orders(capsys):
    Terminal().say("What is wrong with a\x1b[31m\r\x07.mp4.\nWhat to do.")
    assert capsys.readouterr().err == "What is wrong with a\\x1b[31m\\r\\x07.mp4.\nWhat to do.\n"


def test_without_a_terminal_a_long_task_says_its_beginning_and_tenths(capsys):
    now = iter(range(0, 1000, 3))
    with Terminal(clock=lambda: next(now)).progress("Looking at [b]film[/b].mp4") as step:
        for done in range(1, 26):
            step(done, 25)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"Looking at [b]film[/b].mp4: {done} of 25" for done in (1, 5, 8, 10, 13, 15, 18, 20, 23, 25)
    ]


def test_without_a_terminal_a_short_task_says_one_line(capsys):
    with Terminal(clock=lambda: 5.0).progress("Reading") as step:
        for done in (1, 45, 46, 100, 100):
            step(done, 100)
    assert capsys.readouterr().err.splitlines() == ["Reading: 1 of 100"]


def test_progress_of_unknown_length_claims_none(capsys):
    with Terminal().progress("Reading") as step:
        for done in (8, 16, 24):
            step(done, 0)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_the_bar_shows_the_task_as_it_stands():
    from rich.console import Console

    terminal = Terminal()
    screen = io.StringIO()
    terminal.console = Console(file=screen, force_terminal=True, width=100, highlight=False, markup=False)
    with terminal.progress("Reading [red]x[/red].mp4") as step:
        step(3, 0)
        step(3, 4)
    assert "Reading [red]x[/red].mp4" in screen.getvalue()
    assert "3 of 4" in screen.getvalue() and "-:--:-- left" in _plain(screen)
    assert "None" not in screen.getvalue()


def test_a_task_of_unknown_length_shows_how_long_it_takes_and_no_count():
    from rich.console import Console

    terminal = Terminal()
    screen = io.StringIO()
    terminal.console = Console(file=screen, force_terminal=True, width=100, highlight=False)
    with terminal.progress("Loading"):
        pass
    assert _plain(screen).split()[0] == "Loading" and _plain(screen).split()[-1] == "0:00:00"


def _plain(screen):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", screen.getvalue())


def test_a_task_within_a_task_has_a_bar_of_its_own():
    from rich.console import Console

    terminal = Terminal()
    screen = io.StringIO()
    terminal.console = Console(file=screen, force_terminal=True, width=100, highlight=False)
    with terminal.progress("Outside") as outer, terminal.progress("Inside") as inner:
        inner(1, 2)
        outer(5, 7)
        terminal.bars.refresh()
        shown = screen.getvalue().rpartition("Outside")[2]
        assert "5 of 7" in shown and "Inside" in shown and "1 of 2" in shown
    assert terminal.bars is None


def test_sentences_beside_a_word_never_stand_below_it(capsys, monkeypatch):
    Terminal().item("failed", "red", 8, ["Disk: it is full.", "Make\x1b[31m room."])
    assert capsys.readouterr().err == "failed  Disk: it is full.\n        Make\\x1b[31m room.\n"
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)
    Terminal().item("failed", "red", 8, ["Disk: there is no space left on it for what is to be made."])
    assert capsys.readouterr().err == (
        "\x1b[31mfailed  \x1b[0mDisk: there is no space left on\n        it for what is to be made.\n"
    )
