"""Inside a child process: calls the function that it was started for."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path


def main(function: str, arguments: str, answer: str = "") -> None:
    """Call a function.

    Parameters
    ----------
    function : str
        ``module:name``.
    arguments : str
        A JSON list.
    answer : str
        File for what it returns, as JSON. Without one the function gives a callable, which answers on
        stdout what is asked on stdin, one line of JSON each.
    """
    # What libraries print must not stand among the answers.
    line = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, _, name = function.partition(":")
    result = getattr(import_module(f"scripts.benchmarks.{module}"), name)(*json.loads(arguments))
    if answer:
        Path(answer).write_text(json.dumps(result), "utf-8")
        return
    for question in sys.stdin:
        print(json.dumps(result(json.loads(question))), file=line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
