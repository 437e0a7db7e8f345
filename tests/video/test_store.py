"""Names of films' folders: harmless whatever the film is called."""

import pytest

from screentime.video.store import folder_name

ODD = ["..", "-x", "<script>alert(1)</script>", "a\nb", "it's \"odd\"", "Том и Джерри", "=1+1", "CON", "../../x",
       "é" * 90, "", "a/b\\c", "%s{0}", "  ", "🐭"]


@pytest.mark.parametrize("stem", ODD)
def test_folder_names_are_harmless(stem):
    name = folder_name(stem, "0123456789abcdef")
    assert name.endswith("-01234567") and len(name) < 60
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name[0] != "-" and "--" not in name


def test_folder_names_stay_readable():
    assert folder_name("Tom & Jerry – Épisode 3", "0" * 16) == "tom-jerry-episode-3-00000000"
    assert folder_name("Том и Джерри", "0" * 16) == "film-00000000"
