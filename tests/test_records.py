import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.records import Frame, frame_uid, timecode


@pytest.mark.parametrize(
    ("second", "text"), [(0, "0:00:00.000"), (62.5, "0:01:02.500"), (3599.9996, "1:00:00.000"), (36000.04, "10:00:00.040")]
)
def test_timecodes(second, text):
    assert timecode(second) == text


def test_a_uid_names_content_and_milliseconds_and_gives_the_digest_back():
    uid = frame_uid("0123456789abcdef", 61.0395)
    assert uid == "0123456789abcdef-000061040"
    assert Frame(uid, "frames/x/000061040.jpg", 61, 61.0395, "x.mp4").digest == "0123456789abcdef"


def test_a_frame_of_a_film_without_cuts_is_of_its_first_shot():
    assert Frame("0123456789abcdef-000061040", "frames/x/000061040.jpg", 61, 61.0395, "x.mp4").shot == 0


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_times_read_back_to_the_millisecond_and_keep_their_order(one, other):
    def seconds(text):
        hours, minutes, rest = text.split(":")
        assert len(minutes) == 2 and int(minutes) < 60 and len(rest) == 6 and float(rest) < 60
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    assert seconds(timecode(one)) == pytest.approx(one, abs=0.00051)
    uids = [frame_uid("0123456789abcdef", second) for second in (one, other)]
    assert int(uids[0].partition("-")[2]) / 1000 == pytest.approx(one, abs=0.00051)
    assert all(re.fullmatch("[0-9a-f]{16}-[0-9]{9,}", uid) for uid in uids)
    if max(one, other) < 999_999 and abs(one - other) > 0.001:  # up to eleven days text sorts as time does
        assert (uids[0] < uids[1]) == (one < other)
