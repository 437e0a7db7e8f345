"""Where the embedded server lives, and what it may serve."""

import pytest

from screentime.errors import ServerError, UserMistake
from screentime.labelstudio import server


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
