"""The workspace's own files: options, frames, models, what is half finished, who is at work, who may read secrets."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.config import parse
from screentime.doctor.finding import MEND, OK, Check, Finding, Missing, counted, ok, warning
from screentime.doctor.place import Place
from screentime.doctor.remaking import has_content, remade
from screentime.errors import NotReady, ScreentimeError
from screentime.files import CHANCE, UNFINISHED, aside, remove_dead, unfinished
from screentime.kept import Damaged, read_text
from screentime.labelstudio import installation
from screentime.labelstudio.installation import SECRET_FILE
from screentime.locks import AtWork, holder
from screentime.numbering import versions
from screentime.outlet import is_own
from screentime.video.store import is_folder_name

if TYPE_CHECKING:
    import psutil

PRIVATE = 0o077


def look_options(place: Place) -> Finding:
    """Whether screentime.toml can be used."""
    workspace = place.workspace
    try:
        project, schema = workspace.config().project, workspace.schema()
    except (OSError, UnicodeDecodeError) as error:
        raise ScreentimeError(f"{workspace.config_file} cannot be read: {error}.", "See that it is a text file that you may read.") from None
    return ok(f"{project.title}: {', '.join(schema.characters)}, {schema.mode}.")


def look_at_work(place: Place) -> Finding:
    """Who is at work here just now."""
    busy = list(_at_work(place))
    if busy:
        return ok(f"{' and '.join(map(str, busy))} is at work; others wait for it.")
    return ok("no other command is at work.")


def look_files(place: Place) -> Finding:
    """Whether what the loop keeps beside the frames and the labels can be read."""
    workspace = place.workspace
    workspace.require_folders()
    progress = workspace.progress()
    workspace.audited()
    workspace.reviews()
    return ok("loop.json can be read." if progress.project is not None else "nothing was pushed yet.")


def look_frames(place: Place) -> Finding:
    """frames.csv against the frames' files."""
    workspace = place.workspace
    frames = workspace.frames() if workspace.frames_table.is_file() else None
    if frames is None:
        raise Missing("there are no frames yet; `screentime extract` makes them")
    gone = [one.file for one in frames if not has_content(workspace.root / one.file)]
    if gone:
        # Where options changed, `screentime extract` would take other frames, and leave these ones' labels out.
        raise NotReady(
            f"{counted(len(gone), 'frame')} of {len(frames)} are missing or empty, first {gone[0]}.",
            f"{MEND} makes just these again from the films.",
        )
    return ok(f"all {len(frames)} are there.")


def mend_frames(place: Place) -> str:
    """Make frames again that are missing, where they come out as those that have labels."""
    from screentime.doctor.films import look_films

    if look_films(place).state != OK:
        raise Missing("the films are not those of frames.csv")
    with place.workspace.locked("doctor --fix"):
        if not remade(place.workspace, place.config, place.frames):
            raise Missing("screentime.toml samples the films otherwise than these frames were; set it back")
    return "the frames were made again from the films."


def look_models(place: Place) -> Finding:
    """Whether the models' folders can be read, and the latest one used."""
    from screentime.model.classifier import load

    workspace, schema = place.workspace, place.config and place.workspace.schema()
    cards = workspace.cards()
    if not cards:
        raise Missing("there is no model yet")
    latest = load(workspace.models_folder / cards[-1]["version"])
    if latest.schema != schema:
        raise NotReady(
            f"The model {cards[-1]['version']} was trained for other characters or another mode.",
            "Run `screentime sync`: it trains one for those of screentime.toml.",
        )
    return ok(f"{counted(len(cards), 'version')}; {cards[-1]['version']} loads.")


def look_halves(place: Place) -> Finding:
    """What killed commands left half finished."""
    left = list(_halves(place))
    if not left:
        return ok("nothing is half finished.")
    if any(_at_work(place)):
        return ok(f"{counted(len(left), 'file or folder', 'files and folders')} under way.")
    named = ", ".join(str(one.name) for one in left[:3]) + (", …" if len(left) > 3 else "")
    return warning(
        f"{counted(len(left), 'file or folder is', 'files and folders are')} left of a command that was killed: {named}.",
        f"{MEND} clears them away.",
    )


def mend_halves(place: Place) -> str:
    """Clear away what killed commands left."""
    before = list(_halves(place))
    try:
        workspace = place.workspace
    except Missing:
        workspace = None
    # Locked, nothing of it is under way; what taking the lock clears away by itself counts too.
    if workspace and list(_in_workspace(workspace.root)):
        with workspace.locked("doctor --fix"):
            for one in _in_workspace(workspace.root):
                _clear(one)
    if _in_home(place.home):
        with installation.lock(place.home, "doctor --fix"):
            for one in _in_home(place.home):
                _clear(one)
    cleared = sum(not one.exists() for one in before)
    return f"cleared away {counted(cleared, 'leftover')}." if cleared else ""


def look_secrets(place: Place) -> Finding:
    """Whether files that hold tokens are their owner's alone."""
    opened = list(_opened(place))
    if opened:
        named = " ".join(str(one) for one in opened)
        closed = " ".join(str(one) for one in opened if one.name != SECRET_FILE)
        how = [f"{MEND}, or `chmod 600 {closed}`."] if closed else []
        if any(one.name == SECRET_FILE for one in opened):
            how.append(_new_secret(place))
        raise ScreentimeError(f"Others on this machine may read {named}: there are secrets in it.", " ".join(how))
    return ok("files with tokens are readable by their owner alone.")


def mend_secrets(place: Place) -> str:
    """Take others' rights to files with tokens away; a secret that they may have read is made anew."""
    opened = list(_opened(place))
    kept = [one for one in opened if one.name != SECRET_FILE]
    done = []
    for one in kept:
        one.chmod(0o600)
    if kept:
        done.append(f"only the owner may read {', '.join(one.name for one in kept)} now.")
    if len(kept) < len(opened) and _serving(place.home) is None:
        (place.home / SECRET_FILE).unlink()
        done.append(f"{SECRET_FILE} was deleted: `screentime serve` makes a new one, and brings it to its webhooks.")
    return " ".join(done)


def _opened(place: Place) -> Iterator[Path]:
    """Files with secrets that others have a right to read."""
    return (one for one in _secrets(place) if stat.S_IMODE(one.stat().st_mode) & PRIVATE)


def _new_secret(place: Place) -> str:
    """What to do about a secret that others may have read: to close the file does not take that back."""
    running = _serving(place.home)
    anew = f"{MEND} deletes {SECRET_FILE}"
    first = f"End `screentime serve` (process {running.pid}); then {anew}" if running else anew
    return (
        f"{first}, and the next `screentime serve` makes a new one, which a model connected in Label Studio needs as its"
        " password."
    )


def _serving(home: Path) -> psutil.Process | None:
    """A running `screentime serve` of this home, which holds the secret."""
    import psutil

    for one in psutil.process_iter():
        try:
            words = one.cmdline()
            if "serve" not in words or one.uids().real != os.getuid():
                continue
            ours = any(Path(word).name.startswith("screentime") for word in words[: words.index("serve")])
            if ours and installation.home(one.environ()).resolve() == home.resolve():
                return one
        except (psutil.Error, OSError):
            continue  # gone, or another person's
    return None


def _at_work(place: Place) -> Iterator[AtWork]:
    """Who is at work on the workspace, and on the embedded server."""
    try:
        yield from filter(None, [place.workspace.at_work()])
    except Missing:
        pass
    # To ask for a lock where there is no home would make one.
    if (place.home / "labelstudio").is_dir():
        yield from filter(None, [holder(installation.lock_file(place.home))])


def _halves(place: Place) -> Iterator[Path]:
    try:
        yield from _in_workspace(place.workspace.root)
    except Missing:
        pass
    yield from _in_home(place.home)


def _in_workspace(root: Path) -> Iterator[Path]:
    """What is half finished, by the names that screentime gives, where it gives them: all else is somebody's own."""
    yield from unfinished(root, is_own)
    yield from aside(root)
    models = root / "models"
    for folder in filter(_is_ours, (root / "embeddings", root / "review", *versions(models))):
        yield from unfinished(folder)
    if _is_ours(models):
        yield from aside(models)
    if _is_ours(root / "frames"):
        yield from _named(root / "frames", r"\.(?:part|old)-(.+)", lambda name: is_folder_name(name[1]))
    if _is_ours(root / "review"):
        yield from _named(root / "review", r"\.part-[0-9a-f]{16}\.(?:mp4|webm)", lambda name: True)


def _in_home(home: Path) -> list[Path]:
    place = home / "labelstudio"
    if not place.is_dir():
        return []
    secrets = unfinished(home, lambda name: name == SECRET_FILE)
    return [*secrets, *unfinished(place), *_named(place, f"preparing-{CHANCE}", lambda name: True)]


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _named(folder: Path, form: str, ours: Callable[[re.Match[str]], bool]) -> list[Path]:
    """What lies in a folder under names of a form; listed before anything of it is cleared away."""
    return sorted(one for one in folder.iterdir() if (name := re.fullmatch(form, one.name)) and ours(name))


def _clear(path: Path) -> None:
    if path.name.startswith(UNFINISHED):
        remove_dead(path)
        return
    if path.name.startswith(".old-"):
        # Between two renames the old folder is the only one.
        place = path.with_name(path.name.removeprefix(".old-"))
        if not place.exists():
            path.rename(place)
            return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _secrets(place: Place) -> Iterator[Path]:
    for name in ("credentials.json", "server.json", "server.log", "server.log.1"):
        if (path := place.home / "labelstudio" / name).is_file():
            yield path
    if (secret := place.home / SECRET_FILE).is_file():
        yield secret
    data = place.home / "labelstudio" / "data"
    # Made with others' rights by earlier versions; nobody gets to them through a folder that is closed.
    if all(one.is_dir() and stat.S_IMODE(one.stat().st_mode) & PRIVATE for one in (data.parent, data)):
        yield from sorted(one for one in (*data.glob("*.sqlite3*"), data / ".env") if one.is_file())
    try:
        # Read as text: the options are refused while others may read a token in them.
        file = place.workspace.config_file
        if parse(read_text(file), str(file)).labelstudio.token:
            yield file
    except (Missing, Damaged, ScreentimeError):
        pass


# Options that others may read a token in are not used, and say which server is to be looked at.
FIRST = (Check("Secrets", look_secrets, mend_secrets), Check("Options", look_options))
CHECKS = (
    Check("At work", look_at_work), Check("Files", look_files), Check("Frames", look_frames, mend_frames),
    Check("Models", look_models), Check("Half-finished files", look_halves, mend_halves),
)
