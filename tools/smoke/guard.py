"""What is looked at before anything is made: that this is a place to throw away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from infra.environments import ROOT, environments, stack_file

SCOPE: Final = "https://management.azure.com/.default"
API: Final = "2022-09-01"


class NotThrowaway(Exception):
    """Says which setting or resource speaks against it, and what to do."""


def config(env: str, root: Path = ROOT) -> Mapping[str, Any]:
    """The settings of a stack file. Raises NotThrowaway where there is none."""
    known = environments(root)
    if env not in known:
        raise NotThrowaway(
            f"--env {env}: there is no Pulumi.{env}.yaml, only {', '.join(known)}. "
            "Add one as docs/runbooks/adding-an-environment.md says."
        )
    return yaml.safe_load(stack_file(env, root).read_text("utf-8"))["config"]


def check(
    env: str, subscription: str, settings: Mapping[str, Any], groups: Iterable[str], shared: bool
) -> None:
    """Raises NotThrowaway. groups: names of the subscription's resource groups. shared: others are let be."""
    named = settings["azure-native:subscriptionId"]
    if named != subscription:
        raise NotThrowaway(
            f"--subscription {subscription} is not the one of Pulumi.{env}.yaml, which is {named}: "
            "name the one that may be emptied."
        )
    if settings.get("mlops-estate:protectData") is not False:
        raise NotThrowaway(
            f"Pulumi.{env}.yaml: mlops-estate:protectData is {settings.get('mlops-estate:protectData')}, "
            "and with that nothing can be destroyed again: set it to false, in an environment made for this."
        )
    project = settings["mlops-estate:project"]
    if standing := sorted(name for name in groups if name.startswith(f"rg-{project}-{env}-")):
        raise NotThrowaway(
            f"The environment {env} stands already ({', '.join(standing)}), and would be destroyed with all "
            f"that is in it: take one of its own, or, if a run left it, `pulumi destroy -s {env}` first."
        )
    others = sorted(name for name in groups if not name.startswith((f"rg-{project}-", f"MC_rg-{project}-")))
    if others and not shared:
        raise NotThrowaway(
            f"The subscription {subscription} holds resource groups of others: {', '.join(others[:5])}. "
            "Take an empty one, or say --shared: nothing of theirs is touched, but quotas are theirs as well."
        )


def resource_groups(subscription: str, get: Callable[[str], Mapping[str, Any]]) -> list[str]:
    """Their names. get: asks Azure Resource Manager for a path."""
    found: list[str] = []
    path = f"/subscriptions/{subscription}/resourcegroups?api-version={API}"
    while path:
        answer = get(path)
        found += [str(one["name"]) for one in answer.get("value", ())]
        path = str(answer.get("nextLink") or "")
    return found


def asking() -> Callable[[str], Mapping[str, Any]]:
    """Asks as whoever is signed in."""
    import httpx
    from azure.identity import DefaultAzureCredential

    credential = DefaultAzureCredential()

    def get(path: str) -> Mapping[str, Any]:
        url = path if path.startswith("https://") else f"https://management.azure.com{path}"
        token = credential.get_token(SCOPE).token
        answer = httpx.get(url, headers={"authorization": f"Bearer {token}"}, timeout=60)
        if answer.status_code != 200:
            raise NotThrowaway(
                f"Azure answers {answer.status_code} when asked for resource groups: {answer.text[:300]}"
            )
        return answer.json()

    return get
