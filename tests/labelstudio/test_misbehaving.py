"""A sample of `scripts/misbehave`: every kind of call that a project makes, every fault, the real server."""

from collections import Counter
from pathlib import Path

import pytest

from scripts.faults import snapshot
from scripts.faults.faulty import FAULTS
from scripts.faults.misbehaving import FURTHER, LEAST, cases, examine, sample, table
from scripts.faults.stages import Project, Stage

# What a project is known to ask; a new kind of call comes into the sample by itself.
ASKED = {
    "GET /api/current-user/whoami", "GET /api/projects/", "POST /api/projects/", "GET /api/projects/N/",
    "PATCH /api/projects/N/", "GET /api/projects/N/summary/", "GET /api/tasks", "GET /api/tasks/N/", "PATCH /api/tasks/N/",
    "POST /api/projects/N/import", "POST /api/projects/N/import of files", "GET /api/projects/N/file-uploads",
    "GET /api/storages/localfiles/", "POST /api/storages/localfiles/", "GET /api/dm/views/", "POST /api/dm/views/",
    "GET /api/dm/views/N/", "PATCH /api/dm/views/N/", "POST /api/dm/views/order/", "POST /api/dm/actions?id=next_task",
    "POST /api/dm/actions?id=add_data_field", "POST /api/tasks/N/annotations/", "DELETE /api/annotations/N/",
    "GET /api/projects/N/model-versions/", "DELETE /api/projects/N/model-versions/",
    "POST /api/projects/N/import/predictions", "GET /api/predictions/", "PATCH /api/predictions/N/",
    "POST /api/token/refresh/", "GET /api/webhooks/", "POST /api/webhooks/", "DELETE /api/webhooks/N/",
}


def test_every_fault_comes_at_each_kind_of_call_once_and_some_in_every_further_command():
    kinds = {"push": ["a", "b", "a"], "pull": ["c", "a"], "sync": ["a", "b", "c"]}
    stages = [Stage(name, print, b"", Path(), made) for name, made in kinds.items()]
    tried = [(case.stage.name, case.plan.kind, case.plan.fault, case.plan.place) for case in cases(stages)]
    assert len(set(tried)) == len(tried)
    many = Counter((stage, kind) for stage, kind, _, _ in tried)
    first = {("push", "a"), ("push", "b"), ("pull", "c")}
    assert many == {
        (stage, kind): len(FAULTS) if (stage, kind) in first else FURTHER for stage, made in kinds.items() for kind in made
    }
    # They go round.
    assert [fault for stage, kind, fault, _ in tried if (stage, kind) not in first] == list(FAULTS[: 4 * FURTHER])
    assert {(stage, kind): place for stage, kind, _, place in tried}["sync", "c"] == 2
    assert [case.plan.fault for case in cases(stages[2:], ["401"])] == ["401"] * 3


@pytest.mark.timeout(600)
def test_every_call_may_fail_in_every_way_and_the_next_run_leaves_what_an_undisturbed_one_does(
    ls_home, ls_server, cartoon, colour_backbone, tmp_path, monkeypatch
):
    from screentime.demo.film import draw_film

    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    before = snapshot.keep(snapshot.database_of(ls_home))
    film, truth = cartoon
    other = tmp_path / "other.mp4"
    draw_film(other, seconds=20, seed=6, size=(320, 180))
    project = Project(ls_home, tmp_path, film, other, truth, str(colour_backbone))
    try:
        stages = list(project.stages())
        found = [examine(project, case) for case in sample(stages)]
    finally:
        project.close()
        snapshot.put_back(snapshot.database_of(ls_home), before)
    assert [(one.case.stage.name, one.case.plan, one.wrong) for one in found if one.wrong] == []
    assert ASKED <= {one.case.plan.kind for one in found}
    met = Counter(one.case.plan.fault for one in found)
    assert met.keys() == set(FAULTS) and min(met.values()) >= LEAST
    # Both outcomes are met, and nothing but them.
    assert {one.first.how for one in found} == {"done", "sentence"}
    assert [stage.kinds for stage in stages if stage.name in ("status", "report")] == [[], []]
    assert table(found).count("\n") == len({one.case.plan.kind for one in found})
