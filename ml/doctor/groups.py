"""Whether the groups that the settings name are in the directory, and are groups of different people's work.

`pulumi up` ends in its middle at the first role of a group that is not there (PrincipalNotFound). That one
group works on stage and on production, or releases and approves, Azure does not mind.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.config_errors import ConfigError
from infra.environments import PROVEN_IN, ROOT
from infra.stack_file import config_of
from ml.approval.people import GRAPH
from ml.doctor.findings import Finding, failed, ok, unknown, warning
from ml.doctor.subject import Subject
from ml.errors import MlopsError

if TYPE_CHECKING:
    from infra.config import Settings

TITLE: Final = "groups"
ENGINEERS: Final = "engineersGroupId"
BOOTSTRAP: Final = "mlops-bootstrap:environments"
READS: Final = "Group.Read.All, or the role Directory Readers of Microsoft Entra ID"


def check(subject: Subject) -> list[Finding]:
    from ml.doctor.elsewhere import others

    settings = subject.settings
    proven = next((one.settings for one in others(settings.environment) if one.name == PROVEN_IN), None)
    found = [
        *(one for setting, group in named(settings) for one in known(subject, setting, group)),
        *judge(settings, approvers(settings.environment), proven),
    ]
    return found or [ok(TITLE, "each group of the settings is in the directory, and none is another's")]


def named(settings: "Settings") -> Iterator[tuple[str, str]]:
    """The groups by setting."""
    yield ENGINEERS, settings.engineers_group_id
    if settings.erasure:
        yield "erasure.groupId", settings.erasure.group_id


def known(subject: Subject, setting: str, group: str) -> Iterator[Finding]:
    """What is wrong with a group as the directory has it."""
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

    from ml.azure.clients import first_lines

    try:
        subject.directory.get(f"/v1.0/groups/{group}", **{"$select": "id,displayName"})
    except HttpResponseError as error:
        if error.status_code == 404:
            yield failed(
                TITLE,
                f"{setting} {group} is no group of the directory",
                f"Set {setting} in Pulumi.{subject.settings.environment}.yaml to the object id of a group "
                "(`az ad group show --group NAME --query id`).",
            )
        elif error.status_code in (401, 403):
            yield unknown(
                TITLE,
                f"the directory does not say whether {setting} {group} is a group ({error.status_code})",
                f"Have {READS} given to the caller, or look it up (`az ad group show --group {group}`).",
            )
        else:
            raise
    except (ServiceRequestError, ServiceResponseError) as error:
        # A network may let its machines out to Azure's management and not to the directory: what the other
        # checks found is not lost for that.
        yield unknown(
            TITLE,
            f"the directory cannot be reached to ask for {setting} {group}: {''.join(first_lines(error, 1))}",
            f"Let this machine out to {GRAPH}, or look it up elsewhere (`az ad group show --group {group}`).",
        )


def judge(settings: "Settings", approving: str | None, proven: "Settings | None") -> Iterator[Finding]:
    """What two groups that are one mean.

    approving: the approvers' of this environment. proven: the settings of where releases are proven.
    """
    engineers, file = settings.engineers_group_id.lower(), f"Pulumi.{settings.environment}.yaml"
    if approving is not None and approving.lower() == engineers:
        yield warning(
            TITLE,
            f"{ENGINEERS} {engineers} is the approvers' group: who releases approves",
            f"Set {ENGINEERS} in {file}, or approversGroupId of infra/bootstrap, to a group of its own.",
        )
    if proven is not None and proven.engineers_group_id.lower() == engineers:
        yield warning(
            TITLE,
            f"{ENGINEERS} {engineers} is also {PROVEN_IN}'s: whoever works there reads and writes here",
            f"Set {ENGINEERS} in {file} to a group of this environment's own.",
        )


def approvers(environment: str, root: Path = ROOT) -> str | None:
    """The approvers' group of an environment, as the stack file of the bootstrap has it, if it names one."""
    for file in sorted((root / "infra" / "bootstrap").glob("Pulumi.*.yaml")):
        try:
            chosen: Any = config_of(file).get(BOOTSTRAP)
        except ConfigError as error:
            raise MlopsError(
                f"{file} is no YAML.", "Correct it.", [str(one) for one in error.problems]
            ) from error
        one: Any = chosen.get(environment) if isinstance(chosen, Mapping) else None
        if isinstance(one, Mapping) and isinstance(group := one.get("approversGroupId"), str):
            return group
    return None
