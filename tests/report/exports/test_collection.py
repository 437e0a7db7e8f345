"""Many films in one folder of Parquet, read back in one line by pandas and by DuckDB."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import time as clock
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from screentime.errors import UserMistake
from screentime.report.exports.collection import Collection, folder_of
from screentime.report.exports.rows import rows
from screentime.schema import BOTH

NAMES = [
    "film.mp4", "it's \"Tom\" & Jerry.mp4", "a/b\\c.mp4", "Mäuse 老鼠 🐭.mp4", "100%25 [x] {y} *?.mp4", "a=b&c=d#e;.mp4",
    "2001", "__HIVE_DEFAULT_PARTITION__", "..", " spaces .mp4", "line\nbreak.mp4", "e\u0301.mp4", ".hidden",
]


def by_pandas(folder):
    return pd.read_parquet(folder)


def by_duckdb(folder):
    return duckdb.sql(f"from '{folder}/*/*.parquet'").df()


@pytest.fixture
def films(screen_time):
    """A film of each name, Tom in each for another time."""
    return [
        screen_time(("Tom", 0.0, 1.0 + at, 1.0, "labelled"), name=name, digest=f"{at:016x}")
        for at, name in enumerate(NAMES)
    ]


@pytest.mark.parametrize("read", [by_pandas, by_duckdb])
def test_every_name_comes_back(films, tmp_path, read):
    collection = Collection(tmp_path / "results")
    for film in films:
        collection.put(film)
    found = read(tmp_path / "results" / "appearances")
    assert dict(zip(found["name"], found["end"])) == {name: 1.0 + at for at, name in enumerate(NAMES)}
    named = dict(zip(found["name"], found["film"].astype(str)))
    assert named.pop("__HIVE_DEFAULT_PARTITION__") == "__HIVE_DEFAULT_PARTITION__-0000000000000007"
    assert all(name == film for name, film in named.items())


@pytest.mark.parametrize("read", [by_pandas, by_duckdb])
def test_the_totals_have_their_intervals(two, tmp_path, read):
    Collection(tmp_path).put(two)
    found = read(tmp_path / "totals").sort_values("character")
    expected = pd.DataFrame(rows([two], "totals")).rename(columns={"film": "name"}).sort_values("character")
    assert list(found.columns) == [*expected.columns, "film"]
    for column in ("name", "digest", "character", "seconds", "low", "high", "labels", "model"):
        assert found[column].astype(object).where(found[column].notna(), None).tolist() == (
            expected[column].astype(object).where(expected[column].notna(), None).tolist()
        )


@pytest.mark.parametrize("read", [by_pandas, by_duckdb])
def test_a_film_that_is_predicted_again_takes_its_own_place(two, screen_time, tmp_path, read):
    collection = Collection(tmp_path)
    other = screen_time(name=two.film.name, digest="f" * 16)
    for time in (two, other, replace(two, version="v004-def")):
        collection.put(time)
    found = read(tmp_path / "totals")
    # Another film of the same name stays.
    assert set(zip(found["digest"], found["model"])) == {("0123456789abcdef", "v004-def"), ("f" * 16, "v003-abc")}
    assert len(found) == 2 * len(two.estimates) and BOTH in set(found["character"])


def tables(folder):
    return sorted(str(file.relative_to(folder)) for what in ("appearances", "totals") for file in (folder / what).rglob("*"))


def test_a_film_of_another_name_is_there_once(two, screen_time, tmp_path):
    other = screen_time(name=two.film.name, digest="f" * 16)
    for time in (two, other):
        Collection(tmp_path).put(time)
    collection = Collection(tmp_path)
    for name in ("renamed.mp4", "renamed again.mp4", "renamed again.mp4"):
        collection.put(replace(two, film=replace(two.film, name=name)))
    assert [name for name in tables(tmp_path) if name.endswith(".parquet")] == [
        f"{what}/film={name}/{digest}.parquet"
        for what in ("appearances", "totals")
        for name, digest in (("film.mp4", "f" * 16), ("renamed again.mp4", "0123456789abcdef"))
    ]
    assert not (tmp_path / "totals/film=renamed.mp4").exists()  # no empty folder is left of a name
    found = by_pandas(tmp_path / "totals")
    assert found.groupby("character").seconds.sum()["Tom"] == two.estimates["Tom"].seconds + other.estimates["Tom"].seconds


@pytest.mark.parametrize("page", ["README.md", "docs/many-films.md"])
@pytest.mark.parametrize("reader", ["pandas", "duckdb"])
def test_the_lines_of_the_pages_count_a_film_once(screen_time, tmp_path, page, reader):
    """Also where a command was killed before it removed what another name had."""
    root = Path(__file__).parents[3]
    time = screen_time(digest="1" * 16)
    for folder, name in (("results", "old.mp4"), ("later", "new.mp4")):
        Collection(tmp_path / folder).put(replace(time, film=replace(time.film, name=name)))
    shutil.copytree(tmp_path / "later", tmp_path / "results", dirs_exist_ok=True)
    Collection(tmp_path / "results").put(screen_time(name="b.mp4", digest="2" * 16))
    [line] = re.findall(rf'^    (python -c "import {reader};.*results/totals.*")$', (root / page).read_text(), re.M)
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(line, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    [tom] = [row for row in done.stdout.splitlines() if "Tom" in row]
    assert "25.0" in tom  # 12.5 s of each of the two


@pytest.mark.parametrize("read", [by_pandas, by_duckdb])
def test_what_a_killed_command_left_is_not_read(two, tmp_path, read):
    Collection(tmp_path).put(two)
    (tmp_path / ".parts" / ".writing-abc-totals.parquet").touch()
    (tmp_path / ".parts" / "totals-0123456789abcdef.parquet").write_bytes(b"half")
    assert len(read(tmp_path / "totals")) == len(two.estimates)
    Collection(tmp_path).put(two)
    assert list((tmp_path / "totals").rglob("*.parquet")) == [tmp_path / "totals/film=film.mp4/0123456789abcdef.parquet"]


def put_again_and_again(folder, film, names):
    collection, until, count = Collection(folder), clock.monotonic() + 3, 0
    while clock.monotonic() < until:
        collection.put(replace(film, film=replace(film.film, name=names[count % len(names)])))
        count += 1


@pytest.mark.parametrize("names", [
    [["film.mp4"], ["film.mp4"]], [["one.mp4", "another.mp4"], ["another.mp4", "one.mp4"]],
])
def test_two_commands_may_meet_at_a_film(two, tmp_path, names):
    spawn = multiprocessing.get_context("spawn")  # the tests' own threads do not live on in a fork
    commands = [spawn.Process(target=put_again_and_again, args=(tmp_path, two, own)) for own in names]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert [command.exitcode for command in commands] == [0, 0]
    assert by_pandas(tmp_path / "totals").drop_duplicates(["digest", "character"])["character"].nunique() == len(two.estimates)
    assert list((tmp_path / ".parts").iterdir()) == []


@pytest.mark.parametrize("letter", ["a", "ä", "老", "/", "🐭"])
def test_a_long_name_is_cut_and_told_apart(two, tmp_path, letter):
    long = replace(two, film=replace(two.film, name=letter * 255))
    Collection(tmp_path).put(long)
    [folder] = (tmp_path / "totals").iterdir()
    assert folder.name == folder_of(letter * 255, two.film.digest) and folder.name.endswith("-0123456789abcdef")
    assert len(folder.name.encode()) <= 255
    assert set(by_pandas(tmp_path / "totals")["name"]) == {letter * 255}


def test_a_name_leads_nowhere_else():
    assert folder_of("../../etc/passwd", "d") == "film=..%2F..%2Fetc%2Fpasswd"


def test_a_project_keeps_its_own_folders(two, tmp_path):
    (tmp_path / "screentime.toml").touch()
    with pytest.raises(UserMistake, match="belongs to the project"):
        Collection(tmp_path / "frames")
    Collection(tmp_path / "results").put(two)
    (tmp_path / "file").touch()
    with pytest.raises(UserMistake, match="file is a file. Name a folder, which may be new."):
        Collection(tmp_path / "file")
