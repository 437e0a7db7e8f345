"""What must be decoded, from bare numbers: everything that a sample leans on, and little else."""

from __future__ import annotations

import pickle
import time
from array import array
from bisect import bisect_right
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screentime.video.leaning import Kind
from screentime.video.skipping import needed, plan, segments, thrifty_segments

KINDS = {"I": Kind.START, "P": 0, "b": Kind.SPARE, "s": Kind.HELD, "h": Kind.HIDDEN}


def sent(letters: str, stamps: list[int], wanted: set[int]) -> str:
    """The letters of what is decoded; the others as dots."""
    marks = needed(stamps, [KINDS[letter] for letter in letters], wanted)
    return "".join(letter if mark else "." for letter, mark in zip(letters, marks))


@pytest.mark.parametrize(("letters", "stamps", "wanted", "expected"), [
    # A closed group: spare frames are left out, and all behind the last wanted one.
    ("IPbbPbbPbb", [0, 3, 1, 2, 6, 4, 5, 9, 7, 8], {0}, "I........."),
    ("IPbbPbbPbb", [0, 3, 1, 2, 6, 4, 5, 9, 7, 8], {5}, "IP..P.b..."),
    ("IPPPIPPPIPPP", list(range(12)), {1, 10}, "IP......IPP."),
    ("IPPPIPPPIPPP", list(range(12)), {4}, "....I......."),
    # Pictures shown before the one that starts the group lean on the group before; others do not.
    ("IPPIbbPP", [0, 1, 2, 5, 3, 4, 6, 7], {4}, "IPPI.b.."),
    ("IPPIbbPP", [0, 1, 2, 5, 3, 4, 6, 7], {6}, "...I..P."),
    ("IPPIPPPP", [0, 1, 2, 5, 3, 4, 6, 7], {6}, "...I..P."),
    ("IPPIPbPP", [0, 1, 2, 5, 4, 3, 6, 7], {3}, "IPPIPb.."),
    # What changes how others are read is never left out; what comes before the first start is kept together.
    ("IPPsIPPs", list(range(8)), {4}, "IPPsIPPs"),
    ("PPbIPPP", list(range(7)), {1}, "PP....."),
    ("IhhPP", list(range(5)), {3}, "IhhP."),
    ("IPPP", list(range(4)), set(), "...."),
])
def test_what_is_decoded(letters, stamps, wanted, expected):
    assert sent(letters, stamps, wanted) == expected


@st.composite
def films(draw):
    """Packets in their order of decoding: (stamp, kind, what it leans on), by the rules of `Kind`."""
    packets, shown = [], 0
    for _ in range(draw(st.integers(1, 5))):
        first, early = len(packets), draw(st.integers(0, 3)) if packets else 0
        packets.append((shown + early, Kind.START, []))
        chain = first
        for place in range(early):
            spare = draw(st.booleans())
            packets.append((shown + place, Kind.SPARE if spare else 0, [first, first - 1, len(packets) - 1][: 3 if place else 2]))
        shown += early + 1
        for _ in range(draw(st.integers(0, 5))):
            spares = draw(st.integers(0, 3))
            packets.append((shown + spares, 0, [chain]))
            before, chain = chain, len(packets) - 1
            packets += [(shown + place, Kind.SPARE, [before, chain]) for place in range(spares)]
            shown += spares + 1
    return packets


@given(films(), st.data())
def test_all_that_a_wanted_frame_leans_on_is_decoded(packets, data):
    # A spare picture is leaned on by none.
    leans = [[other for other in others if not packets[other][1] & Kind.SPARE] for _, _, others in packets]
    stamps = [stamp for stamp, _, _ in packets]
    wanted = set(data.draw(st.lists(st.sampled_from(stamps), unique=True)))
    marks = needed(stamps, [int(kind) for _, kind, _ in packets], wanted)
    todo = [at for at, stamp in enumerate(stamps) if stamp in wanted]
    while todo:
        at = todo.pop()
        assert marks[at]
        todo += leans[at]
    assert all(stamps[at] in wanted for at, mark in enumerate(marks) if mark and packets[at][1] & Kind.SPARE)


def test_a_plan_says_what_comes_out_and_when():
    stamps = array("q", [100, 130, 110, 120, 160, 140, 150])
    kinds = bytearray([Kind.START, 0, Kind.SPARE, Kind.SPARE, 0, Kind.SPARE, Kind.SPARE])
    known = plan(stamps, kinds, 0.1, 100, 0.5, 1.0)
    assert known.seconds == {100: 0.0, 120: 2.0, 140: 4.0, 160: 6.0}
    # The last of each order are decoded too: they tell whether the film is there to its end.
    assert (list(known.sent), list(known.due)) == ([1, 1, 0, 1, 1, 1, 1], [100, 120, 130, 140, 150, 160])
    assert (known.starts, known.frames, known.last, known.end) == ({100}, 7, 6.0, 7.0)


@given(films(), st.integers(1, 4), st.sampled_from([0.3, 0.5, 1.0]))
def test_each_part_sends_what_its_samples_lean_on_and_all_parts_send_what_the_whole_does(packets, samples, fps):
    leans = [[other for other in others if not packets[other][1] & Kind.SPARE] for _, _, others in packets]
    stamps, kinds = array("q", [one[0] for one in packets]), bytearray(int(one[1]) for one in packets)
    whole = plan(stamps, kinds, 1.0, 0, fps, 1.0)
    parts = segments(whole, samples)
    assert [second for part in parts for second in part.seconds.items()] == list(whole.seconds.items())
    assert [part.first for part in parts] == list(range(0, len(whole.seconds), samples))
    sound = set()
    for part in parts:
        for at, mark in enumerate(part.sent):
            # Nothing is sent that the whole leaves out, or without what it leans on.
            if mark and whole.sent[at] and all(part.sent[other] for other in leans[at]):
                sound.add(at)
            else:
                assert not mark
        assert set(part.seconds) <= set(part.due) and part.goes_on == (len(part.sent) < len(stamps))
        assert (part.frames, part.last, part.end) == (whole.frames, whole.last, whole.end)
    assert sound == {at for at, mark in enumerate(whole.sent) if mark}


def parted_one_by_one(whole, samples):
    """Parts of a plan, each from all packets of the film: slow, and what `segments` must come to."""
    stamps, kinds, samples_at = whole.stamps, whole.kinds, list(whole.seconds)
    groups = [set(samples_at[first : first + samples]) for first in range(0, len(samples_at), samples)]
    if len(groups) < 2:
        return [whole]
    firsts = [min(group) for group in groups]
    sent = [needed(stamps, kinds, group) for group in groups]
    left = {}
    for stamp, mark, *there in zip(stamps, whole.sent, *sent):
        if mark and not any(there):
            left.setdefault(max(bisect_right(firsts, stamp) - 1, 0), set()).add(stamp)
    for place, more in left.items():
        sent[place] = needed(stamps, kinds, groups[place] | more)
    parts = []
    for place, (group, marks) in enumerate(zip(groups, sent)):
        end = len(stamps) if place + 1 == len(groups) else marks.rindex(1) + 1
        out = [(stamp, kind) for stamp, kind, mark in zip(stamps, kinds, marks) if mark and not kind & Kind.HIDDEN]
        parts.append(replace(
            whole, sent=marks[:end], due=array("q", sorted(stamp for stamp, _ in out)),
            starts=frozenset(stamp for stamp, kind in out if kind & Kind.START),
            seconds={stamp: whole.seconds[stamp] for stamp in sorted(group)}, first=place * samples,
            goes_on=end < len(stamps),
        ))
    return parts


@st.composite
def odd_packets(draw):
    """Packets of any kinds, shown in nearly any order."""
    kinds = draw(st.lists(st.sampled_from([*KINDS.values(), Kind.START | Kind.HELD, Kind.SPARE | Kind.HELD]), min_size=1, max_size=60))
    orders = draw(st.lists(st.integers(0, 6), min_size=len(kinds), max_size=len(kinds)))
    return [(at * 8 + order * 8 + order, kind, []) for at, (kind, order) in enumerate(zip(kinds, orders))]


@given(st.one_of(films(), odd_packets()), st.integers(1, 5), st.sampled_from([0.05, 0.3, 1.0]))
@settings(max_examples=600)
def test_parts_are_those_that_a_walk_over_all_packets_for_each_finds(packets, samples, fps):
    stamps = array("q", dict.fromkeys(one[0] for one in packets))
    kinds = bytearray(int(one[1]) for one in packets)[: len(stamps)]
    if not any((kind & Kind.HIDDEN) == 0 for kind in kinds):
        return
    whole = plan(stamps, kinds, 1.0, 0, fps, 1.0)
    parts = parted_one_by_one(whole, samples)
    assert segments(whole, samples) == parts
    thrifty = samples
    while len(parts) > 1 and sum(part.sent.count(1) for part in parts) > 1.25 * whole.sent.count(1):
        thrifty *= 2
        parts = parted_one_by_one(whole, thrifty)
    assert thrifty_segments(whole, samples) == parts


@pytest.mark.parametrize("start", [50, 10**9])
def test_parting_a_long_film_takes_no_longer_for_more_parts(start):
    packets = 40_000
    whole = plan(
        array("q", range(packets)), bytearray(0 if at % start else Kind.START for at in range(packets)), 1.0, 0, 0.2, 1.0
    )
    spent = []
    for parts in (4, 80):
        before = time.process_time()
        thrifty_segments(whole, len(whole.seconds) // parts)
        spent.append(time.process_time() - before)
    assert spent[1] < 6 * spent[0] + 0.3, spent


def test_a_part_begins_at_the_last_packet_that_starts_anew():
    letters = "IPbPbIPbPbIPbPb"
    stamps = array("q", [0, 2, 1, 4, 3, 5, 7, 6, 9, 8, 10, 12, 11, 14, 13])
    whole = plan(stamps, bytearray(KINDS[letter] for letter in letters), 1.0, 0, 1.0, 1.0)
    first, second = segments(whole, 8)
    assert ["".join(map(str, part.sent)) for part in (first, second)] == ["1" * 8, "000001101111111"]
    assert (list(second.seconds), second.due[0], second.first, first.goes_on) == (list(range(8, 15)), 5, 8, True)
    assert segments(whole, 15) == [whole]


@pytest.mark.parametrize(("every", "sent"), [
    (5, [10, 10, 10, 10]),
    (8, [20, 24]),  # of 10 samples they would send 10, 12, 14 and 16: more than 50
    (40, [40]),  # 10, 20, 30 and 40; then 20 and 40
])
def test_parts_are_made_longer_where_they_decode_much_that_others_decode(every, sent):
    whole = plan(
        array("q", range(40)), bytearray(0 if at % every else Kind.START for at in range(40)), 1.0, 0, 1.0, 1.0
    )
    parts = thrifty_segments(whole, 10)
    assert [part.sent.count(1) for part in parts] == sent
    assert [second for part in parts for second in part.seconds] == list(range(40))
    assert [part.first for part in parts] == list(range(0, 40, 40 // len(parts)))


def test_many_parts_take_hardly_more_than_few():
    packets = 8_000
    whole = plan(
        array("q", range(packets)), bytearray(0 if at % 50 else Kind.START for at in range(packets)), 1.0, 0, 0.1, 1.0
    )
    few, many = (len(pickle.dumps(segments(whole, packets // 10 // parts))) for parts in (2, 20))
    # Of each part its marks are its own, a byte a packet up to its end; times of packets are there once.
    assert many < few + 20 * packets
