"""Where backbones come from, and that no network ever makes anybody wait."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import screentime.model
from screentime.errors import BackboneError
from screentime.model import hub as room
from screentime.model import runtime
from screentime.model.backbone import Backbone, open_backbone, tensorflow
from screentime.model.networks import Lite, Saved

REMEDY = (
    "Name a SavedModel folder with --backbone FOLDER, or use the small one that comes with screentime:"
    " --backbone builtin."
)
UNKNOWN_HOST = "https://screentime.invalid/feature_vector/5"
TRY = """
import json, sys, time
from screentime.errors import BackboneError
from screentime.model.backbone import open_backbone
begun = time.monotonic()
try:
    open_backbone(sys.argv[1], "tiles")
except BackboneError as error:
    print(json.dumps([str(error), time.monotonic() - begun, "tensorflow" in sys.modules]))
"""


# -- names ----------------------------------------------------------------------------------------


def test_builtin_is_a_folder_of_the_package_and_sees_smaller_pictures():
    builtin = open_backbone("builtin", "tiles")
    assert builtin.folder == Path(screentime.model.__file__).parent / "builtin"
    assert (builtin.view.name, builtin.view.side) == ("tiles", 96)


def test_a_folder_is_taken_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "saved_model.pb").touch()
    monkeypatch.chdir(tmp_path)
    found = open_backbone("mine", "whole")
    assert (found.name, found.folder) == ("mine", (tmp_path / "mine").resolve())
    assert (found.view.name, found.view.side) == ("whole", 224)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_backbone("~/mine", "whole").folder == (tmp_path / "mine").resolve()


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_a_saved_model_is_told(tmp_path, there):
    folder = tmp_path / "mine"
    if there:
        folder.mkdir()
    with pytest.raises(BackboneError) as caught:
        open_backbone(str(folder), "tiles")
    assert str(caught.value) == f"The backbone {folder} is no SavedModel folder: it has no saved_model.pb. {REMEDY}"


def test_the_digest_changes_with_every_file(tiny, tmp_path):
    def digest(folder):
        return Backbone("copy", folder, "whole").digest

    shutil.copytree(tiny.folder, tmp_path / "copy")
    before = digest(tmp_path / "copy")
    assert before == tiny.digest and len(before) == 16 and int(before, 16) >= 0
    seen = {before}
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        file = tmp_path / "copy" / name
        kept = file.read_bytes()
        file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        seen.add(digest(tmp_path / "copy"))
        file.write_bytes(kept)
    assert len(seen) == 4
    assert digest(tmp_path / "copy") == before


# -- feature vectors ------------------------------------------------------------------------------


def test_embeddings_are_the_feature_vectors_at_length_one(tiny):
    pictures = np.random.default_rng(0).random((3, 224, 300, 3), dtype=np.float32)
    vectors = tensorflow().saved_model.load(str(tiny.folder))(pictures).numpy()
    expected = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    embedded = tiny.embed(pictures)
    assert embedded.dtype == np.float32
    assert embedded == pytest.approx(expected, abs=1e-5)
    assert tiny.embed(pictures[:1, :, :224]).shape == (1, 8)


def test_tiles_double_the_features(tiny):
    tiles = open_backbone(str(tiny.folder), "tiles")
    assert tiles.embed(np.ones((2, 336, 448, 3), np.float32)).shape == (2, 16)


def test_what_litert_runs_is_said_in_a_word_and_needs_no_sentence(make_backbone, listener):
    backbone = open_backbone(str(make_backbone(seed=21)), "whole", listener)
    backbone.embed(np.ones((1, 224, 224, 3), np.float32))
    assert listener.said == []
    assert backbone.runtime == {"runtime": f"LiteRT {version('ai-edge-litert')}"}
    assert isinstance(backbone.portable, Lite)


def test_what_litert_cannot_run_tensorflow_runs_and_says_so_each_time(unconvertible, listener):
    """Averaging by area is no operation of LiteRT's."""
    pictures = np.random.default_rng(3).random((3, 224, 300, 3), dtype=np.float32)
    for _ in range(2):  # by the verdict of the first, the second time
        backbone = open_backbone(str(unconvertible), "whole", listener)
        embedded = backbone.embed(pictures)
        (said,) = listener.said
        begin = f"TensorFlow runs the backbone {unconvertible}, which takes longer: LiteRT cannot run it ("
        said, _, file = said.partition(" Delete ")
        assert said.startswith(begin) and said.endswith(").") and "\n" not in said
        file = Path(file.removesuffix(" to have LiteRT tried again."))
        assert file.is_file() and file.suffix == ".json"
        assert backbone.runtime["runtime"] == f"TensorFlow {version('tensorflow')}"
        assert backbone.runtime["reason"] == said.removeprefix(begin.removesuffix("LiteRT cannot run it (")).rstrip(".")
        assert backbone.embed(pictures[:1]) == pytest.approx(embedded[:1], abs=1e-6)
        listener.said.clear()
    expected = tensorflow().image.resize(pictures, (2, 2), "area").numpy().reshape(3, 12)
    assert embedded == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True), abs=1e-5)
    assert isinstance(backbone.portable, Saved)


def test_a_graphics_card_that_is_switched_off_is_not_looked_for(monkeypatch):
    monkeypatch.setattr(runtime, "glob", lambda pattern: ["/dev/nvidia0"])
    monkeypatch.setattr(runtime, "tensorflow", lambda: pytest.fail("imported"))
    for value in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
        assert runtime.has_gpu() is False
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(runtime, "glob", lambda pattern: [])
    assert runtime.has_gpu() is False


def test_with_a_graphics_card_tensorflow_embeds_in_larger_batches_and_the_model_is_kept_for_litert(
    make_backbone, monkeypatch
):
    monkeypatch.setattr("screentime.model.backbone.has_gpu", lambda: True)
    folder = make_backbone(seed=22)
    fast, plain = open_backbone(str(folder), "whole"), open_backbone(str(folder), "whole")
    pictures = np.random.default_rng(5).random((70, 32, 32, 3), dtype=np.float32)
    embedded = fast.embed(pictures)
    assert fast.runtime == {
        "runtime": f"TensorFlow {version('tensorflow')}, GPU, TF32, 64 pictures at once"
    }
    assert isinstance(fast.portable, Lite)
    monkeypatch.setattr("screentime.model.backbone.has_gpu", lambda: False)
    assert plain.embed(pictures) == pytest.approx(embedded, abs=1e-5)


def test_a_saved_model_that_gives_maps_is_no_feature_vector(make_backbone):
    folder = make_backbone(pooled=False)
    with pytest.raises(BackboneError) as caught:
        open_backbone(str(folder), "whole").embed(np.zeros((1, 224, 224, 3), np.float32))
    assert str(caught.value) == (
        f"The backbone {folder} gives no feature vector: one row a picture is wanted. {REMEDY}"
    )


def test_a_file_that_is_no_saved_model_is_told_in_one_line(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"no protocol buffer")
    with pytest.raises(BackboneError) as caught:
        open_backbone(str(tmp_path), "whole").network  # noqa: B018
    said = str(caught.value)
    assert said.startswith(f"The backbone {tmp_path} is no feature vector that takes pictures (")
    assert said.endswith(f"). {REMEDY}") and "\n" not in said


def export(folder, call, shape=(None, None, None, 3), dtype="float32", method="__call__"):
    """A SavedModel with one function."""
    tf = tensorflow()
    module = tf.Module()
    made = tf.function(call, input_signature=[tf.TensorSpec(shape, dtype)])
    setattr(module, method, made)
    tf.saved_model.save(module, str(folder), signatures=made if method == "hidden" else None)


def means(pictures, last=1):
    return tensorflow().tile(tensorflow().reduce_mean(pictures, axis=(1, 2)), (1, last))


UNFIT = {
    "probabilities": (lambda tf: lambda x: tf.nn.softmax(means(x, 4)), {}, "(it is a classifier: its numbers are"),
    "one number a picture": (lambda tf: lambda x: tf.reduce_mean(x, axis=(1, 2, 3)), {}, "gives no feature vector: one row"),
    "two outputs": (lambda tf: lambda x: (means(x), means(x)), {}, "gives no feature vector: one row a picture is wanted."),
    "named outputs": (lambda tf: lambda x: {"default": means(x)}, {}, "gives no feature vector: one row a picture is"),
    "one row for all": (lambda tf: lambda x: means(x)[:1], {}, "gives no feature vector: one row a picture is wanted."),
    "no numbers": (lambda tf: lambda x: means(x) / 0, {}, "(what it gives are no numbers with a fraction)"),
    "whole numbers": (lambda tf: lambda x: tf.cast(means(x), tf.int32), {}, "(what it gives are no numbers with a fraction)"),
    "no columns": (lambda tf: lambda x: means(x)[:, :0], {}, "gives no feature vector: one row a picture is wanted."),
    "grey pictures": (lambda tf: lambda x: means(x), {"shape": (None, None, None, 1)}, "is no feature vector that takes"),
    "one size": (lambda tf: lambda x: means(x), {"shape": (None, 224, 224, 3)}, "is no feature vector that takes pictures"),
    "one picture": (lambda tf: lambda x: means(x), {"shape": (1, None, None, 3)}, "is no feature vector that takes pictures"),
    "texts": (lambda tf: lambda x: tf.strings.length(x), {"shape": (None,), "dtype": "string"}, "is no feature vector"),
    "a signature alone": (
        lambda tf: lambda x: {"default": means(x)}, {"method": "hidden"}, "(it has nothing to call, only signatures)",
    ),
    "nothing": (lambda tf: lambda x: means(x), {"method": "other"}, "(it has nothing to call, only signatures)"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_what_is_no_feature_vector_is_refused_with_the_reason_before_any_frame_is_looked_at(kind, tmp_path):
    call, options, reason = UNFIT[kind]
    export(tmp_path / "x", call(tensorflow()), **options)
    asked = []
    with pytest.raises(BackboneError) as caught:
        open_backbone(str(tmp_path / "x"), "whole").settle(lambda: asked.append(1))
    said = str(caught.value)
    assert said.startswith(f"The backbone {tmp_path / 'x'} ") and reason in said, said
    assert said.endswith(REMEDY) and "\n" not in said and asked == []
    assert list(Path(os.environ["SCREENTIME_CACHE"]).rglob(f"{Backbone('x', tmp_path / 'x', 'whole').digest}*.json")) == []


def test_features_that_are_none_of_some_pictures_alone_are_told_then(tmp_path):
    export(tmp_path / "x", lambda x: means(x) / (1 - means(x)) + means(x))
    backbone = open_backbone(str(tmp_path / "x"), "whole")
    random = np.random.default_rng(0).random((1, 224, 300, 3), dtype=np.float32)
    assert backbone.embed(random).shape == (1, 3)
    with pytest.raises(BackboneError, match=f"^The backbone {tmp_path / 'x'} gives of some pictures what are no numbers"):
        backbone.embed(np.ones((1, 224, 300, 3), np.float32))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: shutil.rmtree(folder / "variables"),
        lambda folder: next((folder / "variables").glob("*.data*")).write_bytes(b""),
        lambda folder: (folder / "variables" / "variables.index").write_bytes(os.urandom(300)),
        lambda folder: (folder / "saved_model.pb").write_bytes((folder / "saved_model.pb").read_bytes()[:500]),
        lambda folder: (folder / "saved_model.pb").write_bytes(b""),
    ],
)
def test_a_saved_model_that_was_not_copied_whole_is_told(tiny, tmp_path, spoil):
    shutil.copytree(tiny.folder, tmp_path / "copy")
    spoil(tmp_path / "copy")
    with pytest.raises(BackboneError) as caught:
        open_backbone(str(tmp_path / "copy"), "whole").embed(np.zeros((1, 224, 224, 3), np.float32))
    said = str(caught.value)
    assert said.startswith(f"The backbone {tmp_path / 'copy'} is no feature vector that takes pictures (")
    assert said.endswith(f"). {REMEDY}") and "\n" not in said


def test_what_is_no_folder_at_all_is_told(tmp_path):
    (tmp_path / "network.tflite").write_bytes(b"TFL3")
    (tmp_path / "file").mkdir()
    for name in (tmp_path / "network.tflite", tmp_path / "file", "x" * 5000):
        with pytest.raises(BackboneError, match="is no SavedModel folder: it has no saved_model.pb"):
            open_backbone(str(name), "whole")
    shutil.copytree(Path(screentime.model.__file__).parent / "builtin", tmp_path / "odd")
    (tmp_path / "odd" / "variables" / "more").mkdir()
    with pytest.raises(BackboneError, match=r"odd cannot be read: \[Errno 21\] Is a directory"):
        open_backbone(str(tmp_path / "odd"), "whole").settle(list)


def test_a_classifier_s_address_is_refused_before_it_is_fetched(monkeypatch):
    monkeypatch.setattr("screentime.model.backbone.fetch", lambda name: pytest.fail("fetched"))
    handle = "https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/classification/5"
    with pytest.raises(BackboneError) as caught:
        open_backbone(handle, "tiles")
    assert str(caught.value) == (
        f"The backbone {handle} is no feature vector: it is a classifier's address."
        " Put feature_vector in the place of classification."
    )


# -- no network -----------------------------------------------------------------------------------


@pytest.fixture
def direct(monkeypatch, tmp_path):
    """An empty cache, and no proxy between the test and its own servers; the cache's folder."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def silent():
    """Address of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/feature_vector/5"


@pytest.fixture
def babbling():
    """Address of a server that answers, but not in HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 ready for mail\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/feature_vector/5"


def test_without_a_network_it_says_so_in_seconds_and_without_tensorflow(direct, silent, babbling):
    handles = [UNKNOWN_HOST, silent, silent.replace("http:", "https:"), babbling, "gs://bucket/5"]
    tries = {
        handle: subprocess.Popen(
            [sys.executable, "-c", TRY, handle], cwd=Path(__file__).parents[2], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for handle in handles
    }
    reasons = {}
    for handle, process in tries.items():
        stdout, stderr = process.communicate(timeout=60)
        assert stderr == ""
        said, seconds, tensorflow_was_imported = json.loads(stdout)
        begin = f"The backbone {handle} cannot be fetched ("
        assert said.startswith(begin) and said.endswith(f"). {REMEDY}")
        assert seconds < 10
        assert not tensorflow_was_imported
        reasons[handle] = said[len(begin) : -len(f"). {REMEDY}")]
    assert "timed out" in reasons[silent] or reasons[silent] == "no answer within 4 seconds"
    assert reasons[babbling] == "220 ready for mail"
    assert reasons["gs://bucket/5"] == "unknown url type: gs"


def test_a_handle_that_was_fetched_before_needs_no_network(direct):
    folder = direct / hashlib.sha1(UNKNOWN_HOST.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    found = open_backbone(UNKNOWN_HOST, "tiles")
    assert (found.name, found.folder, found.view.side) == (UNKNOWN_HOST, folder, 224)


def test_the_cache_is_the_person_s_own_unless_told_otherwise(direct, monkeypatch, tmp_path):
    monkeypatch.delenv("TFHUB_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("SCREENTIME_CACHE", "")
    assert room.hub_folder() == tmp_path / "mine" / "screentime" / "tfhub"
    monkeypatch.setenv("SCREENTIME_CACHE", str(tmp_path / "other"))
    assert room.hub_folder() == tmp_path / "other" / "tfhub"


# -- a network ------------------------------------------------------------------------------------


@pytest.fixture
def hub(tiny):
    """Address of a server as TF-Hub's: /model is the tiny backbone, /stuck hangs, all else is 404."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(tiny.folder, arcname=".")
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(404 if self.path.startswith("/nothing") else 200)
            self.end_headers()

        def do_GET(self):
            if self.path.startswith("/stuck"):
                ended.wait(30)
            elif self.path == "/model?tf-hub-format=compressed":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(packed.getvalue())
            elif self.path.startswith("/hostile-"):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(hostile(self.path.split("?")[0].removeprefix("/hostile-")))
            else:
                self.send_error(404)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    ended.set()
    server.shutdown()
    server.server_close()


def hostile(kind):
    """An archive that would write beside the folder that it is unpacked in."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:

        def add(name, **more):
            entry = tarfile.TarInfo(name)
            for key, value in more.items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(b"x" * entry.size))

        add("saved_model.pb", size=3)
        if kind == "above":
            add("../../escaped", size=3)
        elif kind == "within":
            add("variables/../../../escaped", size=3)
        elif kind == "link":
            add("link", type=tarfile.SYMTYPE, linkname="../..")
            add("link/escaped", size=3)
        elif kind == "hard":
            add("hard", type=tarfile.LNKTYPE, linkname="../../escaped")
        else:
            add("device", type=tarfile.FIFOTYPE)
    return packed.getvalue()


@pytest.mark.parametrize("kind", ["above", "within", "link", "hard", "device"])
def test_an_archive_writes_nothing_outside_of_its_folder(direct, hub, kind):
    handle = f"{hub}/hostile-{kind}"
    with pytest.raises(BackboneError) as caught:
        open_backbone(handle, "whole")
    assert str(caught.value).startswith(f"The backbone {handle} cannot be fetched (") and "\n" not in str(caught.value)
    assert not list(direct.parent.rglob("escaped"))
    # Half a backbone is none.
    assert not (direct / hashlib.sha1(handle.encode()).hexdigest()).exists()


def test_a_handle_is_fetched_once_and_kept(direct, hub, tiny, monkeypatch):
    handle = f"{hub}/model"
    fetched = open_backbone(handle, "whole")
    assert fetched.folder == direct / hashlib.sha1(handle.encode()).hexdigest()
    assert fetched.digest == tiny.digest
    pictures = np.ones((1, 224, 224, 3), np.float32)
    assert fetched.embed(pictures) == pytest.approx(tiny.embed(pictures))
    monkeypatch.setattr(room, "unreachable", lambda address: pytest.fail("asked again"))
    assert open_backbone(handle, "tiles").folder == fetched.folder


def test_a_download_that_was_killed_does_not_stop_the_next_one(direct, hub):
    handle = f"{hub}/model"
    place = direct / hashlib.sha1(handle.encode()).hexdigest()
    direct.mkdir()
    # What TF-Hub leaves when its process is killed.
    Path(f"{place}.lock").write_text("elsewhere.12345.0123456789abcdef")
    Path(f"{place}.0123456789abcdef.tmp").mkdir()
    begun = time.monotonic()
    assert (open_backbone(handle, "whole").folder / "saved_model.pb").is_file()
    assert not Path(f"{place}.0123456789abcdef.tmp").exists()
    assert time.monotonic() - begun < 10


def test_a_handle_that_the_server_does_not_know_is_told(direct, hub):
    with pytest.raises(BackboneError) as caught:
        open_backbone(f"{hub}/nothing", "whole")
    assert str(caught.value) == (
        f"The backbone {hub}/nothing cannot be fetched (HTTP Error 404: Not Found). {REMEDY}"
    )


def test_a_download_that_hangs_is_given_up_and_leaves_nothing(direct, hub):
    tensorflow()
    begun = time.monotonic()
    with pytest.raises(BackboneError, match=r"cannot be fetched \(.*timed out.*\)\. Name a SavedModel folder"):
        open_backbone(f"{hub}/stuck", "whole")
    assert time.monotonic() - begun < 10
    assert [name for name in os.listdir(direct) if (direct / name).is_dir()] == []
    assert socket.getdefaulttimeout() is None
