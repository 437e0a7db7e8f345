"""Names that may hold anything as names of files and reels."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.report.exports.names import CHARACTER_BYTES, file_part, one_line, reel, unique


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("episode 1", "episode 1"), ("Zwölf Äpfel", "Zwölf Äpfel"), ("../../etc/passwd", "etc_passwd"),
        ("a/b\\c:d", "a_b_c_d"), ("line\nbreak", "line_break"), ("--out", "out"), (".hidden", "hidden"),
        ('say "hi" & \'bye\'', "say _hi_ _ _bye"), ("dots...", "dots"), ("猫と鼠", "猫と鼠"), ("?", "film"), ("", "film"),
        ("a\u202eb", "a_b"), ("u\u0308", "ü"), ("x" * 255, "x" * 140), ("猫" * 85, "猫" * 46),
    ],
)
def test_a_file_s_name(text, name):
    assert file_part(text).rstrip("_") == name


@given(st.text(max_size=300))
def test_whatever_a_film_is_called_its_file_is_safe(text):
    name = file_part(text)
    assert 0 < len(name.encode()) <= 140
    assert name[0] not in ".-_ " and name[-1] not in ". "
    assert not set(name) & set("/\\:*?\"<>|'`$\0\n\r") and name.isprintable()
    assert len(f"{name}-{file_part(text, CHARACTER_BYTES)}-1000.parquet".encode()) <= 255


def test_names_that_differ_in_capitals_alone_are_two():
    taken = set()
    assert [unique(name, taken) for name in ("Film", "film", "film-2", "other")] == ["Film", "film-2", "film-2-2", "other"]


@pytest.mark.parametrize(
    ("film", "name"),
    [
        ("episode.one", "EPISODEO"), ("Zwölf", "ZWOLF"), ("猫", "FILM"), ("", "FILM"), ("bl", "FILMBL"), ("ax", "FILMAX"),
        ("a b/c\n1", "ABC1"),
    ],
)
def test_a_reel_s_name(film, name):
    assert reel(film, set()) == name


def test_the_parts_of_a_series_have_reels_of_their_own():
    taken = set()
    found = [reel(f"Tom and Jerry {number}", taken) for number in range(12)]
    assert found[:3] == ["TOMANDJE", "TOMANDJ2", "TOMANDJ3"] and found[-1] == "TOMAND12"
    assert len(set(found)) == 12 and all(re.fullmatch("[A-Z0-9]{8}", one) for one in found)


def test_one_line():
    assert one_line("a\nb\r\x1b[31mc\u2028d ") == "a b  [31mc d"
