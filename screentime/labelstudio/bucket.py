"""Frames in an S3 bucket: sent there once each, and read from there by Label Studio."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from screentime.config import Config
from screentime.errors import ConfigError, NotReady, ServerError, UserMistake
from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tasks import Progress

KEY_VARIABLE, SECRET_VARIABLE, SESSION_VARIABLE = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
STORAGE_TITLE = "screentime frames"
AT_ONCE = 8
ATTEMPTS, PATIENCE = 5, timedelta(seconds=60)
# How long an address holds that a browser was given: a person may think about a frame, or come back to it.
MINUTES = 60
_AWS = "https://s3.{}.amazonaws.com{}"
_PARTS_BYTES = 8 * 2**20

_PRIVATE = (".localhost", ".local", ".internal")

_REFUSED = {
    "InvalidAccessKeyId": "it does not know the key", "SignatureDoesNotMatch": "the secret is not that of the key",
    "ExpiredToken": "the session has ended", "InvalidToken": "it does not know the session",
}
_OTHER_REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException")
_CLOCK = ("RequestTimeTooSkewed", "RequestExpired")
# What obstore says of a redirect to nowhere, which is how AWS refers to another region, and of an answer that is a
# page for people.
_REDIRECTED = "redirect without LOCATION"
_NO_S3 = re.compile(r"Unable to extract metadata from headers|[Ii]nvalid (list|\w+) response|redirect")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A project's folder in a bucket.

    Attributes
    ----------
    name, region : str
    folder : str
        Path in the bucket, without slashes around it.
    endpoint : str
        Address of the S3 service; empty means that of AWS.
    presign : bool
        Whether browsers fetch the pictures from the service themselves.
    keys : dict of str to str
        The credentials, which are never shown.
    """

    name: str
    folder: str
    endpoint: str
    region: str
    presign: bool
    keys: dict[str, str] = field(repr=False)

    @property
    def service(self) -> str:
        """How the service is called in sentences."""
        return f"the S3 service at {self.endpoint}" if self.endpoint else "AWS S3"

    def address(self, file: str) -> str:
        """What a task names: Label Studio knows by it what to fetch."""
        return f"s3://{self.name}/{self.folder}/{file}"


def bucket_of(config: Config, told: str) -> Bucket:
    """The bucket that the options name, with the environment's credentials.

    Parameters
    ----------
    config : Config
    told : str
        Address of the Label Studio that is to be told the credentials.

    Returns
    -------
    Bucket

    Raises
    ------
    ConfigError
        If no bucket is named.
    UserMistake
        If everybody on the way to Label Studio would see the credentials.
    NotReady
        If the environment has no credentials.
    """
    options = config.storage
    if not options.s3_bucket:
        raise ConfigError(
            "store = \"s3\" needs to know which bucket the frames go into.",
            "Set s3_bucket, and s3_endpoint where the service is not AWS.",
        )
    missing = [name for name in (KEY_VARIABLE, SECRET_VARIABLE) if not os.environ.get(name)]
    if missing:
        raise NotReady(
            f"There are no credentials for the bucket {options.s3_bucket}: {' and '.join(missing)}"
            f" {'is' if len(missing) == 1 else 'are'} not set.",
            "Put them into the environment, never into screentime.toml.",
        )
    if not _confidential(told):
        raise UserMistake(
            f"The credentials for the bucket {options.s3_bucket} are not sent to {told}: without https everybody on the way sees"
            " them.",
            "Give Label Studio's address with https, or use --store upload.",
        )
    keys = {"access_key_id": os.environ[KEY_VARIABLE], "secret_access_key": os.environ[SECRET_VARIABLE]}
    if os.environ.get(SESSION_VARIABLE):
        keys["session_token"] = os.environ[SESSION_VARIABLE]
    return Bucket(
        options.s3_bucket, "/".join(part for part in (options.s3_prefix, config.project.id) if part),
        options.s3_endpoint.rstrip("/"), options.s3_region, options.s3_presign, keys,
    )


def send(bucket: Bucket, files: Mapping[str, Path], kind: str, *, progress: Progress | None = None) -> int:
    """Copy files into the bucket; those that are there, with as many bytes, are not sent again.

    Parameters
    ----------
    bucket : Bucket
    files : mapping of str to Path
        Name in the project's folder of the bucket to the file.
    kind : str
        Their type, for example ``image/jpeg``.
    progress : callable of (int, int), optional
        Told how many are there, of how many.

    Returns
    -------
    int
        How many were sent.

    Raises
    ------
    UserMistake
        If a file cannot be read, or the credentials or the bucket are refused.
    ServerError
        If the service does not take them; what was sent is found by the next call.
    """
    from concurrent.futures import ThreadPoolExecutor

    import obstore

    store = _open(bucket)
    with _storing(bucket):
        there = {
            one["path"].removeprefix(f"{bucket.folder}/"): one["size"]
            for some in obstore.list(store, bucket.folder) for one in some
        }
    try:
        missing = [name for name, file in files.items() if there.get(name) != file.stat().st_size]

        def put(name: str) -> None:
            with files[name].open("rb") as content:
                obstore.put(
                    store, f"{bucket.folder}/{name}", content, attributes={"Content-Type": kind}, chunk_size=_PARTS_BYTES,
                )

        with _storing(bucket), ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [pool.submit(put, name) for name in missing]
            try:
                for number, job in enumerate(jobs, start=len(files) - len(missing) + 1):
                    job.result()
                    if progress:
                        progress(number, len(files))
            finally:
                for job in jobs:
                    job.cancel()
    except OSError as error:
        raise UserMistake(
            f"{error.filename} cannot be read: {error.strerror}.", "Sample the film again: `screentime extract`."
        ) from None
    return len(missing)


def ensure_storage(client: Client, project: ProjectRef, bucket: Bucket) -> None:
    """Let the project's page show what lies in the bucket: exactly one storage, never synced.

    Label Studio keeps the credentials in its database and shows them to nobody.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    bucket : Bucket
        Something lies in its folder: Label Studio looks.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with, or does not reach the bucket.
    """
    wanted = {
        "project": project.id, "title": STORAGE_TITLE, "bucket": bucket.name, "prefix": bucket.folder,
        "s3_endpoint": bucket.endpoint or None, "region_name": bucket.region, "use_blob_urls": True,
        "presign": bucket.presign, "presign_ttl": MINUTES,
        **{f"aws_{name}": key for name, key in ({"session_token": ""} | bucket.keys).items()},
    }
    present = storages(client, project)
    ours = [one for one in present if one.get("bucket") == bucket.name and one.get("title") == STORAGE_TITLE]
    try:
        with speaking("letting Label Studio read the bucket"):
            if ours:
                # The credentials may have been renewed, and are not shown: so they are always written.
                client.request("PATCH", f"api/storages/s3/{ours[0]['id']}", json=wanted)
            else:
                client.request("POST", "api/storages/s3/", json=wanted)
            for double in ours[1:]:
                client.request("DELETE", f"api/storages/s3/{double['id']}")
    except ServerError as error:
        raise ServerError(
            error.what,
            f"See that Label Studio itself reaches {bucket.service} by that address. Where the address is one of a"
            " private network, start Label Studio with LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS=false.",
        ) from None


def storages(client: Client, project: ProjectRef) -> list[Any]:
    """The S3 storages that the project has.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("looking which buckets the project reads"):
        return client.request("GET", "api/storages/s3/", params={"project": project.id}, form=list[forms.Storage])


def _confidential(url: str) -> bool:
    """Whether nobody else reads what is sent to an address: by https, or within a machine or a private network."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme == "https":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        # Names without a dot, as of containers, and those that stand for nothing in the Internet.
        return "." not in host or host.endswith(_PRIVATE)


def _open(bucket: Bucket) -> Any:
    from obstore.store import S3Store

    # Whatever is left out here is read from the environment, where an empty session token counts as one, and where
    # another service, other addresses or requests without a signature may be asked for.
    endpoint = bucket.endpoint or _AWS.format(bucket.region, ".cn" if bucket.region.startswith("cn-") else "")
    config = {
        "region": bucket.region, "endpoint": endpoint, "aws_endpoint_url_s3": endpoint, "skip_signature": False,
        "virtual_hosted_style_request": False, "s3_express": False,
    }
    keys = {name.removeprefix("session_"): key for name, key in bucket.keys.items()}
    return S3Store(
        bucket.name, config=config, credential_provider=lambda: {**keys, "expires_at": None},
        client_options={"allow_http": True, "timeout": "120s"},
        retry_config={"max_retries": ATTEMPTS, "retry_timeout": PATIENCE},
    )


@contextmanager
def _storing(bucket: Bucket) -> Iterator[None]:
    """Turn every failure of the S3 service into a sentence, of which its own words are only a code."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        raise _refusal(bucket, str(error)) from None


def _refusal(bucket: Bucket, said: str) -> ServerError | UserMistake:
    # Its words may name the key, and what it computed from the secret.
    code = (re.search(r"<Code>(\w{1,60})</Code>", said) or ["", ""])[1]
    status = (re.search(r"status code: (\d{3})", said) or ["", ""])[1]
    service = f"{bucket.service[0].upper()}{bucket.service[1:]}"
    correct = "Correct s3_endpoint."
    if code == "NoSuchBucket":
        return UserMistake(f"{service} has no bucket {bucket.name}.", "Make it there, or correct s3_bucket.")
    if code == "InvalidBucketName":
        return UserMistake(f"{service} says that no bucket can be called {bucket.name}.", "Correct s3_bucket.")
    if code in _OTHER_REGION or _REDIRECTED in said:
        there = re.search(r"(?:expecting '|<Region>)([a-z0-9-]{1,40})['<]", said)
        return UserMistake(
            f"{service} has the bucket {bucket.name} in another region than {bucket.region}.",
            f"Set s3_region{f' to {there[1]}' if there else ' to that of the bucket'}.",
        )
    if code in _CLOCK:
        return UserMistake(f"{service} has another time than this machine's clock.", "Set the clock of this machine right.")
    if code in _REFUSED:
        return UserMistake(
            f"{service} refuses the credentials: {_REFUSED[code]}.",
            f"Correct {KEY_VARIABLE} and {SECRET_VARIABLE}.",
        )
    if "invalid peer certificate" in said or "InvalidCertificate" in said:
        return UserMistake(
            f"{service} shows a certificate that this machine does not trust.",
            "Let who runs it use one of an authority that machines know, or give an s3_endpoint without https.",
        )
    if "InvalidContentType" in said:
        return UserMistake(f"What answers as {bucket.service} does not speak https.", correct)
    if not code and (status == "404" or (_NO_S3.search(said) and not status)):
        return UserMistake(f"What answers as {bucket.service} is no S3 service.", f"{correct} A console has another port.")
    if status in ("401", "403"):
        return UserMistake(
            f"The key in {KEY_VARIABLE} may not list and write {bucket.folder} of the bucket {bucket.name} ({code or status}).",
            "Give it the rights to do that, or use another one.",
        )
    if status:
        return ServerError(
            f"{service} answered {status}{f' ({code})' if code else ''}.",
            "Run the same command again: what is there is found.",
        )
    return ServerError(
        f"Nothing answers as {bucket.service}.", "Start it, or correct s3_endpoint, then run the same command again."
    )
