"""The terminal's commands for the loop: push, pull, train, preannotate, sync, status."""

from pathlib import Path
from typing import Annotated, Any

import typer

from screentime import options as o
from screentime.cli_common import HERE, at, loop_of, placed
from screentime.output import Result, results
from screentime.telling import goal, tell_others, tell_status


@results
def push(
    workspace: o.Folder = HERE,
    store: o.Store = None, backbone: o.BackboneName = None, view: o.ViewName = None, seed: o.Seed = None,
    first_batch: o.FirstBatch = None, audit_every: o.AuditEvery = None, url: o.Url = None,
    document_root: o.DocumentRoot = None, base_url: o.BaseUrl = None, s3_endpoint: o.S3Endpoint = None,
    s3_bucket: o.S3Bucket = None, s3_prefix: o.S3Prefix = None, s3_region: o.S3Region = None,
    s3_presign: o.S3Presign = None,
    labels: Annotated[Path | None, typer.Option(
        "--labels", help="Also put back the labels of this copy (labels.csv, labels-gone.csv) on frames without one.",
    )] = None,
) -> Result:
    """Put the frames into Label Studio and choose which ones to label first."""
    from screentime.puttingback import put_back, read_copy

    loop = loop_of(
        workspace, store=store, backbone=backbone, view=view, seed=seed, first_batch=first_batch,
        audit_every=audit_every, url=url, document_root=document_root, base_url=base_url, s3_endpoint=s3_endpoint,
        s3_bucket=s3_bucket, s3_prefix=s3_prefix, s3_region=s3_region, s3_presign=s3_presign,
    )
    copy = read_copy(loop, labels) if labels else None
    with loop.workspace.locked("push"):
        created, found = loop.push()
        back = put_back(loop, copy) if copy else None
    progress = loop.workspace.progress()
    return Result(
        {"created": created, "found": found, "asked": len(progress.batch), "url": progress.url}
        | ({"others": list(progress.others)} if progress.others else {})
        | ({} if back is None else {"put_back": back}),
        lambda: (
            loop.talk.say(f"{created} frames are new in Label Studio, {found} were there."),
            tell_others(progress.others, loop.talk.say),
        ),
        next=f"label {len(progress.batch)} frames at {progress.url} , then `screentime sync{at(workspace)}`"
        " (or `sync --watch` while you label)." if progress.batch else
        f"no frame waits for a label; `screentime sync{at(workspace)}`.",
    )


@results
def pull(workspace: o.Folder = HERE, url: o.Url = None) -> Result:
    """Copy the labels out of Label Studio into labels.csv."""
    from screentime.batches import waiting

    loop = loop_of(workspace, url=url)
    with loop.workspace.locked("pull"):
        labels = loop.pull()
    skipped = loop.workspace.progress().skipped
    left, reviews = waiting(loop.workspace), len(loop.workspace.reviews())
    reviewed = f"{reviews} films are reviewed. " if reviews else ""
    return Result(
        {"labels": len(labels), "skipped": len(skipped), "waiting": left, "reviewed": reviews},
        lambda: loop.talk.say(
            f"{reviewed}{len(labels)} labels and {len(skipped)} skipped frames; {left} still wait."
        ),
        next=f"`screentime train{at(workspace)}`.",
    )


@results
def train(
    workspace: o.Folder = HERE,
    backbone: o.BackboneName = None, recipe: o.RecipeName = None, view: o.ViewName = None,
    epochs: o.Epochs = None, seed: o.Seed = None, target: o.Target = None, stop: o.StopName = None,
    half_width: o.HalfWidth = None,
) -> Result:
    """Train a model version on the pulled labels."""
    loop = loop_of(
        workspace, backbone=backbone, recipe=recipe, view=view, epochs=epochs, seed=seed, target=target,
        stop=stop, half_width=half_width,
    )
    with loop.workspace.locked("train"):
        round_, is_new = loop.train()
    return _round(loop, round_, is_new, f"`screentime preannotate{at(workspace)}`.")


@results
def preannotate(
    workspace: o.Folder = HERE,
    backbone: o.BackboneName = None, view: o.ViewName = None, seed: o.Seed = None,
    first_batch: o.FirstBatch = None, batch: o.Batch = None, audit_every: o.AuditEvery = None, url: o.Url = None,
) -> Result:
    """Show the latest model's predictions in Label Studio and choose what to label next."""
    loop = loop_of(
        workspace, backbone=backbone, view=view, seed=seed, first_batch=first_batch, batch=batch,
        audit_every=audit_every, url=url,
    )
    with loop.workspace.locked("preannotate"):
        written = loop.preannotate()
    progress = loop.workspace.progress()
    return Result(
        {"preannotated": written, "version": progress.shown, "url": progress.url},
        lambda: loop.talk.say(f"{written} frames show what {progress.shown} predicts."),
        next=f"confirm or correct {len(progress.batch)} frames at {progress.url} , then `screentime sync{at(workspace)}`.",
    )


@results
def sync(
    workspace: o.Folder = HERE,
    watch: Annotated[bool, typer.Option("--watch", help="Go on whenever enough new labels came, until the target.")] = False,
    backbone: o.BackboneName = None, recipe: o.RecipeName = None, view: o.ViewName = None,
    epochs: o.Epochs = None, seed: o.Seed = None, target: o.Target = None, first_batch: o.FirstBatch = None,
    every: o.Every = None, batch: o.Batch = None, audit_every: o.AuditEvery = None,
    stop: o.StopName = None, half_width: o.HalfWidth = None, url: o.Url = None,
) -> Result:
    """One round: pull, train, preannotate. With --watch, round after round until the target."""
    from screentime.batches import waiting
    from screentime.watching import watch as watch_loop

    loop = loop_of(
        workspace, backbone=backbone, recipe=recipe, view=view, epochs=epochs, seed=seed, target=target,
        first_batch=first_batch, every=every, batch=batch, audit_every=audit_every, stop=stop,
        half_width=half_width, url=url,
    )
    with loop.workspace.locked("sync"):
        synced = watch_loop(loop) if watch else loop.sync()
    progress = loop.workspace.progress()
    if synced.round.target_reached:
        following = (
            f"`screentime status{at(workspace)}` for the seconds so far, or `screentime predict FILM{at(workspace)}`"
            f" for another film. More labels make both better: {progress.url}"
        )
    elif not waiting(loop.workspace):
        following = f"no frame waits for a label; `screentime status{at(workspace)}` for the seconds so far."
    else:
        following = (
            f"label the next {waiting(loop.workspace)} frames at {progress.url} , then `screentime sync{at(workspace)}`."
        )
    return _round(loop, synced.round, synced.new, following)


@results
def status(workspace: o.Folder = HERE) -> Result:
    """Where the project stands: labels, rounds, seconds so far. Asks no server."""
    from screentime.summary import summary

    loop = loop_of(workspace)
    found = summary(loop.workspace)
    return Result(
        found, lambda: tell_status(found), found["screen_time"], next=placed(found["next"], workspace),
    )


def _round(loop: Any, round_: Any, is_new: bool, following: str) -> Result:
    from dataclasses import asdict

    def tell() -> None:
        if not is_new:
            loop.talk.say(f"Nothing is new: {round_.version} learned from just these {round_.labels} labels.")
        loop.talk.say(
            f"{round_.version}: {round_.labels} labels, validation accuracy {round_.validation_accuracy:.2f}"
            f", {goal(loop.config.loop)}"
            f" {'reached' if round_.target_reached else 'not reached'},"
            f" after {round_.epochs} epochs, {round_.seconds:.0f} s."
        )

    return Result({**asdict(round_), "new": is_new}, tell, next=following)
