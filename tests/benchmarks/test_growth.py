"""The points of the plot, and the plot."""

from scripts.benchmarks.growth import apart, grown, plot


def test_the_points_are_those_of_rows_that_were_measured_whole():
    results = {
        "predict, 30 frames, time": 1.0, "predict, 30 frames, peak memory": 200.0,
        "predict, 300 frames, time": 4.0,
        "push, 1,000 frames, time": 3.0, "push, 1,000 frames, peak memory": 150.0,
        "decode 360p": 9.0,
    }
    assert grown(results) == {"predict": {30: (1.0, 200.0)}, "push": {1000: (3.0, 150.0)}}


def test_the_plot_is_a_picture(tmp_path):
    import cv2

    points = {"predict": {30: (1.0, 200.0), 300: (4.0, 210.0)}, "sync": {100: (3.0, 300.0)}}
    plot(points, tmp_path / "growth.png")
    picture = cv2.imread(str(tmp_path / "growth.png"))
    assert picture.shape[1] > 1000
    # Both colours are there: #0072B2 and #009E73, blue first as OpenCV has it.
    for colour in ([0xB2, 0x72, 0x00], [0x73, 0x9E, 0x00]):
        assert (picture == colour).all(axis=2).sum() > 50


def test_figures_at_the_lines_ends_that_would_lie_on_one_another_are_moved_apart():
    assert apart([(3000, 50.0), (10_000, 55.0), (10_000, 48.0)]) == [
        ((3000, 50.0), 0), ((10_000, 55.0), 7), ((10_000, 48.0), -7),
    ]
    assert apart([(10_000, 90.0), (10_000, 48.0)]) == [((10_000, 90.0), 0), ((10_000, 48.0), 0)]
