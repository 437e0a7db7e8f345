"""What is wrong with a machine, made for real."""

import os
import subprocess
import sys
import time
from importlib import metadata

import pytest

from screentime.doctor.finding import Finding
from screentime.doctor.sizes import EMBEDDING_BYTES, FRAME_BYTES, needed
from screentime.projects import begin


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages that goes before the others."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def installed(site, name, version):
    """What pip leaves of a package."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")


def test_all_is_well_here(examine, tmp_path):
    python = ".".join(map(str, sys.version_info[:3]))
    assert examine(tmp_path, "Python") == Finding("Python", "ok", f"{python} in {sys.prefix}.")
    assert examine(tmp_path, "Packages").state == "ok"
    assert examine(tmp_path, "OpenCV").sentence == "the headless wheel alone."


def test_another_opencv_beside_the_headless_one(examine, tmp_path, site):
    installed(site, "opencv-python", "4.12.0.88")
    found = examine(tmp_path, "OpenCV")
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == "opencv-python lies beside opencv-python-headless: both fill one folder, and either may break."
    kept = metadata.version("opencv-python-headless")
    assert found.fix == (
        f"`{sys.executable} -m pip uninstall opencv-python`, then `{sys.executable} -m pip install --force-reinstall"
        f" --no-deps opencv-python-headless=={kept}`."
    )


def test_a_package_that_does_not_fit(examine, tmp_path, site):
    installed(site, "setuptools", "83.0.0")
    found = examine(tmp_path, "Packages")
    assert (found.sentence, found.code) == ("setuptools is 83.0.0 and <81 is demanded.", 2)
    assert found.fix == "Run scripts/setup again: it puts the right ones in place."


@pytest.mark.parametrize(
    ("program", "words", "remedy"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)",
         "TensorFlow does not load: this processor lacks an instruction that it was built with (SIGILL).",
         "Use a machine whose processor has AVX."),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
         "TensorFlow does not load: it was ended by SIGSEGV.", "Run scripts/setup again: it puts the right ones in place."),
        ("raise ImportError('libtensorflow_framework.so.2: cannot open shared object file')",
         "TensorFlow does not load (ImportError: libtensorflow_framework.so.2: cannot open shared object file).",
         "Run scripts/setup again: it puts the right ones in place."),
    ],
)
def test_a_tensorflow_that_does_not_load(examine, tmp_path, site, program, words, remedy):
    (site / "tensorflow.py").write_text(program + "\n", "utf-8")
    found = examine(tmp_path, "TensorFlow")
    assert found == Finding("TensorFlow", "failed", words, remedy, code=1)


def test_a_backbone_that_cannot_be_fetched(examine, tmp_path, free_port, project_of_nothing):
    handle = f"http://127.0.0.1:{free_port}/mobilenet"
    found = examine(project_of_nothing(handle), "Backbone")
    assert found.sentence == f"The backbone {handle} is not here and cannot be fetched ([Errno 111] Connection refused)."
    assert (found.state, found.code) == ("failed", 1)
    assert found.fix.startswith("Name a SavedModel folder with --backbone FOLDER")


def test_a_folder_that_is_no_backbone(examine, tmp_path, project_of_nothing):
    empty = tmp_path / "backbone"
    empty.mkdir()
    found = examine(project_of_nothing(str(empty)), "Backbone")
    assert found.sentence == f"The backbone {empty} is no SavedModel folder: it has no saved_model.pb."
    (empty / "saved_model.pb").write_bytes(b"rubbish")
    found = examine(tmp_path / "project", "Backbone")
    assert found.sentence.startswith(f"The backbone {empty} is no feature vector that takes pictures (")


def test_a_backbone_that_is_here(examine, patient):
    assert patient.look("Backbone").sentence == "builtin, converted for LiteRT."


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_catches_localhost(examine, tmp_path, monkeypatch, name):
    for other in [one for one in os.environ if one.lower().endswith("_proxy")]:
        monkeypatch.delenv(other)
    assert examine(tmp_path, "Proxies").sentence == "none in the environment."
    monkeypatch.setenv(name, "http://proxy.invalid:3128")
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://localhost:8080")
    found = examine(tmp_path, "Proxies")
    assert (found.state, found.fix) == ("warning", "`export NO_PROXY=localhost,127.0.0.1`")
    assert found.sentence == (
        "A proxy is set and NO_PROXY does not name localhost: it would be asked for what it cannot see."
        " screentime goes around it; other programs and browsers may not."
    )
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://label-studio:8080")
    found = examine(tmp_path, "Proxies")
    assert (found.state, found.code, found.fix) == ("failed", 2, "`export NO_PROXY=label-studio,localhost,127.0.0.1`")
    monkeypatch.setenv("NO_PROXY", "label-studio,localhost")
    assert examine(tmp_path, "Proxies").sentence == "there is one, and NO_PROXY leaves out label-studio."


def test_a_clock_that_is_doubtful(examine, project_of_nothing):
    folder = project_of_nothing("builtin")
    later = time.time() + 3600
    os.utime(folder / "screentime.toml", (later, later))
    found = examine(folder, "Clock")
    assert found.state == "warning"
    assert found.sentence.startswith("This machine's clock is doubtful: screentime.toml was written 3")
    assert found.fix == "Let the system set its clock: `timedatectl set-ntp true`."


def test_what_is_still_to_be_made_is_estimated(examine, cartoon, patient, tmp_path):
    workspace = begin(tmp_path / "new", [cartoon[0]], ("cat", "mouse"))
    # 40 s of 180 lines: a quarter of the lines, a sixteenth of the bytes.
    assert needed(workspace, workspace.config()) == pytest.approx(40 * (FRAME_BYTES / 16 + EMBEDDING_BYTES), rel=0.01)
    assert needed(patient.loop.workspace, patient.loop.config) == 0
    assert examine(workspace.root, "Disk").sentence.endswith("frames and embeddings that are not made yet need about 0.1 GB.")


def test_a_full_disk(examine, tmp_path, monkeypatch):
    # A file system of its own, of a megabyte.
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        monkeypatch.setenv("SCREENTIME_CACHE", str(small / "cache"))
        found = examine(tmp_path, "Disk")
        assert found.sentence.startswith("Too little space is free for the cache: ")
        assert (found.state, found.code) == ("failed", 1)
    finally:
        subprocess.run(["umount", small], check=True)
