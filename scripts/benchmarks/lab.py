"""What families share within one run: the clock, films, the backbone, models, the server; each made when needed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from scripts.benchmarks import children, films, projects
from scripts.benchmarks.measuring import Failed, LeftOut
from scripts.benchmarks.registry import ABOUT, BUILTIN, WHOLE

ROOT = Path(__file__).resolve().parents[2]
REAL_BACKBONE = ROOT.parent / "shared" / "backbones" / "mobilenet_v2_100_224"
REAL_FILM = ROOT.parent / "shared" / "data" / "tomjerry"
QUICK_SECONDS = 170  # `--quick` ends within three minutes


class Lab:
    """Use it with ``with``: it ends what it started and removes what it wrote.

    Parameters
    ----------
    quick : bool
    families : list of str
        That will be measured, in their order.

    Attributes
    ----------
    cache : Path
        What is kept between runs: films, converted networks, packages, an empty Label Studio.
    scratch : Path
        What is not.
    """

    def __init__(self, quick: bool, families: list[str]) -> None:
        from platformdirs import user_cache_path

        self.quick = quick
        self.cache = user_cache_path("screentime") / "bench"
        self.films = self.cache / "films"
        self.films.mkdir(parents=True, exist_ok=True)
        self.scratch = Path(tempfile.mkdtemp(prefix="screentime-bench-"))
        self._waiting = list(families)
        self._began = self._family_began = time.monotonic()
        self._about = 0.0
        if quick:
            children.deadline = self._began + QUICK_SECONDS
        # Nothing of what is measured here meets the person's own server and caches.
        os.environ.update(
            SCREENTIME_HOME=str(self.home), SCREENTIME_CACHE=str(self.cache / "programs"),
            XDG_CACHE_HOME=str(self.cache / "programs"),
        )
        for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
            os.environ.pop(name, None)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        if self.home.is_dir():
            with suppress(Failed):
                children.deadline = float("inf")
                children.screentime("server", "stop", limit=60)
        shutil.rmtree(self.scratch, ignore_errors=True)

    # -- the clock --------------------------------------------------------------------------------

    def begin(self, family: str) -> None:
        """A family begins: the time that is left is reckoned from it."""
        self._waiting.remove(family)
        self._family_began = time.monotonic()
        self._about = ABOUT[family][0 if self.quick else 1]

    def say(self, sentence: str) -> None:
        """Tell one sentence, with the time that went by and about how much is left."""
        now = time.monotonic()
        left = max(self._about - (now - self._family_began), 0) + sum(
            ABOUT[family][0 if self.quick else 1] for family in self._waiting
        )
        print(f"[{now - self._began:4.0f} s, about {left:.0f} s left] {sentence}", file=sys.stderr, flush=True)

    def round(self, family: str) -> Callable[[int, str], None]:
        """What tells of the rounds of a family."""
        return lambda number, name: self.say(f"{family}, round {number}: {name}")

    def within(self, seconds: float) -> Callable[[], bool]:
        """Whether another round may be taken: in `--quick` only within so many seconds from now."""
        began = time.monotonic()
        return lambda: not self.quick or time.monotonic() - began < seconds

    def over(self) -> bool:
        """Whether the time of `--quick` is too far gone to begin anything."""
        return time.monotonic() > children.deadline - 15

    # -- what is measured with --------------------------------------------------------------------

    def moving(self, size: str, seconds: int) -> Path:
        """See `films.moving`."""
        return self._made(partial(films.moving, self.films, size, seconds, self.say))

    def film(self, size: str) -> Path:
        """The film of a size whose decoding is compared: 5 min of it; less in `--quick`."""
        return self.moving(size, self.film_seconds(size))

    def film_seconds(self, size: str) -> int:
        return {"360p": 120, "1080p": 30}[size] if self.quick else 300

    def drawn(self, seconds: int, fps: int = 1) -> tuple[Path, Path]:
        """See `films.drawn`."""
        return self._made(partial(films.drawn, self.films, seconds, fps, self.say))

    def _made(self, make: Callable[[], Any]) -> Any:
        """A film; the time that making it takes is not the family's."""
        began = time.monotonic()
        film = make()
        self._family_began += time.monotonic() - began
        return film

    @cached_property
    def backbone(self) -> tuple[Path, str]:
        """SavedModel of a MobileNetV2 1.0/224, and which weights it has."""
        if (REAL_BACKBONE / "saved_model.pb").is_file():
            return REAL_BACKBONE, "with ImageNet weights"
        folder = self.cache / "mobilenet_v2_100_224_random"
        if not (folder / "saved_model.pb").is_file():
            self.say("Making a MobileNetV2 with random weights.")
            part = self.scratch / folder.name
            children.call("runtimes:make_backbone", str(part), limit=300)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.move(part, folder)
        return folder, "with random weights"

    def model(self, look: str) -> Path:
        """A model folder, trained without a server on a drawn film; once a run and look."""
        place = self.scratch / f"model-{look.replace(' ', '-')}"
        if not place.is_dir():
            self.say(f"Training a model, {look}.")
            film, truth = self.drawn(60, 4)
            name = "builtin" if look == BUILTIN else str(self.backbone[0])
            projects.begin(place, film, truth, backbone=name, view="whole" if look == WHOLE else "tiles")
            children.call("projects:give_labels", str(place), str(truth), 24, limit=120)
            children.screentime("train", "--workspace", str(place), limit=300)
        return max((place / "models").glob("v*"))

    def project(self, look: str) -> Path:
        """The project that a model was trained in."""
        return self.model(look).parents[1]

    @property
    def home(self) -> Path:
        return self.scratch / "home"

    @cached_property
    def server(self) -> str:
        """Address of an embedded server of this run's own.

        Raises
        ------
        Failed
            If it does not start, or if `--quick` would have to build its database first.
        """
        template = self.cache / "labelstudio"
        if not (template / "labelstudio" / "data").is_dir():
            if self.quick:
                raise LeftOut("left out: Label Studio's database is not built yet; a run without --quick does that.")
            self.say("Building Label Studio's database, once.")
            children.screentime("server", "prepare", limit=900, env={"SCREENTIME_HOME": str(template)})
        shutil.copytree(template / "labelstudio", self.home / "labelstudio", ignore=shutil.ignore_patterns("lock"))
        self.say("Starting Label Studio.")
        return projects.start_server()
