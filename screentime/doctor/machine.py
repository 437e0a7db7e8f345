"""What this machine lends: Python, packages, disk, networks that run, proxies, the clock."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from email.utils import parsedate_to_datetime
from importlib import metadata, util
from pathlib import Path

from screentime.doctor.finding import Check, Finding, Missing, ok, warning
from screentime.doctor.place import LOOPBACK, Place
from screentime.doctor.sizes import needed
from screentime.errors import BackboneError, ScreentimeError, UserMistake

SETUP = "Run scripts/setup again: it puts the right ones in place."
# Wheels that lay their files into the same folder `cv2`.
OTHER_OPENCV = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
LOAD_SECONDS = 180
LEAST_FREE = 500e6
CLOCK_SECONDS = 60
PROXIES = ("http", "https", "all")

TENSORFLOW = """
from screentime.model.runtime import tensorflow
tf = tensorflow()
assert float(tf.reduce_sum(tf.ones((3, 3)))) == 9
print(tf.__version__)
"""
BACKBONE = """
import json, sys
from screentime.errors import BackboneError
from screentime.model.backbone import open_backbone
try:
    open_backbone(sys.argv[1], sys.argv[2]).network
    print(json.dumps(None))
except BackboneError as error:
    print(json.dumps([error.what, error.remedy]))
"""


def look_python(place: Place) -> Finding:
    """The interpreter against what the package demands."""
    from packaging.specifiers import SpecifierSet

    version = ".".join(map(str, sys.version_info[:3]))
    wanted = metadata.distribution("screentime").metadata["Requires-Python"]
    if not SpecifierSet(wanted).contains(version):
        raise UserMistake(
            f"Python {version} is not supported: {wanted} is demanded.",
            "Install one and name it: PYTHON=python3.11 scripts/setup",
        )
    return ok(f"{version} in {sys.prefix}.")


def look_packages(place: Place) -> Finding:
    """The installed packages against what the package demands."""
    from packaging.requirements import Requirement

    demanded = [Requirement(line) for line in metadata.distribution("screentime").requires or ()]
    own = [one for one in demanded if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = []
    for one in own:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(version, prereleases=True):
            wrong.append(f"{one.name} is {version} and {one.specifier} is demanded")
    if not wrong and util.find_spec("pkg_resources") is None:
        wrong.append("setuptools lacks pkg_resources, without which TF-Hub does not load")
    if wrong:
        raise UserMistake(f"{'; '.join(wrong)}.", SETUP)
    return ok(f"all {len(own)} are there, in versions that fit.")


def look_opencv(place: Place) -> Finding:
    """Whether a second wheel lies in OpenCV's folder."""
    there = {(one.metadata["Name"] or "").lower().replace("_", "-") for one in metadata.distributions()}
    beside = sorted(there.intersection(OTHER_OPENCV))
    if beside:
        names = ", ".join(beside)
        kept = metadata.version("opencv-python-headless")
        raise UserMistake(
            f"{names} lies beside opencv-python-headless: both fill one folder, and either may break.",
            f"`{sys.executable} -m pip uninstall {' '.join(beside)}`, then `{sys.executable} -m pip install"
            f" --force-reinstall --no-deps opencv-python-headless=={kept}`.",
        )
    return ok("the headless wheel alone.")


def look_disk(place: Place) -> Finding:
    """The space that is left, and what is still to be made."""
    from screentime.model.conversion import cache_folder

    try:
        root, config = place.workspace.root, place.config
        wanted = needed(place.workspace, config)
    except Missing:
        root, wanted = place.folder, 0
    places = {"this folder": root, "the cache": cache_folder(), "Label Studio's home": place.home}
    free = {name: shutil.disk_usage(_existing(path)).free for name, path in places.items()}
    told = ", ".join(f"{left / 1e9:.1f} GB for {name}" for name, left in free.items())
    more = f"; frames and embeddings that are not made yet need about {max(wanted / 1e9, 0.1):.1f} GB" if wanted else ""
    full = [name for name, left in free.items() if left < LEAST_FREE + (wanted if name == "this folder" else 0)]
    if full:
        raise ScreentimeError(
            f"Too little space is free for {' and '.join(full)}: {told}{more}.",
            "Make room there, or put the project, SCREENTIME_CACHE or SCREENTIME_HOME on another disk.",
        )
    return ok(f"free are {told}{more}.")


def look_tensorflow(place: Place) -> Finding:
    """Whether TensorFlow loads and computes, in a process of its own."""
    began = time.monotonic()
    version = _alone(TENSORFLOW, "TensorFlow")
    return ok(f"{version} loads and computes, in {time.monotonic() - began:.0f} s.")


def look_backbone(place: Place) -> Finding:
    """Whether the backbone is here, or can be fetched, and runs."""
    from screentime.config import Model
    from screentime.model import backbone, hub
    from screentime.model.conversion import kept

    try:
        options = place.config.model
    except Missing:
        options = Model()
    name = options.backbone
    if "://" in name and hub.fetched(name) is None:
        reason = hub.unreachable(name)
        if reason:
            raise BackboneError(f"The backbone {name} is not here and cannot be fetched ({reason}).", hub.REMEDY)
        return ok(f"{name} is not here yet and can be fetched; the first `screentime push` does.")
    opened = backbone.open_backbone(name, options.view)
    verdict = kept(opened.digest)
    if verdict and verdict.lite:
        return ok(f"{name}, converted for LiteRT.")
    said = json.loads(_alone(BACKBONE, f"The backbone {name}", name, options.view))
    if said:
        raise BackboneError(*said)
    if verdict:
        return warning(
            f"TensorFlow runs {name}, which takes longer: {verdict.reason}.",
            f"Delete {verdict.file} to have LiteRT tried again.",
        )
    return ok(f"{name} loads; it will be converted for LiteRT when it is first used.")


def look_proxies(place: Place) -> Finding:
    """Whether a proxy stands between this machine and a Label Studio on it."""
    proxies = {kind: one for kind, one in urllib.request.getproxies_environment().items() if kind in PROXIES}
    if not proxies:
        return ok("none in the environment.")
    host = place.host or "localhost"
    if urllib.request.proxy_bypass_environment(host):
        return ok(f"there is one, and NO_PROXY leaves out {host}.")
    if host not in LOOPBACK and "." in host and not _private(host):
        return ok(f"there is one, and {host} is asked through it.")
    sentence = f"A proxy is set and NO_PROXY does not name {host}: it would be asked for what it cannot see."
    fix = f"export NO_PROXY={','.join(dict.fromkeys([host, 'localhost', '127.0.0.1']))}"
    if host in LOOPBACK:
        return warning(f"{sentence} screentime goes around it; other programs and browsers may not.", f"`{fix}`")
    raise UserMistake(sentence, f"`{fix}`")


def look_clock(place: Place) -> Finding:
    """This machine's clock against the server's, the token's end and the files'."""
    problems = []
    front = None
    try:
        front = place.front
    except (Missing, ScreentimeError):
        pass
    if front and front.date:
        off = front.asked - parsedate_to_datetime(front.date).timestamp()
        if abs(off) > CLOCK_SECONDS:
            problems.append(f"it is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} Label Studio's")
    try:
        files = [one for one in place.workspace.root.iterdir() if one.is_file()]
        late = max(((one.stat().st_mtime - time.time(), one.name) for one in files), default=(0.0, ""))
        if late[0] > CLOCK_SECONDS:
            problems.append(f"{late[1]} was written {late[0]:.0f} s from now")
    except Missing:
        pass
    if problems:
        return warning(
            f"This machine's clock is doubtful: {'; '.join(problems)}.",
            "Let the system set its clock: `timedatectl set-ntp true`.",
        )
    return ok("it agrees with Label Studio's." if front and front.date else "nothing contradicts it.")


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it."""
    path = path.absolute()
    return next(one for one in (path, *path.parents) if one.exists())


def _private(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith((".local", ".internal", ".lan"))


def _alone(program: str, what: str, *arguments: str) -> str:
    """The last line that a program prints in a process of its own.

    Raises
    ------
    ScreentimeError
        If it ends otherwise than it should.
    """
    folder = str(Path(__file__).parents[2])
    paths = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), folder])
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=LOAD_SECONDS,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired:
        raise ScreentimeError(f"{what} did not load within {LOAD_SECONDS} s.", SETUP) from None
    lines = [line.strip() for line in (done.stdout if done.returncode == 0 else done.stderr).splitlines() if line.strip()]
    if done.returncode == 0 and lines:
        return lines[-1]
    if done.returncode == -signal.SIGILL:
        raise ScreentimeError(
            f"{what} does not load: this processor lacks an instruction that it was built with (SIGILL).",
            "Use a machine whose processor has AVX.",
        )
    if done.returncode < 0:
        raise ScreentimeError(f"{what} does not load: it was ended by {signal.Signals(-done.returncode).name}.", SETUP)
    raise ScreentimeError(f"{what} does not load ({lines[-1][:200] if lines else 'it said nothing'}).", SETUP)


# Without these nothing else can be looked at.
FIRST = (Check("Python", look_python), Check("Packages", look_packages), Check("OpenCV", look_opencv))
CHECKS = (
    Check("Disk", look_disk), Check("TensorFlow", look_tensorflow), Check("Backbone", look_backbone),
    Check("Proxies", look_proxies), Check("Clock", look_clock),
)
