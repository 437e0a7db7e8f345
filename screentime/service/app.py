"""The web of the service: hints in; the status page, health and metrics out."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse

from screentime.labelstudio.webhooks import HEADER, PATH

if TYPE_CHECKING:
    from screentime.service.hub import Hub


def build(hub: Hub) -> FastAPI:
    """The application; it answers at once and leaves all work to the one who works.

    Parameters
    ----------
    hub : Hub

    Returns
    -------
    FastAPI
    """
    # Its own pages of documentation would fetch scripts from elsewhere.
    app = FastAPI(title="screentime", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post(f"{PATH}/{{identity}}", status_code=202)
    async def hint(identity: str, secret: Annotated[str | None, Header(alias=HEADER)] = None) -> dict[str, bool]:
        """Something may have changed in a project; what it was is asked, not believed."""
        if secret is None or not hmac.compare_digest(secret.encode(), hub.secret.encode()):
            hub.refused += 1
            raise HTTPException(401 if secret is None else 403)
        found = hub.known(identity)
        if found is None:
            raise HTTPException(404)
        found.ask("a hint of Label Studio")
        return {"heard": True}

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> JSONResponse:
        """Whether all projects go on; also what Label Studio asks of a connected model."""
        failed = [one for one in hub.projects() if one.state.failures and not one.state.trouble.passing]
        body = {
            "status": "DOWN" if failed else "UP",
            "projects": {
                one.name: {
                    "project": one.number, "doing": one.state.doing, "task": one.state.task,
                    "error": one.state.trouble.what if one.state.failures else None,
                    "remedy": one.state.trouble.remedy if one.state.failures else None,
                }
                for one in hub.projects()
            },
        }
        return JSONResponse(body, status_code=503 if failed else 200)

    return app
