"""What the checks look at: the workspace, the server, the project, each read once and only when asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from screentime.config import Config, LabelStudio
from screentime.doctor.finding import Missing
from screentime.errors import NotReady, ScreentimeError, ServerError, UserMistake
from screentime.labelstudio import installation, listener, process
from screentime.labelstudio.link import TOKEN_VARIABLE, URL_VARIABLE, Link, connect_own, public_address
from screentime.labelstudio.refusals import NO_JSON
from screentime.standing import Progress
from screentime.workspace import Workspace

if TYPE_CHECKING:
    from screentime.labelstudio.client import Client
    from screentime.labelstudio.project import ProjectRef
    from screentime.rounds import Loop

LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
ADDRESS = "Give the address of Label Studio's first page, for example http://localhost:8080."
# So long an answer may take before a check says that there is none.
PATIENCE = 30.0
TASK_FIELDS = "id,data,total_annotations,cancelled_annotations,predictions_model_versions,draft_exists"


@dataclass(frozen=True, slots=True)
class Front:
    """What a server says of itself to anybody.

    Attributes
    ----------
    release : str
        Label Studio's version.
    date : str
        Its clock, as the HTTP header has it; empty where it does not tell.
    asked : float
        Our own clock at that moment, seconds since 1970.
    """

    release: str
    date: str
    asked: float


def _once(make: Callable[[Place], Any]) -> Any:
    """A property that is made once; what went wrong with it is kept too, so that nothing is waited for twice."""

    @property
    @wraps(make)
    def value(self: Place) -> Any:
        if make.__name__ not in self._known:
            try:
                self._known[make.__name__] = make(self), None
            except (Missing, ScreentimeError) as error:
                self._known[make.__name__] = None, error
        found, error = self._known[make.__name__]
        if error is not None:
            raise error
        return found

    return value


class Place:
    """The set-up as seen from one folder.

    Parameters
    ----------
    folder : Path
        The workspace, if there is one.
    root : Path, optional
        Where the system's own files begin.
    patience : float, optional
        Seconds that one answer of the server may take.
    """

    def __init__(self, folder: Path, root: Path = Path("/"), patience: float = PATIENCE) -> None:
        self.folder, self.root, self.patience = folder, root, patience
        self._known: dict[str, tuple[Any, Exception | None]] = {}

    def afresh(self) -> Place:
        """The same place, of which nothing is known yet."""
        return Place(self.folder, self.root, self.patience)

    # -- the folder -------------------------------------------------------------------------------

    @_once
    def workspace(self) -> Workspace:
        """The workspace; its screentime.toml may be of no use."""
        try:
            return Workspace(self.folder)
        except NotReady:
            raise Missing("there is no screentime project in this folder") from None

    @_once
    def config(self) -> Config:
        """The workspace's options."""
        workspace = self.workspace
        try:
            workspace.schema()
            return workspace.config()
        except (ScreentimeError, OSError, UnicodeDecodeError):
            raise Missing("screentime.toml cannot be used") from None

    @_once
    def progress(self) -> Progress:
        """Where the loop stands."""
        workspace = self.workspace
        try:
            return workspace.progress()
        except (ScreentimeError, OSError):
            raise Missing("loop.json cannot be read") from None

    @_once
    def frames(self) -> list:
        """The frames of the project's films."""
        workspace = self.workspace
        try:
            return workspace.frames()
        except NotReady:
            raise Missing("there are no frames yet") from None
        except (ScreentimeError, OSError):
            raise Missing("frames.csv cannot be read") from None

    @_once
    def cards(self) -> list[dict]:
        """Cards of the models, oldest first."""
        workspace = self.workspace
        try:
            return workspace.cards()
        except (ScreentimeError, OSError):
            raise Missing("a model's card cannot be read") from None

    @property
    def options(self) -> LabelStudio:
        """Where people label; the defaults where no workspace says otherwise.

        Where one does, and cannot be understood, no server is taken for the one that it names.
        """
        try:
            return self.config.labelstudio
        except Missing:
            if self._is_project and not os.environ.get(URL_VARIABLE):
                raise
            return LabelStudio()

    @property
    def _is_project(self) -> bool:
        try:
            return bool(self.workspace)
        except Missing:
            return False

    def loop(self) -> Loop:
        """The loop on the workspace, for what has to be made again."""
        from screentime.rounds import Loop
        from screentime.talk import Talk

        return Loop(self.workspace, self.config, Talk())

    # -- the server -------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """Folder of the embedded server; it need not exist."""
        return installation.home()

    @_once
    def noted(self) -> process.Noted | None:
        """The embedded server of this home, if it runs."""
        # Asking it there would make the folder.
        return process.alive(self.home) if (self.home / "labelstudio").is_dir() else None

    @property
    def url(self) -> str:
        """Address of the server that screentime speaks with; empty where the embedded one does not run."""
        from screentime.labelstudio.client import plain_address

        chosen = os.environ.get(URL_VARIABLE) or self.options.url
        if chosen:
            return plain_address(chosen)  # never one with a secret in it: it stands in findings
        return self.noted.running.url if self.noted else ""

    @property
    def page(self) -> str:
        """Address by which people open that server: `url`, unless another one is set."""
        return public_address(self.options) or self.url

    @property
    def embedded(self) -> bool:
        """Whether screentime speaks with the embedded server."""
        return not (os.environ.get(URL_VARIABLE) or self.options.url)

    @property
    def host(self) -> str:
        """The server's name; empty where the address tells none."""
        try:
            return urlsplit(self.url).hostname or ""
        except (ValueError, UserMistake):
            return ""

    @_once
    def token(self) -> str:
        """The token that screentime uses."""
        if not self.embedded:
            token = os.environ.get(TOKEN_VARIABLE) or self.options.token
            if not token:
                raise NotReady(
                    f"There is no token for Label Studio at {self.page}.",
                    f"Make one there under Account & Settings and put it into {TOKEN_VARIABLE}.",
                )
            return token
        try:
            # Asked in the usual way a start that is under way would be waited for.
            return installation.kept_credentials(self.home).token
        except ServerError as error:
            raise NotReady(error.what, error.remedy) from None

    @_once
    def front(self) -> Front:
        """What the server says of itself without a token."""
        import httpx

        from screentime.labelstudio.client import speaking

        if not self.url:
            raise Missing("Label Studio is not running")
        with speaking(f"asking {self.url} for its version"):
            try:
                answer = httpx.get(
                    f"{self.url}/api/version/", timeout=self.patience, trust_env=self.host not in LOOPBACK
                )
            except (httpx.InvalidURL, httpx.UnsupportedProtocol):
                raise UserMistake(f"{self.url} is no address of a server.", ADDRESS) from None
        if answer.status_code >= 500:
            raise ServerError(
                f"{self.url} answers {answer.status_code}.", "Look into Label Studio's log, or that of what stands before it."
            )
        try:
            release = answer.json()["release"]
        except (*NO_JSON, KeyError, TypeError):
            raise ServerError(f"What answers at {self.url} is no Label Studio.", ADDRESS) from None
        return Front(str(release), answer.headers.get("date", ""), time.time())

    def require_own(self) -> None:
        """See that at the embedded server's address nobody else listens, who would be sent its token.

        Raises
        ------
        ServerError
            If that cannot be said of it.
        """
        if self.embedded and self.noted:
            listener.require_own(self.noted.pid, self.noted.port)

    @_once
    def connected(self) -> Client:
        """The server with the token; raises what is wrong with it."""
        from screentime.labelstudio.client import connect

        try:
            self.front  # noqa: B018 - without a server a token says nothing
            self.require_own()
        except ScreentimeError:
            raise Missing("Label Studio is not reached") from None
        if self.embedded and self.noted:
            return connect_own(self.home, self.noted, self.token, public=public_address(self.options))
        return connect(self.url, self.token, public=public_address(self.options))

    @_once
    def client(self) -> Client:
        """The server with the token, for checks that are about something else."""
        try:
            return self.connected
        except ScreentimeError:
            raise Missing("Label Studio does not take the token") from None

    @property
    def link(self) -> Link:
        """The connected server, as the loop knows it."""
        return Link(self.client, self.embedded)

    # -- the project ------------------------------------------------------------------------------

    @_once
    def project(self) -> ProjectRef:
        """The workspace's project on the server, which is there."""
        from screentime.labelstudio.client import speaking
        from screentime.labelstudio.project import reference

        client, number = self.client, self.known_project
        with speaking("looking for the project"):
            answer = client.line.httpx_client.request(
                f"api/projects/{number}/", method="GET", request_options={"timeout": self.patience}
            )
        if answer.status_code == 404:
            raise Missing(f"project {number} is not in Label Studio")
        if answer.status_code != 200:
            raise Missing(f"Label Studio answers {answer.status_code} for project {number}")
        return reference(client, number)

    @property
    def known_project(self) -> int:
        """Label Studio's number of the workspace's project, as the workspace knows it."""
        number = self.progress.project
        if number is None:
            raise Missing("the frames are not in Label Studio yet")
        return number

    @_once
    def settings(self) -> dict[str, Any]:
        """What Label Studio keeps of the project."""
        return self.ask(
            f"api/projects/{self.project.id}/",
            include="id,label_config,model_version,show_collab_predictions",
        )

    @_once
    def tasks(self) -> list[dict[str, Any]]:
        """All tasks that screentime made, in the order of their numbers; of each `TASK_FIELDS`."""
        from screentime.labelstudio.client import speaking
        from screentime.labelstudio.tasks import read_tasks

        with speaking("listing the frames"):
            # The model versions are told only where all fields are asked for.
            listed = read_tasks(self.client, self.project, fields="all", include=TASK_FIELDS)
            found = [one for one in listed if one["data"].get("uid")]
        return sorted(found, key=lambda one: one["id"])

    @_once
    def versions(self) -> dict[str, int]:
        """Model versions whose predictions are on the server, with how many each has."""
        from screentime.labelstudio.predictions import prediction_versions

        return prediction_versions(self.client, self.project)

    @property
    def shown(self) -> str:
        """The model version that the page should show."""
        if not self.progress.shown:
            raise Missing("no pre-annotations were written yet")
        return self.progress.shown

    def ask(self, path: str, **params: Any) -> Any:
        """Read something of the server.

        Raises
        ------
        ServerError
            If it does not answer.
        """
        from screentime.labelstudio.client import speaking

        with speaking(f"reading {path}"):
            return self.client.request("GET", path, params=params, seconds=self.patience)
