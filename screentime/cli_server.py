"""The terminal's commands for the embedded Label Studio."""

from pathlib import Path
from typing import Any

import typer

from screentime import options as o
from screentime.terminal import Terminal, print_json, say_next

server_app = typer.Typer(help="Run the embedded Label Studio.", no_args_is_help=True, rich_markup_mode=None)

HERE = Path(".")


@server_app.command("start")
def server_start(
    port: o.Port = None, workspace: o.Folder = HERE, json: o.Json = False,
) -> None:
    """Start the embedded Label Studio, or find it running."""
    from screentime.labelstudio import server

    terminal = Terminal()
    running = server.start(server.home(), port=_port(port, workspace), progress=terminal.say)
    _tell_server(running, json)
    say_next("`screentime push` in your project's folder.")


@server_app.command("stop")
def server_stop() -> None:
    """Stop the embedded Label Studio; nothing is lost."""
    from screentime.labelstudio import server

    stopped = server.stop(server.home())
    Terminal().say("Label Studio is stopped." if stopped else "Label Studio was not running.")
    say_next("`screentime server start` starts it again with all that was in it.")


@server_app.command("status")
def server_status(json: o.Json = False) -> None:
    """Whether the embedded Label Studio runs, and how to log in."""
    from screentime.labelstudio import server

    running = server.status(server.home())
    if running is None:
        if json:
            print_json({"running": False})
        else:
            print("Label Studio is not running.")
        say_next("`screentime server start`.")
        return
    _tell_server(running, json)


@server_app.command("prepare")
def server_prepare() -> None:
    """Build the embedded Label Studio's database, once; scripts/setup does it."""
    from screentime.labelstudio import server

    terminal = Terminal()
    if not server.prepare(server.home(), progress=terminal.say):
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


def _tell_server(running: Any, json: bool) -> None:
    from screentime.labelstudio import server

    account = server.credentials(server.home())
    kept = server.home() / "labelstudio" / "credentials.json"
    if json:
        print_json({"running": True, "url": running.url, "port": running.port, "pid": running.pid,
                    "username": account.username, "password_file": str(kept)})
    else:
        print(f"Label Studio runs at {running.url} ; log in as {account.username} with the password in {kept}")
