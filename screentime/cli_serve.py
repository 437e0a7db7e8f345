"""The terminal's command for the service."""

from pathlib import Path
from typing import Annotated

import typer

from screentime import options as o
from screentime.cli_common import HERE, placed
from screentime.terminal import Terminal

PORT = 9090


def serve(
    workspaces: Annotated[list[Path] | None, typer.Argument(
        metavar="[WORKSPACE]...", help="The projects' folders; the current one where none is named.", show_default=False,
    )] = None,
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = PORT,
    address: Annotated[str | None, typer.Option(
        "--address", help="How Label Studio reaches this service, where it runs on another machine.",
    )] = None,
    poll: Annotated[float, typer.Option(
        "--poll", min=0.5, max=3600, help="Seconds after which Label Studio is asked though it gave no hint.",
    )] = 10.0,
    target: o.Target = None, every: o.Every = None, batch: o.Batch = None, stop: o.StopName = None,
    half_width: o.HalfWidth = None,
) -> None:
    """Keep the loops of projects going beside Label Studio, and show on a page where they stand."""
    import socket
    from contextlib import ExitStack, suppress
    from urllib.parse import urlsplit

    from screentime.errors import ScreentimeError, UserMistake
    from screentime.labelstudio import installation, listener
    from screentime.labelstudio.client import plain_address
    from screentime.labelstudio.link import public_address
    from screentime.labelstudio.webhooks import LOOPBACK, address_of
    from screentime.outlet import writing
    from screentime.service.app import build
    from screentime.service.hub import SECRET_FILE, Hub, kept_secret, names_of
    from screentime.service.running import answering, ended_by_signals, register_at, take_back, work
    from screentime.service.served import Served
    from screentime.workspace import Workspace

    terminal = Terminal()
    if address:
        address = plain_address(address)
    changes = {"target": target, "every": every, "batch": batch, "stop": stop, "half_width": half_width}
    folders = list(dict.fromkeys(folder.resolve() for folder in workspaces or [HERE]))
    secret = kept_secret(installation.home())
    register = register_at(address, host, port, secret)
    several = len(folders) > 1

    def voice(folder: Path, name: str):
        lead = f"{name}: " if several else ""
        return lambda sentence: terminal.say(f"{lead}{placed(sentence, folder)}")

    served = [
        Served(Workspace(folder), changes, voice(folder, name), register, poll, name)
        for folder, name in zip(folders, names_of(folders))
    ]
    twice = [one.name for one in served if sum(one.identity == other.identity for other in served) > 1]
    if twice:
        raise UserMistake(
            f"{' and '.join(twice)} are one project: their screentime.toml have the same id.", "Name one of them."
        )
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(writing(folder, "serve"))
        listening = stack.enter_context(listener.listen(host, port))
        hub = Hub(served, secret)
        hosts = {*LOOPBACK, host.lower(), socket.gethostname().lower()}
        for one in served:
            with suppress(ScreentimeError):  # the first look tells what is wrong with it
                hosts.add(urlsplit(public_address(one.workspace.config().labelstudio)).hostname or host)
        if address:
            hosts.add(urlsplit(address).hostname)
        app = build(hub, hosts, near=host not in LOOPBACK)
        stack.enter_context(answering(app, listening))
        many = "1 project" if len(folders) == 1 else f"{len(folders)} projects"
        terminal.say(f"Serving {many}: {address_of(host, port)}/ shows how it goes. End this with Ctrl+C.")
        terminal.say(
            "To connect it as a model in Label Studio (Settings > Model, Basic Authentication): any user name; the"
            f" password is the line in {installation.home() / SECRET_FILE}."
        )
        if host not in LOOPBACK:
            terminal.say(
                f"Whoever reaches port {port} of {host} can read that page without a password: the names of films and"
                " characters, the totals, the addresses of Label Studio and what fails. Put a proxy with a password"
                " before it where others are on the network."
            )
        with ended_by_signals(terminal.say):
            try:
                work(hub)
            finally:
                take_back(hub, terminal.say)
