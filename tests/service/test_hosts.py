"""Under which names it is answered: no page of another site may read it by a name that leads here."""

import pytest

from screentime.service.hosts import trusted

NAMES = {"127.0.0.1", "localhost", "::1", "screentime.internal"}


@pytest.mark.parametrize("host", ["127.0.0.1:9090", "127.0.0.1", "localhost:9090", "LocalHost", "[::1]:9090", "[::1]",
                                  "Screentime.Internal:9090"])
def test_names_that_are_known_are_answered_at(host):
    assert trusted(host, NAMES, near=False) and trusted(host, NAMES, near=True)


@pytest.mark.parametrize("host", ["192.168.1.7:9090", "10.0.0.1", "[fe80::1]:9090", "serve:9090", "serve", "2130706433"])
def test_numbers_and_names_without_a_dot_where_other_machines_may_ask(host):
    assert trusted(host, NAMES, near=True) and not trusted(host, NAMES, near=False)


@pytest.mark.parametrize("host", [
    "attacker.example", "attacker.example:9090", "127.0.0.1.attacker.example", "localhost.attacker.example:9090", "localhost.",
    "127.0.0.1@attacker.example", "attacker.example@127.0.0.1", "127.0.0.1:9090:1", "[::1].attacker.example", "[::1", "",
    "127.0.0.1/x", "127.0.0.1 ", "a b",
])
def test_others_are_not_and_what_is_no_host_is_not(host):
    assert not trusted(host, NAMES, near=False) and not trusted(host, NAMES, near=True)


def test_all_are_where_that_is_said():
    assert trusted("attacker.example", ["*"], near=False)
