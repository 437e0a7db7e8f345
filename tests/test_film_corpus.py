"""A sample of the corpus of odd films, read and tried as `scripts/film_corpus --check` does with all of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts.films.__main__ import check, choose, make
from scripts.films.entry import Entry
from scripts.films.running import run


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.mark.timeout(300)
def test_every_film_of_the_sample_becomes_what_it_must(corpus, capsys):
    entries = choose([], quick=True)
    unmade = make(entries, corpus)
    assert {entry.place: why for entry, why in unmade.items() if "file system" not in why} == {}
    assert check([entry for entry in entries if entry not in unmade], corpus, screened=False) == []
    assert capsys.readouterr().out.splitlines()[-4].endswith("; 0 faults.")


def test_the_corpus_is_as_large_and_as_odd_as_it_must_be():
    entries = choose([], quick=False)
    assert sum(entry.family == "mutations" for entry in entries) >= 200
    assert len({entry.place for entry in entries}) == len(entries) > 500
    assert {entry.outcome for entry in choose(["lists"], quick=False) if "beside" not in entry.name} == {"refused"}


def test_the_same_seed_spoils_films_alike(corpus, tmp_path):
    entries = choose(["mutations/03", "mutations/04"], quick=False)[:4]
    for folder in (corpus, tmp_path):
        (folder / "base").mkdir(exist_ok=True)
    for entry in entries:
        make([entry], corpus)
        (tmp_path / "base" / entry.base).write_bytes((corpus / "base" / entry.base).read_bytes())
        make([entry], tmp_path)
        spoiled = [(folder / entry.family / entry.name).read_bytes() for folder in (corpus, tmp_path)]
        assert spoiled[0] == spoiled[1] != (corpus / "base" / entry.base).read_bytes()


def test_times_that_are_not_those_by_ffprobe_are_found_and_how_many_were_compared_is_said(corpus, tmp_path, monkeypatch, capsys):
    """A stand-in says what a real ffprobe would of a film of other times; it is not on every machine."""
    [plain] = choose(["names/-x.mp4"], quick=False)
    make([plain], corpus)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check([plain], corpus, screened=False) == []
    absent = "ffprobe is not there: all times were compared with those of every frame, decoded by PyAV, alone."
    assert absent in capsys.readouterr().out
    for step, faults in (("0.04", 0), ("0.05", 1)):
        (tmp_path / "ffprobe").write_text(
            f"#!{sys.executable}\nimport json\n"
            f"print(json.dumps({{'frames': [{{'best_effort_timestamp_time': str(n * {step})}} for n in range(50)]}}))\n"
        )
        (tmp_path / "ffprobe").chmod(0o755)
        found = check([plain], corpus, screened=False)
        assert len(found) == faults and all("by ffprobe there are 3 samples" in one for one in found)
        assert "Films whose times were compared with those by ffprobe: 1." in capsys.readouterr().out


def test_what_is_wrong_is_found(corpus, capsys):
    """The check can fail: films that become something else than is asked of them, or show other pictures then."""
    [plain] = choose(["names/-x.mp4"], quick=False)
    make([plain], corpus)
    for wrong, sentence in [
        (Entry("names", "-x.mp4", plain.make, "refused"), "was to be refused and was read"),
        (Entry("names", "-x.mp4", plain.make, "warned", "cut short"), "does not say 'cut short'"),
        (Entry("names", "-x.mp4", plain.make, second_of=lambda number: number / 10), "wrong times: 1.000 s shows picture 25"),
    ]:
        assert any(sentence in fault for fault in check([wrong], corpus, screened=False))
    capsys.readouterr()


@pytest.mark.parametrize(("work", "trouble"), [
    (lambda: os.kill(os.getpid(), 9), "it was ended by signal 9"),
    (lambda: [][0], "a traceback: IndexError: list index out of range"),
    (lambda: os.read(os.pipe()[0], 1), "it hangs"),
])
def test_what_crashes_or_hangs_is_told_and_takes_nothing_with_it(work, trouble):
    assert run(work, limit=3.0).trouble == trouble
