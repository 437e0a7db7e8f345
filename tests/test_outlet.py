"""Where results may be written, and where they would do harm."""

import os
from pathlib import Path

import pytest

from screentime.errors import Busy, UserMistake
from screentime.outlet import require_foreign, require_outlet, writing


@pytest.fixture
def project(tmp_path):
    (tmp_path / "p" / "models" / "v001").mkdir(parents=True)
    (tmp_path / "p" / "screentime.toml").touch()
    return tmp_path / "p"


def refused(out, suffixes=(".csv",), what="a CSV file"):
    with pytest.raises(UserMistake) as caught:
        require_outlet(out, suffixes, what)
    return caught.value.what, caught.value.remedy


def test_a_result_may_lie_anywhere_else_and_replace_an_earlier_one(project, tmp_path, monkeypatch):
    (project / "seconds.csv").write_text("old")
    assert require_outlet(project / "seconds.csv", [".csv"], "a CSV file") == project / "seconds.csv"
    assert require_outlet(tmp_path / "labels.CSV", [".csv"], "a CSV file") == tmp_path / "labels.CSV"
    monkeypatch.chdir(tmp_path)
    assert require_outlet(Path("page.htm"), [".html", ".htm"], "a page") == tmp_path / "page.htm"


def test_a_film_is_never_one(project):
    film = project / "film.mp4"
    film.write_bytes(b"pictures")
    assert refused(film) == (f"{film} is not named like a CSV file.", "Name a file that ends in .csv.")
    assert film.read_bytes() == b"pictures"


@pytest.mark.parametrize("name", [
    "labels.csv", "frames.csv", "models/v001/predictions.csv",
    # Often the only copy of what a person did.
    "labels-gone.csv", "labels-gone-2.csv", "labels-before-1.csv", "reviews-before-1.csv",
])
def test_what_a_project_keeps_for_itself_is_not(project, name):
    assert refused(project / name) == (f"{project / name} belongs to the project in {project}.", "Name another place.")


@pytest.mark.parametrize("name", ["loop.json", "screentime.toml", ".round-asked", "frames", "models/v001/out", "reviews-before-1.json"])
def test_nor_a_folder_in_it(project, name):
    with pytest.raises(UserMistake, match="belongs to the project in"):
        require_foreign(project / name)
    require_foreign(project / "exports")


def test_a_link_to_what_a_project_keeps_is_no_way_around_it(project, tmp_path):
    (tmp_path / "here").symlink_to(project, target_is_directory=True)
    assert refused(tmp_path / "here" / "labels.csv")[1] == "Name another place."


def test_a_folder_and_a_missing_one_are_told(tmp_path):
    (tmp_path / "x.csv").mkdir()
    assert refused(tmp_path / "x.csv") == (f"{tmp_path / 'x.csv'} is a folder.", "Name a file in it that ends in .csv.")
    assert refused(tmp_path / "no" / "x.csv") == (
        f"{tmp_path / 'no' / 'x.csv'} cannot be written: its folder is missing.", "Make that folder first.",
    )


def test_one_command_at_a_time_makes_a_file_and_nothing_is_left_beside_it(tmp_path, own_cache):
    (tmp_path / "there").mkdir()
    out, same = tmp_path / "there" / "out.csv", tmp_path / "there" / ".." / "there" / "out.csv"
    with writing(out, "predict"), writing(tmp_path / "there" / "other.csv", "predict"):
        with pytest.raises(Busy, match=rf"^`screentime predict` .process {os.getpid()}, since .* is at work on .*out\.csv\."):
            with writing(same, "predict"):
                pytest.fail("two make it")
        assert list((tmp_path / "there").iterdir()) == []
    with writing(out, "predict"):
        pass
