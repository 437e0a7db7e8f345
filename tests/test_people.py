"""Several people at once: their pages in the loop, and what status tells of each of them."""

import re

from screentime import config as configuration
from screentime.demo.annotator import Annotator, truth_of
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, walk
from screentime.labelstudio.tasks import read_tasks
from screentime.rounds import Loop
from screentime.summary import summary
from screentime.talk import Talk
from screentime.telling import tell_status
from screentime.watching import sync_if_enough


def numbers(pages):
    return [int(one) for one in re.findall(r"tab=(\d+)", " ".join(pages))]


def listed(loop, tab):
    return {task["id"] for task in read_tasks(loop.link.client, loop.project(), view=tab, include="id")}


def look_next(loop, *, mend=False):
    [check] = [one for one in CHECKS if one.name == "What to label next"]
    [found] = walk(Place(loop.workspace.root), [check], lambda one: None, Talk(), mend=mend)
    return found


def test_two_people_share_what_is_asked_for(cartoon_loop, cartoon, capsys):
    workspace = cartoon_loop.workspace
    options = configuration.override(workspace.config(), {"people": 2})
    workspace.config_file.write_text(configuration.render(options), "utf-8")
    loop = Loop(workspace, options, Talk())
    loop.push()
    progress = workspace.progress()
    pages = [progress.url, *progress.others]
    shares = [listed(loop, tab) for tab in numbers(pages)]
    assert [len(one) for one in shares] == [12, 12] and not shares[0] & shares[1]
    assert look_next(loop).state == "ok"

    known = truth_of(loop.frames, cartoon[1], cartoon[0])
    annotator = Annotator(loop.link.client, loop.project(), loop.schema, known)
    for tab in numbers(pages):
        assert annotator.label(tab, 99) == 12
    loop.sync()
    progress = workspace.progress()
    assert [progress.url, *progress.others] == pages
    for share in (numbers(pages), numbers([progress.confirm_unsure, *progress.others_unsure])):
        first, second = (listed(loop, tab) for tab in share)
        assert first and second and not first & second
    assert look_next(loop).state == "ok"

    # Somebody put the second person's page away: doctor says so and makes it again.
    loop.link.client.request("DELETE", f"api/dm/views/{numbers(progress.others)[0]}/")
    assert look_next(loop).state == "failed"
    assert look_next(loop, mend=True).state == "ok"

    found = summary(workspace)
    [one] = found["people"]
    assert (one["labels"], one["shared"], one["agreed"], one["timed"], one["median"]) == (24, 0, 0, 24, 1.0)
    assert found["others"] == list(workspace.progress().others)
    two = {**one, "person": "7", "labels": 5, "shared": 4, "agreed": 3, "median": None}
    tell_status(found | {"people": [one, two]})
    told = capsys.readouterr()
    assert re.search(r"7\W+5\W+4\W+3", told.out)
    assert f"Person 2 labels at {found['others'][0]} : frames that nobody else is given." in told.err


def test_who_is_alone_at_a_page_goes_on_while_the_others_are_away(cartoon_loop, cartoon):
    workspace = cartoon_loop.workspace
    options = configuration.override(workspace.config(), {"people": 2, "first_batch": 20, "batch": 6, "every": 4})
    workspace.config_file.write_text(configuration.render(options), "utf-8")
    loop = Loop(workspace, options, Talk())
    loop.push()
    annotator = Annotator(loop.link.client, loop.project(), loop.schema, truth_of(loop.frames, cartoon[1], cartoon[0]))
    pages = [workspace.progress().url, *workspace.progress().others]
    for tab in numbers(pages):
        assert annotator.label(tab, 99) == 10
    loop.sync()
    mine, theirs = numbers(pages)
    labels = 20
    for _ in range(3):
        held = listed(loop, theirs)
        assert (len(listed(loop, mine)), len(held)) == (3, 3)
        assert annotator.label(mine, 2) == 2
        assert sync_if_enough(loop, loop.pull()) is None
        assert annotator.label(mine, 99) == 1
        synced = sync_if_enough(loop, loop.pull())
        labels += 3
        assert synced is not None and synced.labels == labels
        # What the other person may have open is not handed to the first.
        assert not listed(loop, mine) & held
