"""Where the command begins: until what it needs is imported, Ctrl+C ends it without a word of Python's."""

import os
import signal

STOPPED = 130


def main() -> None:
    """Import the command line and run it."""
    # In the background of a shell without job control SIGINT is ignored, and stays so.
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
    import rich.console  # noqa: F401 - which it needs before it can say anything

    from screentime import cli

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
