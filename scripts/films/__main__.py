"""The entry of `scripts/film_corpus`: make the films, and check what screentime makes of them."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache, partial
from pathlib import Path

import numpy as np

from scripts.films import mutations, names, nofilms, wellformed
from scripts.films.commanding import try_commands
from scripts.films.drawing import program
from scripts.films.entry import Entry, Unmade
from scripts.films.judging import judge
from scripts.films.running import LIMIT, run

# Memory that one film may take beyond what the program takes by itself; pictures of 8K need most of it.
MOST_MEGABYTES = 1800.0
# Hours of film, decoded twice, on a machine that has other work.
LONG_LIMIT = 600.0
MODEL = ".model"


def main() -> int:
    """Make the corpus; 1 when a film could not be made or something is wrong with what became of one."""
    options = _parser().parse_args()
    chosen = choose(options.only, options.quick)
    if options.list:
        for entry in chosen:
            print(f"{entry.place!r}: {entry.outcome}{f', {entry.says!r}' if entry.says else ''}")
        return 0
    if options.folder is None:
        _parser().error("Name the folder to make the films in.")
    try:
        program()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    unmade = make(chosen, options.folder)
    for entry, why in unmade.items():
        print(f"not made: {entry.place!r}: {why}", file=sys.stderr)
    print(f"{options.folder} holds {len(chosen) - len(unmade)} films.", file=sys.stderr)
    if not options.check:
        return int(bool(unmade))
    faults = check([entry for entry in chosen if entry not in unmade], options.folder, options.verbose)
    return int(bool(faults))


def choose(only: list[str], quick: bool) -> list[Entry]:
    """The entries asked for: by family, or by a part of their place."""
    entries = [
        entry for module in (wellformed, nofilms, names, mutations) for entry in module.entries()
        if entry.quick or not quick
    ]
    return [entry for entry in entries if not only or any(part == entry.family or part in entry.place for part in only)]


def make(entries: list[Entry], folder: Path) -> dict[Entry, str]:
    """Make the films that are not there; gives those that could not be made, and why.

    Parameters
    ----------
    entries : list of Entry
    folder : Path
        Made where it is missing.

    Returns
    -------
    dict of Entry to str
    """
    unmade = {}
    for entry in entries:
        path = folder.absolute() / entry.family / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.exists():
            continue
        try:
            entry.make(path)
        except Unmade as error:
            unmade[entry] = f"{error}."
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip().splitlines()
            unmade[entry] = f"FFmpeg refuses: {said[-1] if said else error}."
            path.unlink(missing_ok=True)
    return unmade


def check(entries: list[Entry], folder: Path, verbose: bool = False, screened: bool = True) -> list[str]:
    """Have screentime read, screen and be told of each film; prints what is wrong, and a summary.

    Parameters
    ----------
    entries : list of Entry
        Made before.
    folder : Path
    verbose : bool
        Whether to print what became of every film.
    screened : bool
        Whether a model looks at them too.

    Returns
    -------
    list of str
        A line for each thing wrong.
    """
    folder = folder.absolute()
    model = _model(folder) if screened else None
    _warm()
    faults, counts, smears, probed = [], Counter(), Counter(), 0
    slowest, largest = (0.0, ""), (0.0, "")
    for entry in entries:
        path = folder / entry.family / entry.name
        meant = _meant(folder / "base" / entry.base) if entry.base else ()
        # Without root's rights Python cannot load what it has not imported yet, so no model.
        nobody, long = entry.name == "unreadable.mp4", entry.family == "long"
        # Its 14,400 samples would keep the network busy for minutes, which says nothing of the film.
        look = partial(judge, entry, path, None if nobody or long else model, meant)
        done = run(look, limit=LONG_LIMIT if long else LIMIT, as_nobody=nobody)
        wrong = [done.trouble] if done.trouble else list(done.value["faults"])
        if not done.trouble:
            counts[done.value["outcome"]] += 1
            smears[entry.base] += done.value["smears"]
            probed += done.value["probed"]
            if done.output.strip():
                wrong.append(f"something speaks beside the sentences: {done.output.strip()[-200:]!r}")
        if done.megabytes > MOST_MEGABYTES:
            wrong.append(f"takes {done.megabytes:.0f} MB")
        if entry.cli:
            wrong += try_commands(entry, path, model)
        slowest, largest = max(slowest, (done.seconds, entry.place)), max(largest, (done.megabytes, entry.place))
        faults += [f"{entry.place!r}: {one}" for one in wrong]
        for one in wrong:
            print(f"WRONG {entry.place!r}: {one}", flush=True)
        if verbose and not done.trouble:
            value = done.value
            print(f"{entry.place!r}: {value['outcome']}, {value['samples']} samples, {value['smears']} smeared; {' '.join(value['said'])}")
    print(f"{len(entries)} films: {', '.join(f'{number} {what}' for what, number in sorted(counts.items()))}; {len(faults)} faults.")
    print(
        f"Films whose times were compared with those by ffprobe: {probed}." if shutil.which("ffprobe") else
        "ffprobe is not there: all times were compared with those of every frame, decoded by PyAV, alone."
    )
    print(f"Slowest: {slowest[0]:.1f} s for {slowest[1]!r}; most memory: {largest[0]:.0f} MB for {largest[1]!r}.")
    told = {base: number for base, number in smears.items() if number}
    print(f"Smeared samples without a word, which a codec cannot tell: {told or 'none'}.")
    return faults


def _model(folder: Path) -> Path:
    """A model of the builtin backbone that knows nothing, made once."""
    place = folder / MODEL
    if not (place / "card.json").exists():
        done = run(lambda: _save_model(place))
        if done.trouble:
            raise RuntimeError(f"no model to check with: {done.output}")
    return place


def _save_model(place: Path) -> None:
    from screentime.model.backbone import open_backbone
    from screentime.model.classifier import save
    from screentime.model.head import Head

    backbone = open_backbone("builtin", "tiles")
    pictures = np.full((1, backbone.view.short_side, backbone.view.short_side, 3), 0.5, np.float32)
    backbone.settle(lambda: pictures)
    wide = backbone.embed(pictures).shape[1]
    head = Head(np.zeros(wide, np.float32), 1.0, np.zeros((wide, 1), np.float32), np.zeros(1, np.float32), "sigmoid")
    place.mkdir(parents=True, exist_ok=True)
    save(place, backbone.portable, backbone.view, head, {
        "version": "v001-000000000000", "mode": "multi", "characters": ["A"], "short_side": backbone.view.short_side,
        "fps": 1.0, "backbone": {}, "round": {},
    })


@cache
def _meant(path: Path) -> tuple[np.ndarray, ...]:
    """The pictures of a film as its encoder meant them."""
    import av

    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = 1
        return tuple(frame.to_ndarray(format="bgr24", interpolation="BICUBIC") for frame in film.decode(stream))


def _warm() -> None:
    """Import once what every child needs; none of it starts a thread."""
    import av  # noqa: F401
    import cv2  # noqa: F401

    import screentime.cli
    import screentime.model.classifier
    import screentime.projects
    import screentime.report.tables
    import screentime.screening
    import screentime.video.frames
    import screentime.video.timing  # noqa: F401


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/film_corpus",
        description="Make a corpus of odd, damaged and hostile films, and check what screentime makes of each.",
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="where the films go; those there stay")
    parser.add_argument("--check", action="store_true", help="also check what screentime makes of them")
    parser.add_argument("--quick", action="store_true", help="a sample of them")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="families, or parts of FAMILY/NAME")
    parser.add_argument("--list", action="store_true", help="list the films and what must become of each")
    parser.add_argument("--verbose", action="store_true", help="with --check: say what became of every film")
    return parser


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        print("Ended; what was made stays.", file=sys.stderr)
        raise SystemExit(130) from None
