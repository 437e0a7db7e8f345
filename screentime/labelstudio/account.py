"""The embedded server's own account, where its token is no longer taken: log in, ask for it, keep it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from screentime.errors import ServerError
from screentime.labelstudio import installation, listener
from screentime.labelstudio.client import speaking
from screentime.labelstudio.installation import AccountLost, Credentials
from screentime.labelstudio.refusals import decoded

LOGIN_SECONDS = 30
RESET_SECONDS = 300
PRIVATE = 0o077
CHANGED = "Password successfully changed"


def renew(home: Path, url: str) -> bool:
    """See that the server takes the token that is kept; where it does not, fetch the one that it takes.

    A token is no longer taken when it was reset in Label Studio's page, or when legacy tokens were switched
    off there; they are allowed again, since screentime works with one.

    Parameters
    ----------
    home : Path
        See `installation.home`.
    url : str
        The running server of that home.

    Returns
    -------
    bool
        Whether anything had to be done.

    Raises
    ------
    AccountLost
        If the credentials cannot be read, or the password is not taken either.
    ServerError
        If the server does not answer.
    """
    with installation.lock(home, "server"):
        kept = installation.credentials(home)
        if listener.knows(url, kept.token):
            return False
        installation.keep(home, replace(kept, token=_token(home, url, kept)))
        return True


def new_password(home: Path, executable: Path) -> None:
    """Give the account a new password by Label Studio's own command, and keep it; nothing else is touched.

    The token that is kept then is none: `renew` asks the running server for it.

    Parameters
    ----------
    home : Path
        See `installation.home`; with a database.
    executable : Path
        See `installation.find_executable`.

    Raises
    ------
    ServerError
        If Label Studio cannot do it.
    """
    with installation.lock(home, "doctor --fix"):
        account = installation.made_up()
        given = installation.environment(home, installation.folder(home) / "data", account)
        try:
            # A session of its own has no terminal, so that the password is read here and shown to nobody.
            said = subprocess.run(
                [str(executable), "reset_password", "--username", account.username], input=f"{account.password}\n",
                env=given, cwd=installation.folder(home), capture_output=True, text=True, errors="replace",
                timeout=RESET_SECONDS, start_new_session=True, umask=PRIVATE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServerError(f"{executable} cannot be run: {error}.", "Run scripts/setup again.") from None
        if CHANGED not in said.stdout:
            words = " / ".join([line for line in (said.stdout + said.stderr).splitlines() if line.strip()][-2:])[-400:]
            raise ServerError(
                f"Label Studio could not give the account {account.username} a new password. Its last words: {words}",
                "Put credentials.json back from a backup; the labels are safe in the folder data beside it.",
            )
        installation.keep(home, account)


def _token(home: Path, url: str, kept: Credentials) -> str:
    """The account's legacy token, asked for as a browser does, since no token is taken."""
    import httpx

    # No proxy: this machine asks itself.
    with speaking("logging in"), httpx.Client(base_url=url, timeout=LOGIN_SECONDS, trust_env=False) as page:
        page.get("/user/login/")
        form = {"email": kept.username, "password": kept.password}
        answer = page.post("/user/login/", data=form | {"csrfmiddlewaretoken": page.cookies.get("csrftoken", "")})
        if answer.status_code != httpx.codes.FOUND:
            raise AccountLost(
                f"The Label Studio at {url} takes neither the token nor the password in"
                f" {installation.folder(home) / 'credentials.json'}."
            )
        allowed = page.post(
            "/api/jwt/settings", headers={"X-CSRFToken": page.cookies.get("csrftoken", "")},
            json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": True},
        )
        shown = page.get("/api/current-user/token")
        said = decoded(shown) if shown.is_success else None
        if not (allowed.is_success and isinstance(said, dict) and "token" in said):
            raise ServerError(
                f"The Label Studio at {url} gives its account no token ({allowed.status_code}, {shown.status_code}).",
                "Log in there as the account in credentials.json and see that legacy tokens are allowed under Organization.",
            )
        return str(said["token"])
