"""Where a project's folder keeps what."""

from __future__ import annotations

from pathlib import Path

from screentime import config as configuration
from screentime.errors import NotReady
from screentime.within import require_no_way_out


class Places:
    """The files and folders of a project's folder, whatever they hold.

    Parameters
    ----------
    root : Path
        Folder that holds ``screentime.toml``.

    Raises
    ------
    NotReady
        If there is no ``screentime.toml`` in it.
    UserMistake
        If a folder in it is a link that leads out of it.
    """

    def __init__(self, root: Path) -> None:
        try:
            self.root = Path(root).resolve()
            there, why = self.config_file.is_file(), f"it has no {configuration.FILE}"
        except OSError as error:  # no right to look into it, or a name that no file can have
            there, why = False, error.strerror
        if not there:
            raise NotReady(
                f"{root} is no screentime project: {why}.",
                "Make one with `screentime new DIR --film FILM --characters Tom,Jerry`, or name one with"
                " --workspace DIR.",
            )
        # Whoever made the project, nothing is read, served, sent or written elsewhere in its name.
        for folder in (self.frames_folder, self.models_folder, self.embeddings_folder, self.review_folder):
            require_no_way_out(self.root, folder)

    @property
    def config_file(self) -> Path:
        return self.root / configuration.FILE

    @property
    def frames_folder(self) -> Path:
        return self.root / "frames"

    @property
    def frames_table(self) -> Path:
        return self.root / "frames.csv"

    @property
    def films_file(self) -> Path:
        return self.root / "films.json"

    @property
    def audited_file(self) -> Path:
        return self.root / "audited.json"

    @property
    def labels_table(self) -> Path:
        return self.root / "labels.csv"

    @property
    def gone_table(self) -> Path:
        return self.root / "labels-gone.csv"

    @property
    def loop_file(self) -> Path:
        return self.root / "loop.json"

    @property
    def reviews_file(self) -> Path:
        return self.root / "reviews.json"

    @property
    def review_folder(self) -> Path:
        return self.root / "review"

    @property
    def embeddings_folder(self) -> Path:
        return self.root / "embeddings"

    @property
    def models_folder(self) -> Path:
        return self.root / "models"

    @property
    def asked_file(self) -> Path:
        return self.root / ".round-asked"

    @property
    def lock_file(self) -> Path:
        return self.root / ".lock"
