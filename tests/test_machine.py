"""How many cores there are, by the system's word and by a container's."""

import os

import pytest

from screentime.machine import cores


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Eight cores, and control groups to be limited."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text("1:cpuset:/old\n0::/outer/inner\n")
    (tmp_path / "sys" / "fs" / "cgroup" / "outer" / "inner").mkdir(parents=True)

    def limit(group, text):
        (tmp_path / "sys" / "fs" / "cgroup" / group / "cpu.max").write_text(text)

    limit("outer/inner", "max 100000\n")
    return tmp_path, limit


@pytest.mark.parametrize("group", ["outer/inner", "outer", "."])
@pytest.mark.parametrize(("text", "many"), [
    ("200000 100000\n", 2), ("150000 100000\n", 2), ("5000 100000\n", 1), ("1600000 100000\n", 8), ("max 100000\n", 8),
    ("", 8), ("1 0\n", 8),
])
def test_a_container_s_share_of_the_processors_counts(system, group, text, many):
    root, limit = system
    limit(group, text)
    assert cores(root) == many


def test_the_smallest_share_around_a_process_holds_and_none_is_needed(system, tmp_path):
    root, limit = system
    limit("outer/inner", "400000 100000\n")
    limit("outer", "300000 100000\n")
    assert cores(root) == 3
    assert cores(tmp_path / "nothing") == 8
    assert 1 <= cores() <= 8
