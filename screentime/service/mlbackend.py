"""The protocol by which Label Studio's page Settings > Model speaks with a model.

Label Studio calls it while a page waits for the answer, and drops what comes late: see `ANSWER_SECONDS` in
`screentime.service.predicting`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from screentime.errors import NotReady, ScreentimeError, ServerError, UserMistake
from screentime.labelstudio.pictures import Unserved
from screentime.service.keeping import Keeper
from screentime.service.predicting import Predictor, Project, shown

# What a label or a skip sends; it is only a reason to look.
LABELLED = {"ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATION_DELETED", "ANNOTATIONS_DELETED"}
PRESSED = "START_TRAINING"


class Hub(Protocol):
    """The service's projects, see `screentime.service.hub`."""

    secret: str

    def projects(self) -> Sequence[Project]:
        """All of them."""

    def find(self, number: int) -> Project | None:
        """The one of this number in Label Studio; None where there is none, or more than one."""


def router(hub: Hub) -> APIRouter:
    """The routes of the protocol but ``/health``, which the service has anyway.

    Each wants the service's secret as the password of HTTP's basic authentication, whatever the user's name.

    Parameters
    ----------
    hub : Hub

    Returns
    -------
    APIRouter
        While its application runs, the pre-annotations stay on show, see `screentime.service.keeping`.
    """
    keeper, predictor = Keeper(hub.projects), Predictor()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with keeper.running():
            yield

    def known(request: Request) -> None:
        if not _is_secret(request.headers.get("Authorization", ""), hub.secret):
            raise HTTPException(
                401, "The password is not the service's secret.", {"WWW-Authenticate": 'Basic realm="screentime"'}
            )

    routes = APIRouter(lifespan=lifespan, dependencies=[Depends(known)])

    @routes.post("/setup")
    async def setup(request: Request, body: Body) -> JSONResponse:
        """A model is connected, or about to be asked; which version it is."""
        served = _project(hub, body.get("project"))
        keeper.connected(served.workspace.root, str(request.base_url))
        return JSONResponse({"model_version": await _done(lambda: shown(served.workspace)) or None})

    @routes.post("/predict")
    async def predict(body: Body) -> JSONResponse:
        """What the model says of tasks: as many results as tasks, each a list of one prediction or none."""
        served, tasks = _project(hub, body.get("project")), body.get("tasks")
        tasks = [tasks] if isinstance(tasks, dict) else tasks
        if not isinstance(tasks, list):
            raise HTTPException(400, "The request names no tasks.")
        results, errors = await _done(lambda: predictor.predict(served, tasks))
        if tasks and not any(results):
            raise HTTPException(422 if isinstance(errors[0], UserMistake) else _status(errors[0]), str(errors[0]))
        version = next((one["model_version"] for result in results for one in result), None)
        return JSONResponse({"results": results, "model_version": version, "errors": [str(one) for one in errors]})

    @routes.post("/webhook")
    async def webhook(body: Body) -> JSONResponse:
        """Somebody pressed a button, or something happened; rounds are run elsewhere."""
        action, named = body.get("action"), body.get("project")
        if not isinstance(action, str):
            raise HTTPException(400, "The request names no action.")
        if action != PRESSED and action not in LABELLED:
            return JSONResponse({"status": "Unknown event"})
        served = _project(hub, named.get("id") if isinstance(named, dict) else named)
        if action == PRESSED:
            await _done(lambda: served.ask("Start training was pressed in Label Studio"))
        else:
            served.hint()
        asked = "A round is asked for." if action == PRESSED else "A look is asked for."
        return JSONResponse({"status": "ok", "result": asked}, 201)

    @routes.get("/versions")
    async def versions() -> JSONResponse:
        """The versions on show; Label Studio does not say of which project it asks."""
        said = await _done(lambda: [shown(one.workspace) for one in hub.projects()])
        return JSONResponse({"versions": list(dict.fromkeys(filter(None, said)))})

    return routes


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise HTTPException(400, "The request is no JSON.") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "The request is no JSON object.")
    return body


Body = Annotated[dict[str, Any], Depends(_body)]


async def _done(work: Callable[[], Any]) -> Any:
    """The outcome of work that may wait, elsewhere; its errors as Label Studio's log shows them."""
    try:
        return await run_in_threadpool(work)
    except ScreentimeError as error:
        raise HTTPException(_status(error), str(error)) from None


def _status(error: ScreentimeError) -> int:
    if isinstance(error, Unserved):
        return 422
    if isinstance(error, ServerError):
        return 502
    return 409 if isinstance(error, (NotReady, UserMistake)) else 500


def _project(hub: Hub, said: Any) -> Project:
    """The project that a request names, as a number or as Label Studio's ``NUMBER.TIME``."""
    number = str(said).split(".", 1)[0]
    # Longer ones are no numbers of any database.
    known = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
    if known is not None and sum(one.number == known for one in hub.projects()) > 1:
        raise HTTPException(
            409, f"Several projects of this service have the number {known}, each in another Label Studio, and a request"
            " does not say which one it means: run a `screentime serve` for each Label Studio.",
        )
    served = None if known is None else hub.find(known)
    if served is None:
        raise HTTPException(404, "This service keeps no project of this number going: name its folder to `screentime serve`.")
    return served


def _is_secret(header: str, secret: str) -> bool:
    """Whether basic authentication gives the secret as its password."""
    kind, _, given = header.partition(" ")
    try:
        password = base64.b64decode(given, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return False
    return kind.lower() == "basic" and bool(secret) and hmac.compare_digest(password, secret.encode())
