"""TensorFlow imported in the background, its start-up talk muted and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from screentime.model.runtime import silenced

WARM = """
import sys, threading
from screentime.model.runtime import tensorflow, warm_up
warm_up()
warm_up()
(thread,) = [one for one in threading.enumerate() if one is not threading.main_thread()]
said = 0
while thread.is_alive():
    said += 1
    print("here", said, file=sys.stderr)
    thread.join(0.2)
print(said, "tensorflow" in sys.modules, "tf_keras" in sys.modules, tensorflow().constant(2).numpy())
warm_up()
print(threading.active_count())
"""


def test_what_is_said_while_tensorflow_is_imported_is_heard_and_its_own_talk_is_not():
    result = subprocess.run(
        [sys.executable, "-c", WARM], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    said, *imported = result.stdout.splitlines()[0].split()
    assert imported == ["True", "True", "2"] and int(said) > 1
    assert result.stderr.splitlines() == [f"here {count}" for count in range(1, int(said) + 1)]
    assert result.stdout.splitlines()[1] == "1"


def test_libraries_are_muted_on_the_descriptor_itself_and_only_meanwhile(capfd):
    with silenced():
        os.write(2, b"from C++\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_of_several_that_mute_the_last_one_ends_it(capfd):
    first, second = silenced(), silenced()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    os.write(2, b"from C++\n")
    second.__exit__(None, None, None)
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"
