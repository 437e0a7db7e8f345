"""Cells that no spreadsheet takes for a formula, and that read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.cells import FORMULA_STARTS, bare, guarded


@pytest.mark.parametrize(("text", "cell"), [
    ("=1+1", "'=1+1"), ("+x", "'+x"), ("-Tom", "'-Tom"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"), ("＝1", "'＝1"),
    ("'=1", "''=1"), ("''-", "'''-"), ("'Arry", "'Arry"), ("Tom", "Tom"), ("a=b-c", "a=b-c"), ("", ""), ("'", "'"),
])
def test_an_apostrophe_goes_before_what_starts_a_formula_and_nothing_else(text, cell):
    assert guarded(text) == cell
    assert bare(cell) == text


@given(st.text(st.sampled_from("'=+-@\t\r\nab＝"), max_size=6))
def test_every_text_reads_back_and_none_starts_a_formula(text):
    assert bare(guarded(text)) == text
    assert not guarded(text).startswith(FORMULA_STARTS)
