"""Where the embedded server lives, and what it may serve."""

import os
import stat

import pytest

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio import server
from screentime.labelstudio.installation import environment


def test_executable(monkeypatch, tmp_path):
    monkeypatch.setenv("SCREENTIME_LABEL_STUDIO", str(tmp_path))
    with pytest.raises(ServerError, match=f"SCREENTIME_LABEL_STUDIO names {tmp_path}, which is no program."):
        server.find_executable()
    monkeypatch.delenv("SCREENTIME_LABEL_STUDIO")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError) as raised:
        server.find_executable()
    assert raised.value.what == "The label-studio program is not installed here."
    assert "scripts/setup" in raised.value.remedy


def test_home(monkeypatch, tmp_path):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path))
    assert server.home() == tmp_path
    monkeypatch.delenv("SCREENTIME_HOME")
    assert server.home().is_absolute() and "screentime" in str(server.home())


def test_serve_folder(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    link = server.serve_folder(tmp_path, "film", one)
    assert link == tmp_path / "labelstudio" / "files" / "film" and link.resolve() == one
    assert server.serve_folder(tmp_path, "film", two).resolve() == two
    assert [p.name for p in link.parent.iterdir()] == ["film"]
    with pytest.raises(UserMistake, match="'../x' cannot name a served folder."):
        server.serve_folder(tmp_path, "../x", one)
    with pytest.raises(UserMistake, match="does not exist"):
        server.serve_folder(tmp_path, "film", tmp_path / "three")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_secrets_lie_in_folders_and_files_of_their_owner_s_alone_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        account = server.credentials(tmp_path / "deep" / "home")
    finally:
        os.umask(before)
    modes = {
        str(path.relative_to(tmp_path / "deep")): stat.S_IMODE(path.stat().st_mode)
        for path in sorted((tmp_path / "deep").rglob("*"))
    }
    del modes["home/labelstudio/lock"]
    assert modes == {
        "home": 0o700, "home/labelstudio": 0o700, "home/labelstudio/files": 0o700,
        "home/labelstudio/credentials.json": 0o600,
    }
    assert len(account.password) == 32 and len(account.token) == 40
    assert server.credentials(tmp_path / "other") != account


def test_what_the_server_writes_is_for_its_owner_alone(tmp_path):
    """Its database holds the token, and its secret key lets anybody in."""
    program = tmp_path / "label-studio"
    program.write_text('#!/bin/sh\ntouch "$LABEL_STUDIO_BASE_DATA_DIR/label_studio.sqlite3"\n')
    program.chmod(0o755)
    before = os.umask(0)
    try:
        assert server.prepare(tmp_path / "home", program)
    finally:
        os.umask(before)
    database = tmp_path / "home" / "labelstudio" / "data" / "label_studio.sqlite3"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_the_server_s_environment_is_its_own(tmp_path, monkeypatch):
    """Settings, proxies, paths and secrets of whoever starts it do not reach it."""
    for name in (
        "PORT", "HOST", "DEBUG", "USERNAME", "SENTRY_DSN", "PYTHONPATH", "HTTP_PROXY", "https_proxy", "LD_PRELOAD",
        "LABEL_STUDIO_API_KEY", "LABEL_STUDIO_URL", "LABEL_STUDIO_HOST", "AWS_SECRET_ACCESS_KEY",
    ):
        monkeypatch.setenv(name, "leaked")
    given = environment(tmp_path, tmp_path / "data")
    assert "leaked" not in given.values()
    assert given["LABEL_STUDIO_COLLECT_ANALYTICS"] == given["LABEL_STUDIO_LATEST_VERSION_CHECK"] == "false"
    assert given["LABEL_STUDIO_SENTRY_DSN"] == given["LABEL_STUDIO_FRONTEND_SENTRY_DSN"] == ""


def test_people_log_in_by_the_address_of_a_proxy(tmp_path, monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_PUBLIC_URL", raising=False)
    assert "CSRF_TRUSTED_ORIGINS" not in environment(tmp_path, tmp_path / "data")
    monkeypatch.setenv("LABEL_STUDIO_PUBLIC_URL", "https://labels.example:8443/studio/")
    assert environment(tmp_path, tmp_path / "data")["CSRF_TRUSTED_ORIGINS"] == "https://labels.example:8443"
    monkeypatch.setenv("LABEL_STUDIO_PUBLIC_URL", "http://me:secret@labels.example")
    with pytest.raises(UserMistake, match="^The address of the Label Studio at labels.example holds a user name"):
        environment(tmp_path, tmp_path / "data")
