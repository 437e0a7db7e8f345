"""The token: its kind, whether the server takes it, what it may do, and the account that it belongs to."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

from screentime.doctor.finding import MEND, Finding, Missing, ok, warning
from screentime.doctor.place import LOOPBACK, Place
from screentime.errors import NotReady, ServerError, UserMistake
from screentime.labelstudio import account, installation
from screentime.labelstudio.installation import AccountLost
from screentime.labelstudio.link import TOKEN_VARIABLE
from screentime.labelstudio.refusals import NO_JSON

# What the loop does with a project, by Label Studio's names of the rights.
RIGHTS = {
    "projects.create": "make projects", "projects.change": "change projects", "tasks.create": "make tasks",
    "tasks.change": "change tasks", "predictions.any": "write predictions", "annotations.view": "read labels",
}
SOON_DAYS = 7


def look_token(place: Place) -> Finding:
    """The token: its kind, whether it is taken, and what it may do."""
    try:
        token = place.token
    except NotReady:
        if place.embedded and place.noted is None:
            raise Missing("Label Studio is not running") from None
        raise
    kind = "personal access token" if token.count(".") == 2 else "legacy token"
    try:
        client = place.connected
    except ServerError:
        place.require_own()
        reason = _refusal(place, token, kind)
        if not reason:
            raise
        raise UserMistake(f"Label Studio refuses the {kind}: {reason}.", _remedy(place, reason)) from None
    lacking = [words for right, words in RIGHTS.items() if right not in _rights(place)]
    if lacking:
        raise UserMistake(
            f"The account of the {kind} may not {', '.join(lacking)}.",
            f"Ask who runs {client.page} for those rights, or use another account's token.",
        )
    ends = _ends(token)
    if ends is not None and ends - time.time() < SOON_DAYS * 86400:
        day = datetime.fromtimestamp(ends, UTC).date()
        return warning(f"The {kind} ends on {day}.", f"Make another one and put it into {TOKEN_VARIABLE}.")
    return ok(f"a {kind}; it may make projects and write predictions.")


def mend_token(place: Place) -> str:
    """Let screentime and the embedded server, which is ours, agree on a token again."""
    if not place.embedded or place.noted is None:
        return ""
    place.require_own()
    return mend_account(place, place.url)


def mend_account(place: Place, url: str | None) -> str:
    """Credentials that are of use again; empty text where they are, or where nothing can be said without a server."""
    kept = place.home / "labelstudio"
    try:
        if url is None:
            if (kept / "data").exists():
                installation.kept_credentials(place.home)
            return ""
        return "credentials.json has the token that Label Studio takes." if account.renew(place.home, url) else ""
    except AccountLost:
        pass
    account.new_password(place.home, installation.find_executable())
    if url is not None:
        account.renew(place.home, url)
    return "the account has a new password, kept in credentials.json; the labels are as they were."


def _rights(place: Place) -> set[str]:
    found = place.ask("api/current-user/whoami").get("permissions")
    # Editions that do not tell them are taken at their word only when something is refused.
    return set(RIGHTS) if found is None else set(found)


def _refusal(place: Place, token: str, kind: str) -> str:
    """Why a token is refused, by the server's word; empty where it is not or says nothing."""
    import httpx

    local = place.host in LOOPBACK
    try:
        if kind == "legacy token":
            answer = httpx.get(
                f"{place.url}/api/current-user/whoami", headers={"Authorization": f"Token {token}"},
                timeout=place.patience, trust_env=not local,
            )
        else:
            answer = httpx.post(
                f"{place.url}/api/token/refresh/", json={"refresh": token}, timeout=place.patience, trust_env=not local
            )
        said = str(answer.json().get("detail", "")) if answer.status_code in (401, 403) else ""
    except (httpx.HTTPError, *NO_JSON, AttributeError):
        return ""
    if "disabled" in said:
        return "legacy tokens are disabled in its organization"
    return {True: "it is not known there, or was revoked"}.get(bool(said), "")


def _remedy(place: Place, reason: str) -> str:
    if place.embedded and "disabled" in reason:
        return f"{MEND} allows them again, and `screentime server start` does."
    if place.embedded:
        return f"It was reset in Label Studio's page: {MEND} takes up the present one, and `screentime server start` does."
    return f"Make a personal access token at {place.page}/user/account and put it into {TOKEN_VARIABLE}."


def _ends(token: str) -> float | None:
    """When a personal access token ends, seconds since 1970; None of another one."""
    try:
        part = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"])
    except (*NO_JSON, LookupError, TypeError):
        return None
