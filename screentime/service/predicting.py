"""What the model says of tasks that Label Studio names: of known frames what is kept, of others what it sees."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from screentime.cards import state_of
from screentime.errors import NotReady, ScreentimeError, ServerError, UserMistake
from screentime.labelstudio.pictures import Unserved, fetch_picture
from screentime.labelstudio.predictions import prediction
from screentime.labelstudio.tasks import uid_of
from screentime.video.source import opencv

if TYPE_CHECKING:
    import numpy as np

    from screentime.labelstudio.client import Client
    from screentime.model.classifier import Classifier
    from screentime.rounds import Loop
    from screentime.schema import Schema
    from screentime.workspace import Workspace

# A picture is small as a file and may be any size in memory.
MOST_PIXELS = 50_000_000
# Label Studio waits for the answer, 100 s and no longer, and we for its picture.
ANSWER_SECONDS, FETCH_SECONDS = 60.0, 20.0


class Project(Protocol):
    """A project of the service, see `screentime.service.served`."""

    number: int | None
    workspace: Workspace

    def loop(self) -> Loop:
        """A loop of the project as its files are now."""

    def hint(self) -> None:
        """Have the project looked at soon."""

    def ask(self, reason: str) -> None:
        """Have a round run soon."""

    def say(self, sentence: str) -> None:
        """Tell a sentence, on the page and at the terminal."""


@dataclass
class Open:
    """What is kept of a project between two questions: its connection by these options, once made, and its model."""

    options: object
    client: Client | None = None
    version: str = ""
    rows: Mapping[str, Sequence[float]] = field(default_factory=dict)
    classifier: Classifier | None = None


class Predictor:
    """Answers for several projects, of each one question at a time: the networks are not made for more."""

    def __init__(self) -> None:
        self._locks: dict[Path, threading.Lock] = {}
        self._open: dict[Path, Open] = {}

    def predict(self, served: Project, tasks: Sequence[Any]) -> tuple[list[list[dict[str, Any]]], list[ScreentimeError]]:
        """What the version on show says of tasks.

        Parameters
        ----------
        served : Project
        tasks : sequence
            As Label Studio sends them; a frame that the model has seen needs its uid alone.

        Returns
        -------
        predictions : list of list of dict
            Of each task, in the form that Label Studio takes: one, or none where it has no picture or no time was left.
        errors : list of ScreentimeError
            Why, of each of the latter.

        Raises
        ------
        NotReady
            If there is no model yet, or it was trained for other characters.
        ServerError
            If Label Studio cannot be spoken with.
        """
        until = time.monotonic() + ANSWER_SECONDS
        lock = self._locks.setdefault(served.workspace.root, threading.Lock())
        if not lock.acquire(timeout=ANSWER_SECONDS):
            return [[] for _ in tasks], [Late(_parts(task)[0]) for task in tasks]
        try:
            return self._predict(served, tasks, until)
        except ScreentimeError:
            # The connection, the address or the token may be another one by the next question.
            self._open.pop(served.workspace.root, None)
            raise
        finally:
            lock.release()

    def _predict(
        self, served: Project, tasks: Sequence[Any], until: float
    ) -> tuple[list[list[dict[str, Any]]], list[ScreentimeError]]:
        from screentime.batches import scores

        version = shown(served.workspace)
        if not version:
            raise NotReady("There is no model yet.", "Label some frames; the first round makes one.")
        loop = served.loop()
        schema, progress, frames = loop.schema, served.workspace.progress(), {one.uid: one for one in loop.frames}
        kept = self._kept(served, loop, version)
        known = [uid for uid in frames if uid in kept.rows]
        # As those that were pushed have it: by it Label Studio orders the frames.
        score: dict[str, float] = {}
        if set(known) >= set(progress.batch):
            score = scores([frames[uid] for uid in known], progress, schema.certainty(_array([kept.rows[uid] for uid in known])))
        answers: list[list[dict[str, Any]]] = []
        errors: list[ScreentimeError] = []
        for task in tasks:
            where, data = _parts(task)
            uid = uid_of({"data": data})
            if uid in kept.rows:
                row = _array([kept.rows[uid]])
            else:
                frame = frames.get(uid)
                file = served.workspace.root / frame.file if frame else None
                if not (file and file.is_file()):
                    self._connect(kept, loop, until)
                try:
                    if (left := until - time.monotonic()) <= 0:
                        raise Late(where)
                    picture = self._picture(kept, file, data, where, left)
                except (UserMistake, ServerError) as error:
                    errors.append(error)
                    answers.append([])
                    if not isinstance(error, (UserMistake, Unserved, Late)) or _refused(error):
                        self._open.pop(served.workspace.root, None)
                    continue
                row = self._look(kept, served, schema, picture)
            certainty = score.get(uid, float(schema.certainty(row)[0]))
            # A blind frame is labelled without the model's word.
            says = None if uid in progress.blind else schema.decode(schema.decide(row)[0])
            said = prediction(schema, version, (0, says, certainty))
            said.pop("task")
            answers.append([said])
        return answers, errors

    def _kept(self, served: Project, loop: Loop, version: str) -> Open:
        from screentime.model.tables import PREDICTIONS, read_rows

        root, options = served.workspace.root, state_of(served.workspace.config_file.stat())
        if root not in self._open or self._open[root].options != options:
            self._open[root] = Open(options)
        kept = self._open[root]
        if kept.version != version:
            kept.rows = read_rows(served.workspace.models_folder / version / PREDICTIONS, loop.schema)
            kept.version, kept.classifier = version, None
        return kept

    def _connect(self, kept: Open, loop: Loop, until: float) -> None:
        """Connect where that was not done: a frame that is known needs no Label Studio, and is told though one hangs."""
        left = until - time.monotonic()
        if kept.client is None and left > 0:
            link = loop.connect(seconds=min(left, FETCH_SECONDS), again=False)
            kept.client = link.client

    def _picture(self, kept: Open, file: Path | None, data: Mapping[str, Any], where: str, seconds: float) -> np.ndarray:
        if file and file.is_file():
            content = file.read_bytes()
        else:
            content = fetch_picture(kept.client, data.get("image"), where, seconds=min(seconds, FETCH_SECONDS))
        return decoded(content, where)

    def _look(self, kept: Open, served: Project, schema: Schema, picture: np.ndarray) -> np.ndarray:
        """What the model sees in a picture that it has not seen before."""
        from screentime.model.classifier import load
        from screentime.model.dataset import to_input

        if kept.classifier is None:
            kept.classifier = load(served.workspace.models_folder / kept.version)
        if kept.classifier.schema != schema:
            raise NotReady(
                f"The model {kept.version} was trained for other characters or another mode.", "Run `screentime train`."
            )
        size = kept.classifier.size(picture.shape[1], picture.shape[0])
        return kept.classifier.probabilities(to_input(picture, size)[None])


class Late(ServerError):
    """No time was left for a task."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} was not looked at: Label Studio waits no longer for an answer.",
            "Ask for its prediction again; what has one by now keeps it.",
        )


def shown(workspace: Workspace) -> str:
    """The version that the page shows, else the latest; empty where there is none."""
    rounds = workspace.rounds()
    return workspace.progress().shown or (rounds[-1].version if rounds else "")


def decoded(content: bytes, where: str) -> np.ndarray:
    """A picture of anybody's making.

    Parameters
    ----------
    content : bytes
    where : str
        Whose it is, to stand after "The picture of".

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        BGR, as OpenCV gives it.

    Raises
    ------
    UserMistake
        If it is none, or too large to be taken into memory.
    """
    import numpy as np
    from PIL import Image

    where = f"{where[0].lower()}{where[1:]}"
    try:
        with Image.open(io.BytesIO(content)) as head:
            pixels = head.width * head.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        pixels = 0
    if pixels > MOST_PIXELS:
        raise UserMistake(f"The picture of {where} has {pixels / 1e6:.0f} megapixels.", "Import a smaller one.")
    cv2 = opencv()
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if pixels else None
    if picture is None:
        raise UserMistake(f"What Label Studio sends as the picture of {where} is none.", "Import one in JPEG or PNG.")
    return picture


def _refused(error: ScreentimeError) -> bool:
    """Whether the token is known no more; that of the embedded server may have changed without a change of options."""
    return isinstance(error, Unserved) and error.status in (401, 403)


def _parts(task: Any) -> tuple[str, Mapping[str, Any]]:
    """A task's name in a sentence, and its data; Label Studio may be told to send anything."""
    number = task.get("id") if isinstance(task, dict) else None
    where = f"Task {number}" if isinstance(number, int) else "A task"
    data = task.get("data") if isinstance(task, dict) else None
    return where, data if isinstance(data, dict) else {}


def _array(rows: Sequence[Sequence[float]]) -> np.ndarray:
    import numpy as np

    return np.array(rows)
