"""The entry of `scripts/bench`: parse, run family after family, tell."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from screentime.files import write_atomically
from scripts.benchmarks import machine, registry, telling
from scripts.benchmarks.lab import ROOT, Lab
from scripts.benchmarks.measuring import Failed, LeftOut, Result

MODULES = {
    "decode": "decoding", "embed": "embedding", "predict": "predicting", "sync": "syncing", "push": "pushing",
    "start": "starting", "choose": "choosing", "accelerator": "accelerator", "cluster": "clustering", "growth": "growth",
}
README, PLOT = ROOT / "README.md", "docs/growth.png"
Family = Callable[[Lab, Collection[str]], Iterator[Result]]


def main() -> int:
    """Run the bench; 1 when a row could not be measured."""
    parser = _parser()
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{row.family:12} {row.name}: {row.unit}, against {row.against}" for row in registry.ROWS))
        return 0
    if options.write_readme and (options.quick or options.only):
        parser.error("--write-readme is for a whole run: leave out --quick and --only.")
    try:
        rows = registry.chosen(options.only, options.quick, options.growth)
    except ValueError as error:
        parser.error(str(error))
    if not rows:
        parser.error("None of these rows is measured by --quick.")
    if any(row.family in registry.FILMED for row in rows) and not shutil.which("ffmpeg"):
        print(
            "ffmpeg is not installed; films to measure with are made with it. For example: apt-get install ffmpeg."
            f" Without it: `scripts/bench --only {' '.join(one for one in registry.FAMILIES if one not in registry.FILMED)}`.",
            file=sys.stderr,
        )
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sentence = machine.described(machine.keep_to_two_cores())
    print(sentence, file=sys.stderr)
    results = measure(rows, options.quick)
    sys.stdout.write(f"{sentence}\n\n{telling.table(results)}")
    if options.quick:
        left = [row.name for row in registry.chosen(options.only, False, False) if not row.quick]
        leaves = f", and leaves out: {'; '.join(left)}" if left else ""
        print(f"--quick uses shorter films and fewer rounds{leaves}.")
    _write(results, sentence, options)
    return int(any(one.failed for one in results))


def measure(rows: list[registry.Row], quick: bool) -> list[Result]:
    """Measure rows, family after family; what goes wrong in one does not end the others.

    Parameters
    ----------
    rows : list of Row
    quick : bool

    Returns
    -------
    list of Result
        One a row, in their order.
    """
    families = [family for family in registry.FAMILIES if any(row.family == family for row in rows)]
    found: dict[str, Result] = {}
    with Lab(quick, families) as lab:
        for family in families:
            wanted = [row.name for row in rows if row.family == family]
            lab.begin(family)
            why, failed = "", False
            if lab.over():
                why = "left out: the three minutes of --quick are over."
            else:
                try:
                    for one in _family(family)(lab, wanted):
                        if one.name in wanted:
                            # What the end of the three minutes cuts off did not fail.
                            found[one.name] = one = replace(one, failed=one.failed and not (quick and lab.over()))
                            said = one.note if one.ours is None else f"{telling.figure(one.ours)} {telling.verdict(one)}"
                            lab.say(f"{one.name}: {said.rstrip()}")
                except Failed as error:
                    why, failed = str(error), not (isinstance(error, LeftOut) or quick and lab.over())
                except Exception as error:  # a row must not end the others, whatever its libraries raise
                    why, failed = f"{type(error).__name__}: {error}", True
            if why:
                lab.say(f"{family}: {why}")
            found |= {name: Result(name, None, note=why, failed=failed) for name in wanted if name not in found}
    return [found[row.name] for row in rows]


def _family(family: str) -> Family:
    return import_module(f"scripts.benchmarks.{MODULES[family]}").measure


def _write(results: list[Result], sentence: str, options: argparse.Namespace) -> None:
    if options.out:
        write_atomically(options.out, telling.as_json(results))
        print(f"{options.out} holds the figures.", file=sys.stderr)
    measured = {one.name: one.ours for one in results if one.ours is not None}
    if options.growth:
        from scripts.benchmarks.growth import grown, plot

        points = grown(measured)
        if points:
            plot(points, ROOT / PLOT)
            print(f"{PLOT} shows the growth.", file=sys.stderr)
    if options.write_readme:
        part = telling.markdown(results, sentence, PLOT if (ROOT / PLOT).is_file() else None)
        write_atomically(README, telling.put_between(README.read_text("utf-8"), part))
        print("README.md holds the table.", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure screentime side by side with what it is compared to: in turn, in one run, on two cores.",
    )
    parser.add_argument("--quick", action="store_true", help="end within three minutes")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="also write the figures as JSON")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="families, or parts of rows' names")
    parser.add_argument("--list", action="store_true", help="list the rows and what they are compared with")
    parser.add_argument("--growth", action="store_true", help=f"also measure growth, and draw {PLOT}")
    parser.add_argument("--write-readme", action="store_true", help="write the table into README.md")
    return parser


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        print("Ended; nothing of it is left running.", file=sys.stderr)
        raise SystemExit(130) from None
