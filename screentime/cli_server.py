"""The terminal's commands for the embedded Label Studio."""

from pathlib import Path
from typing import Any

import typer

from screentime import options as o
from screentime.output import Result, results
from screentime.terminal import Terminal, say_next

server_app = typer.Typer(help="Run the embedded Label Studio.", no_args_is_help=True, rich_markup_mode=None)

HERE = Path(".")


@server_app.command("start")
@results
def server_start(
    port: o.Port = None, workspace: o.Folder = HERE,
) -> Result:
    """Start the embedded Label Studio, or find it running."""
    from screentime.labelstudio import server

    terminal = Terminal()
    with terminal.progress("Waiting for Label Studio"):
        running = server.start(server.home(), port=_port(port, workspace), progress=terminal.say)
    return _server(running, "`screentime push` in your project's folder.")


@server_app.command("stop")
def server_stop() -> None:
    """Stop the embedded Label Studio; nothing is lost."""
    from screentime.labelstudio import server

    stopped = server.stop(server.home())
    Terminal().say("Label Studio is stopped." if stopped else "Label Studio was not running.")
    say_next("`screentime server start` starts it again with all that was in it.")


@server_app.command("status")
@results
def server_status() -> Result:
    """Whether the embedded Label Studio runs, and how to log in."""
    from screentime.labelstudio import server

    running = server.status(server.home())
    if running is None:
        found = {"running": False}
        return Result(
            found, lambda: print("Label Studio is not running."), [found], next="`screentime server start`."
        )
    return _server(running, "")


@server_app.command("prepare")
def server_prepare() -> None:
    """Build the embedded Label Studio's database, once; scripts/setup does it."""
    from screentime.labelstudio import server

    terminal = Terminal()
    with terminal.progress("Waiting for Label Studio"):
        prepared = server.prepare(server.home(), progress=terminal.say)
    if not prepared:
        terminal.say("Label Studio's database is ready.")
    say_next("`screentime server start`.")


def _port(port: int | None, workspace: Path) -> int:
    from screentime.config import LabelStudio
    from screentime.workspace import Workspace

    if port is not None:
        return port
    if (workspace / "screentime.toml").is_file():
        return Workspace(workspace).config().labelstudio.port
    return LabelStudio().port


def _server(running: Any, following: str) -> Result:
    from screentime.labelstudio import server

    account = server.credentials(server.home())
    kept = server.home() / "labelstudio" / "credentials.json"
    found = {
        "running": True, "url": running.url, "port": running.port, "pid": running.pid,
        "username": account.username, "password_file": str(kept),
    }
    return Result(
        found,
        lambda: print(
            f"Label Studio runs at {running.url} ; log in as {account.username} with the password in {kept}"
        ),
        [found], next=following,
    )
