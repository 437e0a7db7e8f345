"""Frames on disk, whole films at a time; the table; and which files are films."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.errors import ConfigError, FilmError, ScreentimeError
from screentime.records import Frame
from screentime.video.frames import extract, find_films, read_table, write_table
from screentime.video.reader import digest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def plain(studio):
    return studio.film("plain.mp4", 250, 25, "-g", "50")


def tree(root: Path) -> dict[str, int]:
    """Every file below, with when it was written."""
    return {str(f.relative_to(root)): f.stat().st_mtime_ns for f in root.rglob("*") if f.is_file()}


def test_frames_are_written_with_their_names_times_and_pictures(studio, plain, tmp_path):
    seen = []
    film, frames = extract(plain, tmp_path, fps=1, progress=lambda *at: seen.append(at))
    known = digest(plain)
    assert (film.digest, film.name, film.path, film.frames) == (known, "plain.mp4", str(plain), 10)
    for k, frame in enumerate(frames):
        file = f"frames/plain-{known[:8]}/{1000 * k:09d}.jpg"
        assert frame == Frame(f"{known}-{k * 1000:09d}", file, k, float(k), "plain.mp4", frame.shot)
        assert studio.number_in(cv2.imread(str(tmp_path / file))) == 25 * k
    assert seen == [(float(k), 10.0) for k in range(10)]
    assert sorted(os.listdir(tmp_path / "frames")) == [f"plain-{known[:8]}"]


def test_frames_know_their_shots(studio, tmp_path):
    path = studio.folder / "two-shots.mp4"
    # The second shot begins between two samples, the third at a sample.
    colours = [("darkred", 2.5), ("lightyellow", 2.5), ("darkred", 2)]
    sources = [part for colour, length in colours
               for part in ("-f", "lavfi", "-i", f"color={colour}:size=160x96:rate=12:duration={length}")]
    studio.ffmpeg(*sources, "-filter_complex", "concat=n=3", "-pix_fmt", "yuv420p", path)
    for _ in range(2):
        _, frames = extract(path, tmp_path, fps=1)
        assert [frame.shot for frame in frames] == [0, 0, 0, 1, 1, 2, 2]
    folder = (tmp_path / frames[0].file).parent
    assert (folder / "shots.json").read_text() == "[0, 0, 0, 1, 1, 2, 2]\n"


@pytest.mark.parametrize("content", [None, "", "[0, 0]", "{}", str([-1] * 10), str([0.5] * 10)])
def test_a_folder_that_does_not_tell_the_shots_is_made_again(plain, tmp_path, content):
    first = extract(plain, tmp_path, fps=1)
    file = (tmp_path / first[1][0].file).parent / "shots.json"
    known = file.read_text()
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert extract(plain, tmp_path, fps=1) == first
    assert file.read_text() == known


def test_a_second_time_does_no_work(plain, tmp_path):
    first = extract(plain, tmp_path, fps=1)
    before, seen = tree(tmp_path), []
    assert extract(plain, tmp_path, fps=1.0, progress=lambda *at: seen.append(at)) == first
    assert tree(tmp_path) == before and seen == []


@pytest.mark.parametrize("other", [{"fps": 2}, {"fps": 1, "quality": 50}, {"fps": 1, "max_height": 48}])
def test_other_options_replace_the_folder(plain, tmp_path, other):
    extract(plain, tmp_path, fps=1)
    before = tree(tmp_path)
    film, frames = extract(plain, tmp_path, **other)
    folders = os.listdir(tmp_path / "frames")
    files = os.listdir(tmp_path / "frames" / folders[0])
    assert len(folders) == 1 and len(files) == film.frames + 2 == len(frames) + 2
    assert all(tree(tmp_path)[name] != written for name, written in before.items())


@pytest.mark.parametrize("name", ["film.json", "shots.json", "000003000.jpg"])
@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"")])
def test_a_damaged_folder_is_made_again(plain, tmp_path, name, harm):
    _, frames = extract(plain, tmp_path, fps=1)
    folder = (tmp_path / frames[0].file).parent
    harm(folder / name)
    assert extract(plain, tmp_path, fps=1)[1] == frames
    assert (folder / name).stat().st_size > 0


def test_a_killed_extraction_is_never_taken_for_a_whole_one(studio, tmp_path):
    path = studio.film("plain.mp4", 250, 25, "-g", "50")
    script = (
        "import sys, time\n"
        "from screentime.video.frames import extract\n"
        "extract(sys.argv[1], sys.argv[2], fps=1, progress=lambda *_: (print(flush=True), time.sleep(9)))\n"
    )
    command = [sys.executable, "-c", script, str(path), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as process:
        process.stdout.readline()
        process.kill()
    assert len(os.listdir(tmp_path / "frames")) == 1
    assert os.listdir(tmp_path / "frames")[0].startswith(".part-")
    _, frames = extract(path, tmp_path, fps=1)
    assert len(frames) == 10
    assert [name.startswith(".") for name in os.listdir(tmp_path / "frames")] == [False]


def test_a_kill_between_the_two_renames_brings_the_old_folder_back(plain, tmp_path):
    first = extract(plain, tmp_path, fps=1)
    folder = (tmp_path / first[1][0].file).parent
    before = tree(folder)
    folder.rename(folder.with_name(f".old-{folder.name}"))
    folder.with_name(f".part-{folder.name}").mkdir()
    assert extract(plain, tmp_path, fps=1) == first
    assert tree(folder) == before
    assert os.listdir(tmp_path / "frames") == [folder.name]


def test_a_failure_leaves_the_frames_that_were_there(plain, tmp_path):
    first = extract(plain, tmp_path, fps=1)
    before = tree(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    with pytest.raises(ScreentimeError, match="plain.mp4 cannot be written .* No space left on device. See"):
        extract(plain, tmp_path, fps=2, progress=full)
    assert tree(tmp_path) == before
    assert extract(plain, tmp_path, fps=1) == first


def test_a_film_that_cannot_be_read_leaves_nothing(tmp_path):
    (tmp_path / "text.mp4").write_text("hello\n")
    with pytest.raises(FilmError, match="text.mp4 holds no pictures"):
        extract(tmp_path / "text.mp4", tmp_path / "work", fps=1)
    assert not (tmp_path / "work").exists()


def test_what_is_missing_is_said_every_time(studio, plain, tmp_path):
    cut = studio.spoil("short.mp4", plain, lambda content: content.__delitem__(slice(len(content) // 2, None)))
    said = []
    for _ in range(2):
        extract(cut, tmp_path, fps=1, warn=said.append)
    assert len(said) == 2 and said[0] == said[1]
    assert said[0].startswith("short.mp4 is cut short: ") and said[0].endswith(" of 10.0 s could be read.")


def test_a_renamed_film_keeps_its_uids(plain, tmp_path):
    other = tmp_path / "other.mp4"
    other.write_bytes(plain.read_bytes())
    first, second = (extract(path, tmp_path, fps=1) for path in (plain, other))
    assert [frame.uid for frame in first[1]] == [frame.uid for frame in second[1]]
    assert {frame.film for frame in second[1]} == {"other.mp4"}


@pytest.mark.parametrize("options", [
    {"fps": 0}, {"fps": 1, "quality": 0}, {"fps": 1, "quality": 101}, {"fps": 1, "max_height": 0},
])
def test_impossible_options_are_refused(plain, tmp_path, options):
    with pytest.raises(ConfigError):
        extract(plain, tmp_path, **options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("stem", ["it's \"odd\"", "a\nb", "=1+1", "<script>", "-x", ".."])
def test_films_with_odd_names_are_extracted_and_listed(plain, tmp_path, stem):
    path = tmp_path / f"{stem}.mp4"
    path.write_bytes(plain.read_bytes())
    _, frames = extract(path, tmp_path / "work", fps=0.5)
    assert all((tmp_path / "work" / frame.file).is_file() for frame in frames)
    write_table(tmp_path / "frames.csv", frames)
    assert read_table(tmp_path / "frames.csv") == frames


def frame(film="film.mp4", index=0, second=0.0, shot=0):
    uid = f"{'0123456789abcdef'}-{round(second * 1000):09d}"
    return Frame(uid, f"frames/film-01234567/{index:06d}.jpg", index, second, film, shot)


def test_the_table_is_plain_csv(tmp_path):
    write_table(tmp_path / "frames.csv", [frame(second=1.001, shot=7)])
    assert (tmp_path / "frames.csv").read_bytes() == (
        b"uid,file,index,second,film,shot\n"
        b'"0123456789abcdef-000001001","frames/film-01234567/000000.jpg",0,1.001,"film.mp4",7\n'
    )


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.lists(
    st.tuples(NAMES, st.floats(0, 1e5), st.integers(0, 2**63 - 1)), max_size=5,
    unique_by=lambda row: round(row[1] * 1000),
))
def test_the_table_gives_back_what_was_written(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    frames = [frame(film, index, second, shot) for index, (film, second, shot) in enumerate(rows)]
    write_table(path, frames)
    assert read_table(path) == frames


@pytest.mark.parametrize("film", ["=1+1.mp4", "+x", "-x", "@x", "\tx", "\rx", "'x", "'=x", "''"])
def test_no_name_starts_a_formula(tmp_path, film):
    path = tmp_path / "frames.csv"
    write_table(path, [frame(film)])
    cell = path.read_bytes().decode().split(",")[-2]
    assert cell == f"\"'{film}\""
    assert [row.film for row in read_table(path)] == [film]


HEAD = "uid,file,index,second,film,shot"
GOOD = "0123456789abcdef-000001000,frames/f/000001.jpg,1,1.0,film.mp4,3"
DAMAGE = {
    "columns": (GOOD.rsplit(",", 1)[0], "it has 5 columns instead of 6"),
    "uid": (GOOD.replace("0123", "zzzz"), "'zzzz456789abcdef-000001000' is no frame's uid"),
    "outside": (GOOD.replace("frames/f", "frames/../.."), "is no file of the workspace"),
    "absolute": (GOOD.replace("frames/f", "/etc"), "is no file of the workspace"),
    "index": (GOOD.replace(",1,", ",-1,"), "the index '-1' is no whole number"),
    "second": (GOOD.replace("1.0", "nan"), "the second 'nan' is no time"),
    "no number": (GOOD.replace("1.0", "one"), "the second 'one' is no time"),
    "shot": (GOOD.replace(",3", ",-3"), "the shot '-3' is no whole number"),
    "no shot": (GOOD.replace(",3", ","), "the shot '' is no whole number"),
    "quote": (GOOD.replace("1000,", "2000,") + '\n"', "unexpected end of data"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_row_is_told_with_its_line(tmp_path, kind):
    row, reason = DAMAGE[kind]
    path = tmp_path / "frames.csv"
    path.write_text(f"{HEAD}\n{GOOD}\n{row}\n")
    with pytest.raises(ScreentimeError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path} is damaged at line ")
    assert f"at line {4 if kind == 'quote' else 3}: " in str(caught.value)
    assert reason in str(caught.value) and "screentime extract" in caught.value.remedy


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "is damaged at line 1: its columns should be uid,file,index,second,film,shot"),
    (b"a,b\n", "is damaged at line 1"),
    (b"uid,file,index,second\n", "is damaged at line 1"),
    (b"\xff\xfe", "cannot be read"),
    (None, "cannot be read"),
])
def test_a_table_that_is_none(tmp_path, content, reason):
    path = tmp_path / "frames.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScreentimeError, match=reason):
        read_table(path)


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "frames.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEAD}\n{GOOD}\n".replace("\n", "\r\n").encode())
    assert [row.film for row in read_table(path)] == ["film.mp4"]


def test_an_older_table_without_shots_is_read(tmp_path):
    path = tmp_path / "frames.csv"
    row = GOOD.removesuffix(",3")
    older = f"{HEAD.removesuffix(',shot')}\n{row}\n{row.replace('1000,', '2000,')}\n"
    path.write_text(older)
    assert [(row.film, row.shot) for row in read_table(path)] == [("film.mp4", 0)] * 2
    path.write_text(f"{older}{GOOD}\n")
    with pytest.raises(ScreentimeError, match="is damaged at line 4: it has 6 columns instead of 5"):
        read_table(path)


def test_films_of_folders_and_single_ones(tmp_path):
    names = ["b.MP4", "a.mkv", ".hidden.mp4", "._a.mkv", "notes.txt", "c.webm", "odd"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.mp4").mkdir()
    assert [film.name for film in find_films([tmp_path])] == ["a.mkv", "b.MP4", "c.webm"]
    (tmp_path / "link").symlink_to(tmp_path / "b.MP4")
    named = find_films([tmp_path / "odd", tmp_path / "c.webm", tmp_path, tmp_path / "link"])
    assert [film.name for film in named] == ["odd", "c.webm", "a.mkv", "b.MP4"]
    assert all(film.is_absolute() for film in named)


def test_no_films_are_told_in_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FilmError, match=r"The folder .* has no film in it. Name another .* \.mp4 "):
        find_films([tmp_path])
    with pytest.raises(FilmError, match="The film none.mp4 does not exist. See that its path is right."):
        find_films([tmp_path / "none.mp4"])
    with pytest.raises(FilmError, match="No film is named. Name a film file, or a folder of films."):
        find_films([])


def test_importing_the_rooms_stays_instant():
    code = "import sys, screentime.video.frames; sys.exit(any(m in sys.modules for m in ('cv2', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


def test_a_picture_that_is_wider_than_a_jpeg_file_can_be_is_made_smaller(studio, tmp_path):
    wide = studio.film("wide.mp4", 3, 1, "-vf", "scale=8000:16,setsar=10")
    _, [first, *_] = extract(wide, tmp_path, fps=1.0, quality=90)
    height, width, _ = cv2.imread(str(tmp_path / first.file)).shape
    assert (width, height) == (65_500, 13)


def test_a_table_that_has_a_frame_twice_is_damaged(tmp_path):
    row = '"0123456789abcdef-000000000","frames/a/000000000.jpg",0,0.0,"a.mp4",0\n'
    (tmp_path / "frames.csv").write_text("uid,file,index,second,film,shot\n" + row + row)
    with pytest.raises(ScreentimeError) as caught:
        read_table(tmp_path / "frames.csv")
    assert str(caught.value) == (
        f"{tmp_path}/frames.csv is damaged at line 3: 0123456789abcdef-000000000 stands there twice."
        " Run `screentime extract`: it writes the table again."
    )
