"""How it was made, without folders and secrets."""

import pytest

from screentime.config import Config, Project
from screentime.making import bare, command_line, data_page, provenance

CONFIG = Config(project=Project(id="0123456789ab", title="A", characters=("tom",), films=("/home/me/film.mp4",)))


@pytest.mark.parametrize("text, shown", [
    ("/home/me/tom", "tom"), ("../tom/", "tom"), ("C:\\Users\\me\\film.mp4", "film.mp4"), ("tom", "tom"), ("/", "/"), ("..", ".."),
    ("https://me:secret@host:8/a?token=x#y", "https://host:8/a"), ("--workspace", "--workspace"),
])
def test_of_a_path_the_name_and_of_an_address_no_secret(text, shown):
    assert bare(text) == shown


def test_a_command_line_names_no_folder():
    arguments = ["/home/me/.venv/bin/screentime", "report", "--workspace", "/home/me/my film", "--out=/tmp/x/report.html"]
    assert command_line(arguments) == "screentime report --workspace 'my film' --out=report.html"


@pytest.mark.parametrize("url, project, page", [
    ("http://127.0.0.1:8090/projects/7/data?tab=1&labeling=1", 7, "http://127.0.0.1:8090/projects/7/data?task="),
    ("https://host/label-studio/projects/3/", 4, "https://host/label-studio/projects/4/data?task="),
    ("https://me:secret@host/projects/3", 3, "https://host/projects/3/data?task="),
    ("javascript:alert(1)//projects/3/", 3, ""), ("", 3, ""), ("http://host/projects/3/", None, ""), ("http://host/", 3, ""),
])
def test_the_page_of_a_project(url, project, page):
    assert data_page(url, project) == page


def test_provenance_before_and_after_the_first_model():
    rows = dict(provenance(None, CONFIG, "0.1.0"))
    assert list(rows) == ["screentime", "Options"] and rows["screentime"] == "0.1.0"
    assert rows["Options"].startswith("mode multi; characters tom; fps 1; max_height 720; recipe head; view tiles;")
    card = {
        "version": "v001-a", "recipe": "head", "seed": 3, "label_uids": ["a", "b", "c"], "held_out_uids": ["c"],
        "backbone": {"name": "/home/me/backbones/mobile", "digest": "ab", "view": "whole"}, "packages": {"numpy": "2"},
    }
    rows = dict(provenance(card, CONFIG, "0.1.0"))
    assert rows["Model"] == "v001-a" and rows["Backbone"] == "mobile, digest ab, view whole"
    assert (rows["Recipe"], rows["Seed"], rows["Labels it learned from"], rows["Packages"]) == ("head", "3", "2", "numpy 2")
    old = dict(provenance({"version": "v001-a", "label_uids": [], "held_out_uids": []}, CONFIG, "0.1.0"))
    assert old["Backbone"] == old["Packages"] == old["Seed"] == "not recorded"
    assert "/home" not in str(rows)
