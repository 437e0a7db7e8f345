"""A Ctrl+C is heard once and for all."""

from __future__ import annotations

import signal
import threading

import pytest

from screentime.cluster.stopping import heard


class Clearing:
    """Is told to stop while it is cleared up, where Python drops what is raised."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_python_drops_is_heard_still():
    with pytest.raises(KeyboardInterrupt), heard() as require_none:
        require_none()
        Clearing()
        went_on = True
        require_none()
    assert went_on
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_raised_at_once_stays_so():
    with pytest.raises(KeyboardInterrupt), heard():
        signal.raise_signal(signal.SIGINT)


def test_where_it_is_ignored_it_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heard() as require_none:
            signal.raise_signal(signal.SIGINT)
            require_none()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_another_thread_than_the_main_one_changes_nothing():
    seen = []

    def other():
        with heard() as require_none:
            require_none()
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
