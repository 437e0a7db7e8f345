"""Flags of the command line, made from the options of screentime.toml: same name, type and words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from screentime.config import option


def flag(section: str, name: str) -> Any:
    """The type annotation of one option's flag.

    Parameters
    ----------
    section, name : str
        As in screentime.toml.

    Returns
    -------
    type
        For a parameter whose default is None: None means what screentime.toml says.
    """
    kind, description = option(section, name)
    return Annotated[kind | None, typer.Option(f"--{name.replace('_', '-')}", help=f"{description}.")]


Title = flag("project", "title")
Mode = flag("project", "mode")
Fps = flag("frames", "fps")
MaxHeight = flag("frames", "max_height")
Quality = flag("frames", "quality")
Store = flag("frames", "store")
BackboneName = flag("model", "backbone")
RecipeName = flag("model", "recipe")
ViewName = flag("model", "view")
Epochs = flag("model", "epochs")
Seed = flag("model", "seed")
Target = flag("loop", "target")
FirstBatch = flag("loop", "first_batch")
Every = flag("loop", "every")
Batch = flag("loop", "batch")
AuditEvery = flag("loop", "audit_every")
StopName = flag("loop", "stop")
HalfWidth = flag("loop", "half_width")
Url = flag("labelstudio", "url")
PublicUrl = flag("labelstudio", "public_url")
DocumentRoot = flag("labelstudio", "document_root")
Port = flag("labelstudio", "port")
People = flag("labelstudio", "people")
BaseUrl = flag("storage", "base_url")
S3Endpoint = flag("storage", "s3_endpoint")
S3Bucket = flag("storage", "s3_bucket")
S3Prefix = flag("storage", "s3_prefix")
S3Region = flag("storage", "s3_region")
S3Presign = flag("storage", "s3_presign")

Folder = Annotated[Path, typer.Option("--workspace", help="The project's folder.")]

Engine = Annotated[Literal["local", "ray"], typer.Option("--engine", help="Who works: this process, or the workers of a Ray cluster.")]
Address = Annotated[str | None, typer.Option("--address", help="With --engine ray: a running cluster, as `ray start` names it; left out, one on this machine.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="With --engine ray: workers, each on a core of its own; as many as there are cores when left out.")]
Segment = Annotated[float | None, typer.Option("--segment", min=1, help="With --engine ray: seconds of film; longer films are looked at in parts. 600 when left out, inf for never.")]
