"""The terminal: parses, calls, prints; computes nothing."""

import os
import sys

import typer

from screentime.cli_common import placed, workspace_of
from screentime.cli_doctor import doctor
from screentime.cli_export import export
from screentime.cli_films import audit, extract, new, predict
from screentime.cli_loop import preannotate, pull, push, status, sync, train
from screentime.cli_replay import demo, simulate
from screentime.cli_report import report
from screentime.cli_review import review
from screentime.cli_serve import serve
from screentime.cli_server import server_app
from screentime.errors import ScreentimeError
from screentime.files import FULL
from screentime.terminal import Terminal

STOPPED = 130

app = typer.Typer(
    name="screentime",
    help="How many seconds each character of a film is on screen, with as few labels from people as possible.",
    no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None,
)
for command in (new, extract, push, pull, train, preannotate, sync, status, predict, audit, export, report, simulate, demo):
    app.command()(command)
app.command()(review)
app.command()(serve)
app.command()(doctor)
app.add_typer(server_app, name="server")


def main() -> None:
    """Run the command line; every failure ends in a sentence, never in a traceback."""
    terminal = Terminal()
    try:
        app()
    except ScreentimeError as error:
        terminal.say(f"{error.what}\n{placed(error.remedy, workspace_of(sys.argv))}")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as ended:
        # Of Ctrl+C in a command Typer makes an exit code.
        if isinstance(ended, SystemExit) and ended.code != STOPPED:
            raise
        terminal.say("Stopped. What was done is kept; the same command goes on from here.")
        sys.exit(STOPPED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            terminal.say(
                f"{error.filename or 'A file'} cannot be written: {error.strerror}.\n"
                "See that space is left and that you may write there; the same command goes on from here."
            )
            sys.exit(1)
        if os.environ.get("SCREENTIME_DEBUG"):
            raise
        terminal.say(
            f"screentime failed in a way that it should not ({type(error).__name__}: {error}).\n"
            "Labels are safe in Label Studio. Run it again with SCREENTIME_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
