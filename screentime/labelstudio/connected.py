"""What connecting and disconnecting a model in Label Studio changes in a project, and setting it back.

Connecting writes the model's title into ``project.model_version`` where that was empty; choosing the model in the
project's settings does so always, and disconnecting it then empties it. While the title stands there the
project's list is ordered by no certainty, and deleting any version's predictions empties it.
"""

from __future__ import annotations

from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.predictions import prediction_versions, show_version
from screentime.labelstudio.project import ProjectRef


def restore_version(client: Client, project: ProjectRef, version: str) -> bool:
    """Let the page show a version's predictions again where it shows none at all.

    What a person chose is left: another version, or no pre-annotations in the project's settings.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    version : str
        The one that should be on show.

    Returns
    -------
    bool
        Whether it had to be done.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("reading the project"):
        found = client.request(
            "GET", f"api/projects/{project.id}/", params={"include": "model_version,show_collab_predictions"},
            form=forms.Shown,
        )
    there = found.get("model_version")
    if there == version or not found.get("show_collab_predictions", True):
        return False
    versions = prediction_versions(client, project)
    # A title names no predictions.
    if version not in versions or there in versions:
        return False
    show_version(client, project, version)
    return True


def silence_webhook(client: Client, project: ProjectRef, url: str) -> None:
    """Take back the webhook that Label Studio makes when a model is connected.

    It sends all that happens, with all that is known of it and without a password, while a label waits to be saved.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    url : str
        The one that it calls.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("looking which webhooks the project has"):
        hooks = client.request("GET", "api/webhooks/", params={"project": project.id}, form=list[forms.Webhook])
        for hook in hooks:
            if hook["url"] == url and hook.get("project") == project.id and not hook.get("headers"):
                client.request("DELETE", f"api/webhooks/{hook['id']}/")
