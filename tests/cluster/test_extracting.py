"""Frames and embeddings by many workers are those of one process, file for file."""

from __future__ import annotations

import pytest

from screentime.cluster.connecting import Spread
from screentime.config import override
from screentime.errors import FilmError
from screentime.projects import begin, extract_films
from screentime.rounds import Loop
from screentime.talk import Talk
from tests.cluster.killing import Killer


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def files(folder, *without):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".lock") and file.name not in without
    }


@pytest.fixture
def projects(moving, tmp_path):
    """Two projects of the same films; one of these is there twice."""
    twin = tmp_path / "twin.mp4"
    twin.write_bytes(moving("vfr.mp4").read_bytes())
    paths = [moving("closed.mp4"), moving("vfr.mp4"), twin, moving("joined.avi")]
    return [begin(tmp_path / name, paths, ["Tom"], backbone="builtin") for name in ("alone", "spread")]


def test_two_workers_make_what_one_process_makes(projects, cluster):
    alone, spread = projects
    heard = Heard()
    expected = extract_films(alone, alone.config(), Talk())
    Loop(alone, alone.config(), Talk()).embeddings  # noqa: B018 - computed and kept when first asked for
    found = extract_films(spread, spread.config(), heard, Spread(cluster))
    assert found == expected
    assert heard.sentences == ["twin.mp4 is the same film as one before it and is left out."]
    one, other = files(alone.root, "screentime.toml"), files(spread.root, "screentime.toml")
    # The twin's frames are of no use: one process takes them before it sees whose they are.
    assert other == {name: content for name, content in one.items() if "/twin-" not in name}
    assert len(list(spread.embeddings_folder.iterdir())) == 3
    # Once more nothing is made anew.
    before = {file: file.stat().st_mtime_ns for file in spread.root.rglob("*.jpg")}
    assert extract_films(spread, spread.config(), Talk(), Spread(cluster)) == expected
    assert {file: file.stat().st_mtime_ns for file in spread.root.rglob("*.jpg")} == before


def test_frames_that_cannot_be_embedded_are_frames_still(projects, cluster, tmp_path):
    alone, spread = projects
    expected = extract_films(alone, alone.config(), Talk())
    heard, config = Heard(), spread.config()
    backbone = tmp_path / "no backbone"
    config = override(config, {"backbone": str(backbone)})
    assert extract_films(spread, config, heard, Spread(cluster)) == expected
    assert spread.frames_table.read_bytes() == alone.frames_table.read_bytes()
    twin, sentence = heard.sentences  # once, though no film could be embedded
    assert twin.startswith("twin.mp4 is the same film")
    assert sentence.startswith("Frames are not embedded yet. ") and str(backbone) in sentence
    assert not spread.embeddings_folder.exists() or not list(spread.embeddings_folder.iterdir())


def test_what_a_killed_worker_extracted_another_one_extracts_again(long_film, cluster, tmp_path):
    alone, spread = (begin(tmp_path / name, [long_film], ["Tom"], backbone="builtin", fps=5) for name in ("alone", "spread"))
    expected = extract_films(alone, alone.config(), Talk())
    heard = Heard()
    with Killer("Extractor.extract") as killer:
        found = extract_films(spread, spread.config(), heard, Spread(cluster, workers=1))
    assert len(killer.killed) == 1 and found == expected
    assert heard.sentences == ["A worker died at long.mp4; another one does it again."]
    assert files(spread.root / "frames") == files(alone.root / "frames")
    assert spread.frames_table.read_bytes() == alone.frames_table.read_bytes()


def test_a_film_that_cannot_be_read_does_not_stop_the_others(projects, cluster, tmp_path):
    _, place = projects
    (tmp_path / "twin.mp4").write_text("no film")
    with pytest.raises(FilmError, match=r"^On \S+: twin.mp4 holds no pictures that can be read"):
        extract_films(place, place.config(), Talk(), Spread(cluster))
    # No table tells of a project that is not whole; the frames of the others wait for it.
    assert not place.frames_table.exists() and len(list((place.root / "frames").iterdir())) == 3
