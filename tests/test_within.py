"""What a project's own files name lies in the project's folder."""

import pytest

from screentime.errors import UserMistake
from screentime.within import is_name, leads_out, require_inside


@pytest.mark.parametrize("file", ["", "/etc/passwd", "../x", "a/../../x", "a/..", "a\\..\\x", "C:\\x", "a\0b"])
def test_names_that_could_lead_out(file):
    assert leads_out(file) and not is_name(file)


@pytest.mark.parametrize("file", ["a", "a/b.jpg", "..a", "a..b/c", "frames/film-aa/000.jpg", "=1", "-x"])
def test_names_that_cannot(file):
    assert not leads_out(file)
    assert is_name(file) is ("/" not in file)


def test_here_is_no_name():
    assert not is_name(".")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"secret")
    root = tmp_path / "project"
    (root / "frames" / "film").mkdir(parents=True)
    (root / "frames" / "film" / "0.jpg").write_bytes(b"0")
    return root


def test_files_of_the_project_missing_ones_and_links_within_it_are_in_order(project):
    (project / "frames" / "film" / "1.jpg").symlink_to("0.jpg")
    (project / "frames" / "film" / "other.jpg").symlink_to("../../../outside/secret.jpg")
    require_inside(project, ["frames/film/0.jpg", "frames/film/1.jpg", "frames/film/2.jpg", "frames/gone/0.jpg"])


@pytest.mark.parametrize("what", ["file", "folder", "above", "loop"])
def test_a_link_that_leads_out_is_refused(project, what):
    outside, film = project.parent / "outside", project / "frames" / "film"
    if what == "file":
        link, file = film / "secret.jpg", "frames/film/secret.jpg"
        link.symlink_to(outside / "secret.jpg")
    elif what == "folder":
        link, file = project / "frames" / "linked", "frames/linked/secret.jpg"
        link.symlink_to(outside)
    elif what == "above":
        link, file = project / "frames" / "up", "frames/up/film/0.jpg"
        link.symlink_to("../..")
        link = link / "film"
    else:
        link, file = film / "secret.jpg", "frames/film/secret.jpg"
        link.symlink_to("second.jpg")
        (film / "second.jpg").symlink_to(outside / "secret.jpg")
    with pytest.raises(UserMistake) as caught:
        require_inside(project, ["frames/film/0.jpg", file])
    assert caught.value.what == f"{link} is a link that leads out of the project's folder."
