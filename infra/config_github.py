"""The setting that names a GitHub App: it signs with a key of the estate's vault, and holds no secret."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from infra.section import Section


def _number(value: Any) -> Any:
    """Written with quotes or without: `pulumi up --config` has none for what looks like a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class GitHubApp(Section):
    """A GitHub App in one repository.

    repository: OWNER/NAME. app: its client id. installation: the number of its installation there. key: of
    the estate's vault; it signs what the App proves itself with, and never leaves the vault.
    """

    repository: str = Field(pattern=r"^[A-Za-z0-9-]{1,39}/[\w.-]{1,100}$")
    app: str = Field(pattern=r"^[A-Za-z0-9.]{1,40}$")
    installation: Annotated[str, BeforeValidator(_number), Field(pattern=r"^[0-9]{1,20}$")]
    key: str = Field(pattern=r"^[A-Za-z0-9-]{1,127}$")
