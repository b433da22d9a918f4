"""Where releases and approvals are, by an environment's stack file: its state is for those who deploy."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs


def estate_of(environment: str, root: Path) -> "EstateOutputs":
    """The part of an estate that approvals touch.

    Whoever approves can read neither the stack's state nor the estate itself: what is asked for here stands
    in the stack file. Everything else of the outputs is missing, and asking for it is a mistake of this
    program. Where the settings name no account of releases, the stack's outputs are read after all, since
    the estate's own storage then holds its records.

    Raises MlopsError for an environment without a stack file, or with a wrong one.
    """
    from infra.outputs import EstateOutputs
    from ml.commands.doctor import estate_settings
    from ml.estate import read_estate

    settings = estate_settings(environment)
    if settings.releases is None:
        return read_estate(environment, root)
    return EstateOutputs.model_construct(
        environment=environment,
        location=settings.azure.location,
        tenant_id=settings.azure.tenant_id,
        subscription_id=settings.azure.subscription_id,
        release_account=settings.releases.account,
        release_vault=settings.releases.vault,
    )
