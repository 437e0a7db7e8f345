"""A model whose numbers have many digits, and drawn films whose frames lean on one another over long stretches."""

from __future__ import annotations

import subprocess
import tempfile

import imageio_ffmpeg
import numpy as np
import pytest

from screentime.model.backbone import open_backbone
from screentime.model.classifier import load, save
from screentime.model.head import Head
from screentime.model.shift import Reference

# Two scenes that move, with a cut at 7.3 s, where no part of eight samples begins.
MOVING = (
    "testsrc2=s=192x108:r=25:d=7.3[a];mandelbrot=s=192x108:r=25:end_pts=400,trim=duration=5.7[b];"
    "[a][b]concat,format=yuv420p"
)
VARIABLE = f"{MOVING},select='not(mod(n,7)*between(n,30,90))*not(between(n,200,240))'"
FILMS = {
    "closed.mp4": ["-c:v", "libx264", "-g", "25", "-bf", "3"],
    "open groups.mkv": ["-c:v", "libx264", "-g", "75", "-bf", "3", "-x264-params", "open-gop=1:bframes=3:b-adapt=0"],
    "one key.mp4": ["-c:v", "libx264", "-g", "9999", "-sc_threshold", "0"],
    "vfr.mp4": ["-c:v", "libx264", "-g", "48", "-bf", "2", "-fps_mode", "vfr"],
    "hevc.mp4": ["-c:v", "libx265", "-x265-params", "keyint=50:open-gop=1:log-level=error", "-tag:v", "hvc1"],
    "vp9.webm": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "47"],
    "mpeg2.mpg": ["-c:v", "mpeg2video", "-g", "15", "-bf", "2"],
    "joined.avi": ["-c:v", "mpeg4", "-g", "30", "-bf", "2"],
}


def draw(path, *options, scene=MOVING):
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-filter_complex", scene, "-threads", "1", *options, str(path)
    ]
    subprocess.run(command, check=True, timeout=60)
    return path


@pytest.fixture(scope="session")
def moving(tmp_path_factory):
    """``moving(name)`` draws one of `FILMS` once."""
    folder = tmp_path_factory.mktemp("moving")

    def film(name):
        path = folder / name
        return path if path.exists() else draw(path, *FILMS[name], scene=VARIABLE if name == "vfr.mp4" else MOVING)

    return film


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    """A model on the builtin backbone with a head drawn at random, sampling five frames a second."""
    backbone = open_backbone("builtin", "tiles")
    rng = np.random.default_rng(3)
    pictures = rng.random((2, backbone.view.short_side, backbone.view.short_side * 16 // 9, 3), np.float32)
    embeddings = backbone.embed(pictures)
    size = embeddings.shape[1]
    head = Head(
        embeddings.mean(axis=0), 0.05, rng.normal(0, 0.5, (size, 2)).astype(np.float32),
        np.array([0.1, -0.2], np.float32), "sigmoid",
    )
    known = rng.random((40, size)).astype(np.float32)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    folder = tmp_path_factory.mktemp("models") / "v005-0123456789ab"
    folder.mkdir()
    save(folder, backbone.portable, backbone.view, head, {
        "version": folder.name, "mode": "multi", "characters": ["Tom", "Jerry"], "fps": 5.0, "smoothing": 0.3,
        "short_side": backbone.view.short_side, "backbone": {}, "round": {},
    }, Reference(known.astype(np.float16), 0.45))
    return folder


@pytest.fixture(scope="session")
def model(model_folder):
    return load(model_folder)


@pytest.fixture(scope="session")
def long_film(tmp_path_factory):
    """A minute and a half that takes a worker some seconds."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return draw(path, "-c:v", "libx264", "-preset", "ultrafast", "-g", "110", "-bf", "2", scene="testsrc2=s=320x180:r=25:d=90,format=yuv420p")


@pytest.fixture(scope="session")
def longer_film(tmp_path_factory):
    """So long that a test which stands still for a second does not find a worker done with it."""
    path = tmp_path_factory.mktemp("longer") / "longer.mp4"
    return draw(path, "-c:v", "libx264", "-preset", "ultrafast", "-g", "110", "-bf", "2", scene="testsrc2=s=320x180:r=25:d=400,format=yuv420p")


@pytest.fixture(scope="session")
def films(moving, tmp_path_factory):
    """A folder of films: fine ones, one of a variable rate, one that is none, and one with a hole in it."""
    folder = tmp_path_factory.mktemp("folder")
    for name in ("closed.mp4", "vfr.mp4", "open groups.mkv", "joined.avi"):
        (folder / name).write_bytes(moving(name).read_bytes())
    content = bytearray(moving("closed.mp4").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    (folder / "hole.mp4").write_bytes(content)
    (folder / "none.mp4").write_text("no film")
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("SCREENTIME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# A module's, and no session's: other tests look at what all processes of this one listen to.
@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Address of a cluster of two machines on this one, a core each."""
    from screentime.cluster.connecting import STORE_BYTES, ray_itself

    ray_itself()
    from ray.cluster_utils import Cluster

    one = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        # Other runs on this machine keep to their own cores: workers of this one have their own locks. Ray itself
        # stays where it was, since names of sockets must be short.
        patch.setenv("RAY_TMPDIR", tempfile.gettempdir())
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
        cluster = Cluster(initialize_head=True, head_node_args=one)
        cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    yield cluster.address
    cluster.shutdown()
