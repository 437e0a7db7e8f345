"""What this machine lends a process."""

from __future__ import annotations

import os


def cores() -> int:
    """Processor cores that this process may use."""
    # Not every system can say which cores are a process's own.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
