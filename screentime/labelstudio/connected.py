"""What connecting and disconnecting a model in Label Studio changes in a project, and setting it back.

Connecting writes the model's title into ``project.model_version`` where that was empty; choosing the model in the
project's settings does so always, and disconnecting it then empties it. While the title stands there the
project's list is ordered by no certainty, and deleting any version's predictions empties it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from screentime.labelstudio import forms
from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.predictions import prediction_versions, show_version
from screentime.labelstudio.project import ProjectRef

# A look that takes longer keeps the other projects waiting; the next one follows soon.
LOOK_SECONDS = 5.0
# Label Studio waits 4 s for each model that is connected.
MODELS_SECONDS = 30.0
# Where Label Studio's own webhook calls a model.
WEBHOOK = "/webhook"


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
            form=forms.Shown, seconds=LOOK_SECONDS,
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


def silence_webhooks(
    client: Client, project: ProjectRef, addresses: Collection[str], versions: Callable[[], Collection[str]] | None = None
) -> None:
    """Take back the webhooks that Label Studio makes when a model is connected.

    They send all that happens, with all that is known of it and without a password, while a label waits to be saved.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    addresses : collection of str
        Of the model, as far as they are known; Label Studio may know it by another one.
    versions : callable, optional
        The project's versions: whichever model says that it is at one of them is ours too. To ask for that, Label
        Studio asks each of its models anew.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    with speaking("looking which webhooks the project has"):
        hooks = client.request(
            "GET", "api/webhooks/", params={"project": project.id}, form=list[forms.Webhook], seconds=LOOK_SECONDS
        )
        theirs = [
            hook for hook in hooks
            if hook["url"].endswith(WEBHOOK) and hook.get("project") == project.id and not hook.get("headers")
        ]
        ours = {_webhook(address) for address in addresses}
        if versions is not None and any(hook["url"] not in ours for hook in theirs):
            known = versions()
            models = client.request(
                "GET", "api/ml", params={"project": project.id}, form=list[forms.Connected], seconds=MODELS_SECONDS
            )
            ours |= {_webhook(one["url"]) for one in models if one.get("model_version") in known}
        for hook in theirs:
            if hook["url"] in ours:
                client.request("DELETE", f"api/webhooks/{hook['id']}/")


def _webhook(address: str) -> str:
    return address.rstrip("/") + WEBHOOK
