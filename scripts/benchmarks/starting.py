"""How long the program takes to say something, against an empty Python."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

from scripts.benchmarks import children
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Result, in_turn
from scripts.benchmarks.registry import BUILTIN

LIMIT = 120
# No server listens there: a command that asked one would fail.
NOWHERE = {"LABEL_STUDIO_URL": "http://127.0.0.1:9", "LABEL_STUDIO_API_KEY": "none"}


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The rows of family ``start``."""
    commands = {"--help": ["--help"], "status": []}
    if "status" in wanted:
        commands["status"] = ["status", "--workspace", str(lab.project(BUILTIN))]
    commands = {name: arguments for name, arguments in commands.items() if name in wanted}
    contestants = {"python -c pass": lambda: children.run([sys.executable, "-c", "pass"], limit=LIMIT).seconds} | {
        name: lambda arguments=arguments: children.screentime(*arguments, limit=LIMIT, env=NOWHERE).seconds
        for name, arguments in commands.items()
    }
    in_turn(contestants, 1)  # what the system reads from disk the first time
    taken = in_turn(contestants, 3 if lab.quick else 9, lab.round("start"))
    for name in commands:
        yield taken.versus(name, name, "python -c pass")
