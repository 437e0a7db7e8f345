"""The web of the service: hints in; the status page, health and metrics out."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from screentime.errors import ScreentimeError
from screentime.labelstudio.webhooks import HEADER, PATH, hint_secret
from screentime.service import mlbackend, page
from screentime.service.hosts import trusted
from screentime.service.metrics import metrics

if TYPE_CHECKING:
    from screentime.service.hub import Hub


# The page fetches nothing from elsewhere and stands in no other page's frame.
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
}


def build(hub: Hub, hosts: Collection[str] = ("*",), *, near: bool = False) -> FastAPI:
    """The application; it answers at once and leaves all work to the one who works.

    Parameters
    ----------
    hub : Hub
    hosts, near : optional
        Names under which it may be asked for, see `screentime.service.hosts.trusted`.

    Returns
    -------
    FastAPI
    """
    # Its own pages of documentation would fetch scripts from elsewhere.
    app = FastAPI(title="screentime", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def safely(request: Request, following) -> Response:
        if trusted(request.headers.get("Host", ""), hosts, near=near):
            answer = await following(request)
        else:
            answer = PlainTextResponse("This is no name of this service; `--address` gives it one more.\n", 400)
        answer.headers.update(SAFE)
        return answer

    @app.exception_handler(ScreentimeError)
    async def sentence(request: Request, error: ScreentimeError) -> Response:
        return JSONResponse({"error": error.what, "remedy": error.remedy}, status_code=503)

    @app.get("/")
    async def status() -> Response:
        """Where the projects stand."""
        return HTMLResponse(page.render(hub.projects(), datetime.now().astimezone()))

    @app.get("/page.js")
    async def script() -> Response:
        """What keeps the page fresh."""
        return Response(page.script(), media_type="text/javascript")

    @app.get("/metrics")
    async def prometheus() -> Response:
        """The same for Prometheus."""
        return PlainTextResponse(metrics(hub), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.post(f"{PATH}/{{identity}}", status_code=202)
    async def hint(identity: str, secret: Annotated[str | None, Header(alias=HEADER)] = None) -> dict[str, bool]:
        """Something may have changed in a project; what it was is asked, not believed."""
        if secret is None or not hmac.compare_digest(secret.encode(), hint_secret(hub.secret, identity).encode()):
            hub.refused += 1
            raise HTTPException(401 if secret is None else 403)
        found = hub.known(identity)
        if found is None:
            raise HTTPException(404)
        found.hint()
        return {"heard": True}

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> JSONResponse:
        """Whether the service does its work; also what Label Studio asks of a connected model.

        One project's fault is told, but does not bring the others down: Label Studio would show the model as
        disconnected in all of them, and Docker the service as unhealthy.
        """
        failing = [one.name for one in hub.projects() if one.state.failures and not one.state.trouble.passing]
        up = len(failing) < len(hub.projects())
        body = {
            "status": "UP" if up else "DOWN",
            "model_class": "screentime",
            "failing": failing,
            "projects": {
                one.name: {
                    "project": one.number, "doing": one.state.doing, "task": one.state.task,
                    "error": one.state.trouble.what if one.state.failures else None,
                    "remedy": one.state.trouble.remedy if one.state.failures else None,
                }
                for one in hub.projects()
            },
        }
        return JSONResponse(body, status_code=200 if up else 503)

    app.include_router(mlbackend.router(hub))
    return app
