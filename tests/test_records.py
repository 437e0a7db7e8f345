import pytest

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
