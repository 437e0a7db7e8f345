"""Chapters and captions, as text and as a real browser reads them."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading

import imageio_ffmpeg
import pysubs2
import pytest

from screentime.report.exports.captions import srt, webvtt

ODD = ("Tom & <b>Co</b>", "a --> b", "{\\an8}Spike", "&amp; \\N é猫")


@pytest.fixture
def odd(screen_time):
    """Characters whose names mean something to WebVTT or SRT, and a film's that breaks lines."""
    found = [(name, start, start + 1.5, 1.0, "labelled") for name, start in zip(ODD, (0.0, 1.0, 2.0, 3599.25))]
    return screen_time(*found, characters=ODD, seconds=3601.0, name="a --> \nb.mp4")


def test_chapters_word_for_word(two):
    assert webvtt(two) == (
        "WEBVTT\n\nNOTE film.mp4: who is on screen; v003-abc\n\n"
        "1\n00:00:00.000 --> 00:00:02.000\nTom\n\n"
        "2\n00:00:02.000 --> 00:00:04.000\nTom, Jerry\n\n"
        "3\n00:00:04.000 --> 00:00:06.500\nJerry\n\n"
        "4\n00:00:10.000 --> 00:00:12.000\nTom\n"
    )


def test_captions_word_for_word(two):
    assert srt(two) == (
        "1\n00:00:00,000 --> 00:00:02,000\nTom\n\n2\n00:00:02,000 --> 00:00:04,000\nTom, Jerry\n\n"
        "3\n00:00:04,000 --> 00:00:06,500\nJerry\n\n4\n00:00:10,000 --> 00:00:12,000\nTom\n\n"
    )


def test_times_are_rounded_to_the_millisecond_and_nothing_is_left_of_less(screen_time):
    time = screen_time(
        ("Tom", 1001 / 24000, 1.9996, 1.0, "mixed"), ("Tom", 5.0001, 5.0004, 1.0, "reviewed"), ("Tom", 359999.0, 360000.5, 1.0, "mixed"),
        seconds=400000.0,
    )
    assert [line for line in webvtt(time).splitlines() if "-->" in line] == [
        "00:00:00.042 --> 00:00:02.000", "99:59:59.000 --> 100:00:00.500",
    ]


def test_nobody_is_no_chapter(screen_time):
    assert webvtt(screen_time()) == "WEBVTT\n\nNOTE film.mp4: who is on screen; v003-abc\n"
    assert srt(screen_time()) == ""


def test_another_library_reads_the_captions(odd):
    read = pysubs2.SSAFile.from_string(srt(odd), format_="srt")
    assert [(event.start, event.end, event.plaintext) for event in read] == [
        (0, 1000, "Tom & ‹b›Co‹/b›"), (1000, 1500, "Tom & ‹b›Co‹/b›, a --› b"), (1500, 2000, "a --› b"),
        (2000, 2500, "a --› b, (\\an8)Spike"), (2500, 3500, "(\\an8)Spike"), (3599250, 3600750, "&amp; \\N é猫".replace("\\N", "\n")),
    ]


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".vtt": "text/vtt"}

    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path):
    """A folder and the address at which it is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


PAGE = """<!doctype html><video muted src="film.webm"><track kind="chapters" default src="film.vtt" srclang="en"></video>"""
CUES = """async () => {
    const element = document.querySelector('track');
    element.track.mode = 'hidden';
    if (element.readyState !== 2) await new Promise((done, fail) => { element.onload = done; element.onerror = fail; });
    return [...element.track.cues].map(c => [c.id, c.startTime, c.endTime, c.text, c.getCueAsHTML().textContent]);
}"""
# The little server answers no ranges, without which a browser cannot seek.
LOAD = """async () => {
    const video = document.querySelector('video');
    video.src = URL.createObjectURL(await (await fetch('film.webm')).blob());
    await new Promise(done => { video.oncanplaythrough = done; });
}"""
SEEK = "second => { document.querySelector('video').currentTime = second; }"
SHOWN = """([second, text]) => {
    const video = document.querySelector('video');
    return !video.seeking && video.currentTime === second
        && [...document.querySelector('track').track.activeCues].map(c => c.text).join('|') === text;
}"""


def test_a_browser_reads_every_chapter(page, site, odd, two):
    folder, address = site
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=red:size=64x48:rate=5:duration=13",
         "-c:v", "libvpx", str(folder / "film.webm")], check=True,
    )
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "film.vtt").write_text(webvtt(two), "utf-8")
    page.goto(address)
    assert page.evaluate(CUES) == [
        ["1", 0, 2, "Tom", "Tom"], ["2", 2, 4, "Tom, Jerry", "Tom, Jerry"], ["3", 4, 6.5, "Jerry", "Jerry"],
        ["4", 10, 12, "Tom", "Tom"],
    ]
    # What the page shows of them while the film plays.
    page.evaluate(LOAD)
    for second, text in ((1, "Tom"), (3, "Tom, Jerry"), (5, "Jerry"), (8, ""), (11, "Tom")):
        page.evaluate(SEEK, second)
        page.wait_for_function(SHOWN, arg=[second, text], timeout=20_000)

    (folder / "odd.html").write_text(PAGE.replace("film.vtt", "odd.vtt"), "utf-8")
    (folder / "odd.vtt").write_text(webvtt(odd), "utf-8")
    page.goto(f"{address}/odd.html")
    spoken = [ODD[0], f"{ODD[0]}, {ODD[1]}", ODD[1], f"{ODD[1]}, {ODD[2]}", ODD[2], ODD[3]]
    cues = page.evaluate(CUES)
    assert [(cue[1], cue[2]) for cue in cues] == [
        (0, 1), (1, 1.5), (1.5, 2), (2, 2.5), (2.5, 3.5), (3599.25, 3600.75),
    ]
    assert [cue[4] for cue in cues] == spoken
