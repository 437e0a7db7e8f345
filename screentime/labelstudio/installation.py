"""Where the embedded Label Studio lives: its folder, program, account, environment, served files."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from screentime.errors import ScreentimeError, ServerError, UserMistake
from screentime.files import write_atomically
from screentime.labelstudio.client import PUBLIC_VARIABLE, plain_address
from screentime.locks import AtWork, held

USERNAME = "screentime@localhost"
LOCK_SECONDS = 600
# In a home: the password of the service that is kept beside the server.
SECRET_FILE = "hint-secret"

# All that the server's process inherits: a bare PORT, HOST, DEBUG, USERNAME or SENTRY_DSN would be
# read as its settings, a PYTHONPATH would reach into its packages, a proxy would carry its webhooks
# for this machine away from it.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account that the embedded server is made with.

    Attributes
    ----------
    username : str
        What to type into the login page.
    password : str
        Random; never shown by ``repr``.
    token : str
        Random legacy token of 40 hexadecimal digits; never shown by ``repr``.
    """

    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)


class AccountLost(ServerError):
    """Nobody knows the account's credentials any more; the labels are in the database, which stays as it is.

    Parameters
    ----------
    what : str
        What is wrong: a whole sentence.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            what,
            "Put credentials.json back from a backup, or let `screentime doctor --fix` give the account a new password;"
            " the labels stay where they are.",
        )


def home(given: Mapping[str, str] = os.environ) -> Path:
    """Folder of this user's embedded server, one for all workspaces.

    Parameters
    ----------
    given : mapping, optional
        The environment that says so; another process of this user has its own.

    Returns
    -------
    Path
        ``SCREENTIME_HOME`` where it is set, else the platform's folder for application data;
        absolute. It need not exist.
    """
    chosen = given.get("SCREENTIME_HOME")
    if not chosen:
        from platformdirs import user_data_dir

        chosen = user_data_dir("screentime", appauthor=False)
    return Path(os.path.abspath(os.path.expanduser(chosen)))


def find_executable() -> Path:
    """The ``label-studio`` program of the server's own environment.

    Returns
    -------
    Path
        The first of: ``SCREENTIME_LABEL_STUDIO``; ``.venv-labelstudio`` beside this program's
        environment; the search path.

    Raises
    ------
    ServerError
        If there is none, or ``SCREENTIME_LABEL_STUDIO`` names no program.
    """
    named = os.environ.get("SCREENTIME_LABEL_STUDIO")
    if named:
        if not os.access(named, os.X_OK) or os.path.isdir(named):
            raise ServerError(
                f"SCREENTIME_LABEL_STUDIO names {named}, which is no program.",
                "Set it to a label-studio program, or unset it and run scripts/setup.",
            )
        return Path(os.path.abspath(named))
    beside = Path(sys.prefix).parent / ".venv-labelstudio" / "bin" / "label-studio"
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("label-studio")
    if found is None:
        raise ServerError(
            "The label-studio program is not installed here.",
            "Run scripts/setup, which puts it into .venv-labelstudio, or name one with"
            " SCREENTIME_LABEL_STUDIO.",
        )
    return Path(os.path.abspath(found))


def folder(home: Path) -> Path:
    """The server's part of the home, made where it is missing; only its owner may look inside.

    Raises
    ------
    ScreentimeError
        If it cannot be made.
    """
    place = Path(home) / "labelstudio"
    try:
        # Whatever the umask: nobody else may ever put something in, nor the folder's own into another place.
        Path(home).parent.mkdir(parents=True, exist_ok=True)
        Path(home).mkdir(mode=0o700, exist_ok=True)
        place.mkdir(mode=0o700, exist_ok=True)
        place.chmod(0o700)
        (place / "files").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ScreentimeError(
            f"{place} cannot be made: {error.strerror or error}.",
            "Set SCREENTIME_HOME to a folder that you may write.",
        ) from None
    return place


@contextmanager
def lock(home: Path, command: str, waiting: Callable[[AtWork], None] | None = None) -> Iterator[None]:
    """Let one process at a time prepare, start or stop the server; may be nested.

    Parameters
    ----------
    home : Path
        See `home`.
    command : str
        Words of the command that is at work, for the others.
    waiting : callable, optional
        Told which other one is waited for.

    Raises
    ------
    Busy
        If another process keeps it for longer than a first start takes.
    """
    with held(
        lock_file(home), command, "on Label Studio and has been for a long time",
        nested=True, patience=LOCK_SECONDS, waiting=waiting,
    ):
        yield


def lock_file(home: Path) -> Path:
    """The server's lock; `screentime.locks.holder` says who holds it."""
    return folder(home) / "lock"


def credentials(home: Path) -> Credentials:
    """The account of the embedded server, made up before its database is and kept since.

    Parameters
    ----------
    home : Path
        See `home`.

    Raises
    ------
    AccountLost
        If the file that keeps them is damaged, or gone and a database is there: that one knows only what it
        was made with.
    """
    path = folder(home) / "credentials.json"
    with lock(home, "server"):
        if not path.exists() and not (folder(home) / "data").exists():
            keep(home, made_up())
        return kept_credentials(home)


def kept_credentials(home: Path) -> Credentials:
    """What is kept of the account; makes nothing and waits for nobody.

    Raises
    ------
    AccountLost
        If nothing that can be read is.
    """
    path = Path(home) / "labelstudio" / "credentials.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(str(kept["username"]), str(kept["password"]), str(kept["token"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = "is gone" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise AccountLost(f"{path} {why}: it should hold a username, a password and a token.") from None


def made_up() -> Credentials:
    """A new account's credentials, or a new password and token of the one there is."""
    return Credentials(USERNAME, secrets.token_urlsafe(24), secrets.token_hex(20))


def keep(home: Path, account: Credentials) -> None:
    """Keep the account's credentials, for their owner alone.

    Raises
    ------
    ScreentimeError
        If they cannot be written.
    """
    write_atomically(folder(home) / "credentials.json", json.dumps(asdict(account), indent=2) + "\n", mode=0o600)


def environment(home: Path, data: Path, account: Credentials | None = None) -> dict[str, str]:
    """Environment of the server's process: its settings, nothing outbound, nothing by accident.

    Parameters
    ----------
    home : Path
        See `home`.
    data : Path
        Folder of the database and of uploaded files.
    account : Credentials, optional
        The account; the one that is kept when left out.

    Returns
    -------
    dict of str to str
        The whole environment; it holds the password and the token.
    """
    account = account or credentials(home)
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_USERNAME": account.username,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "LABEL_STUDIO_SENTRY_DSN": "",
        "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder(home) / "files"),
        # Webhooks may reach this machine; link-local addresses stay out of reach.
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": "169.254.0.0/16,fe80::/10",
    } | _trusted()


def _trusted() -> dict[str, str]:
    """What lets people log in by another address than the server's own, as through a proxy that encrypts."""
    chosen = os.environ.get(PUBLIC_VARIABLE)
    if not chosen:
        return {}
    parts = urlsplit(plain_address(chosen))
    return {"CSRF_TRUSTED_ORIGINS": f"{parts.scheme}://{parts.netloc}"}


def serve_folder(home: Path, name: str, served: Path) -> Path:
    """Let the server read one folder, and nothing beside it, under a name.

    Parameters
    ----------
    home : Path
        See `home`.
    name : str
        Letters, digits, ``.``, ``-`` and ``_``; the images' addresses then begin with
        ``/data/local-files/?d=<name>/``.
    served : Path
        An existing folder of JPEG files.

    Returns
    -------
    Path
        Path of the folder as the server knows it: a link inside its document root.

    Raises
    ------
    UserMistake
        If the folder is missing or the name cannot be one.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name):
        raise UserMistake(f"{name!r} cannot name a served folder.", "Use letters, digits, - and _.")
    served = Path(served).resolve()
    if not served.is_dir():
        raise UserMistake(
            f"The folder {served} does not exist.", "Sample the film first: `screentime extract`."
        )
    link = folder(home) / "files" / name
    if link.is_symlink() and Path(os.readlink(link)) == served:
        return link
    with lock(home, "push"):
        # A rename, so that a page which is open never meets a missing folder.
        fresh = link.with_name(f".{name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(served, target_is_directory=True)
        os.replace(fresh, link)
    return link
