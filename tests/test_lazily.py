"""What is made when it is first asked for: once, and without one object waiting for another."""

import threading

from screentime.lazily import lazily


class Thing:
    """One that counts what it makes."""

    def __init__(self, wait=None):
        self.made, self.wait = 0, wait

    @lazily
    def part(self):
        """A part."""
        self.made += 1
        if self.wait:
            self.wait.wait(30)
        return self.made


def test_it_is_made_once_and_may_be_put_there_beforehand():
    thing, other = Thing(), Thing()
    assert (thing.made, thing.part, thing.part, thing.made) == (0, 1, 1, 1)
    other.part = "given"
    assert (other.part, other.made) == ("given", 0)
    assert Thing.part.__doc__ == "A part."


def test_an_object_that_waits_keeps_no_other_one_waiting():
    over = threading.Event()
    slow = Thing(over)
    thread = threading.Thread(target=lambda: slow.part)
    thread.start()
    try:
        assert Thing().part == 1
        assert slow.made == 1 and thread.is_alive()
    finally:
        over.set()
        thread.join()
