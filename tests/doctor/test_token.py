"""Tokens that are wrong, for real, and whom the embedded server's is sent to."""

import pytest

from screentime.doctor.finding import Finding
from screentime.doctor.place import Place
from screentime.doctor.token import mend_token
from screentime.errors import ServerError
from screentime.labelstudio import process, server

FIX = "`screentime doctor --fix`"
USABLE = "it may make projects and write predictions."


def test_a_token_that_is_not_known(examine, tmp_path, monkeypatch, ls_server):
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    missing = examine(tmp_path, "Token")
    assert missing.sentence == f"There is no token for Label Studio at {ls_server.url}."
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "ab" * 20)
    found = examine(tmp_path, "Token")
    assert found == Finding(
        "Token", "failed", "Label Studio refuses the legacy token: it is not known there, or was revoked.",
        f"Make a personal access token at {ls_server.url}/user/account and put it into LABEL_STUDIO_API_KEY.", code=2,
    )


def test_a_personal_access_token_and_one_that_was_revoked(examine, tmp_path, monkeypatch, ls_server, as_browser):
    made = as_browser("POST", "/api/token/")
    if made.status_code == 409:
        pytest.skip("another test of this session made the account's one personal access token")
    token = made.json()["token"]
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
    found = examine(tmp_path, "Token")
    assert found.sentence == f"a personal access token; {USABLE}"
    assert as_browser("POST", "/api/token/blacklist/", json={"refresh": token}).status_code == 204
    found = examine(tmp_path, "Token")
    assert (found.state, found.sentence) == (
        "failed", "Label Studio refuses the personal access token: it is not known there, or was revoked."
    )
    assert token not in str(found)


def test_legacy_tokens_that_are_disabled_are_allowed_again(patient, as_browser, monkeypatch, ls_home, ls_server):
    off = as_browser("POST", "/api/jwt/settings", json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": False})
    assert off.status_code in (200, 201)
    words = "Label Studio refuses the legacy token: legacy tokens are disabled in its organization."
    try:
        found = patient.look("Token")
        assert found == Finding("Token", "failed", words, f"{FIX} allows them again, and `screentime server start` does.", code=2)
        assert patient.look("Tasks").sentence == "Label Studio does not take the token."
        # Of a server that is not ours nothing is changed.
        with monkeypatch.context() as patch:
            patch.setenv("LABEL_STUDIO_URL", ls_server.url)
            patch.setenv("LABEL_STUDIO_API_KEY", server.credentials(ls_home).token)
            theirs = patient.mend("Token")
            assert (theirs.sentence, theirs.fixed) == (words, "")
            assert theirs.fix.startswith("Make a personal access token at ")
        mended = patient.mend("Token")
        assert mended.fixed == "credentials.json has the token that Label Studio takes."
        assert mended.state == "ok"
    finally:
        as_browser("POST", "/api/jwt/settings", json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": True})


def test_the_token_is_not_sent_to_whoever_holds_the_port(examine, silent_server, stranger, free_port, tmp_path):
    pid = process.alive(silent_server).pid
    with stranger(free_port) as got:
        found = examine(tmp_path, "Server", mend=True)
        assert found == Finding(
            "Server", "failed",
            f"The embedded one of {silent_server} (process {pid}) runs and does not listen on port {free_port}.",
            "Where it is just starting, wait a minute; else `screentime server stop`, then `screentime server start`.",
            code=1,
        )
        found = examine(tmp_path, "Token", mend=True)
        assert found == Finding("Token", "left out", "Label Studio is not reached.")
        with pytest.raises(ServerError, match=f"^Label Studio .process {pid}. does not listen on its port {free_port}, "):
            mend_token(Place(tmp_path))
        assert set(got) <= {""}
