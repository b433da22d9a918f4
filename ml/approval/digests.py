"""What an approval binds: digests, each derived anew from what it is a digest of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ml.content import content_key
from ml.errors import MlopsError
from ml.release.evidence import StageEvidence
from ml.release.records import Record

Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Digests(BaseModel):
    """Each `sha256:` and 64 hexadecimal digits.

    image: the manifest in the registry. model: the artifact. configuration: what the container is given.
    evidence: what was found out in stage. settings: the stack file of the environment that it is for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    image: Sha256
    model: Sha256
    configuration: Sha256
    evidence: Sha256
    settings: Sha256

    def items(self) -> Iterator[tuple[str, str]]:
        yield from self.model_dump().items()


def settings_digest(environment: str, root: Path) -> str:
    """Of the settings in an environment's stack file; comments and layout do not matter.

    Raises MlopsError where there is no such environment.
    """
    import yaml

    from infra.environments import environments, stack_file

    file = stack_file(environment, root)
    if not file.is_file():
        known = ", ".join(environments(root)) or "none"
        raise MlopsError(
            f"There is no environment {environment}: no Pulumi.{environment}.yaml in this checkout.",
            f"Name one of: {known}.",
        )
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return f"sha256:{content_key(content['config'])}"
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise MlopsError(
            f"{file.name} is no stack file with a `config`: {type(error).__name__}.", "Correct the file."
        ) from error


def derive(record: Record, evidence: StageEvidence, environment: str, root: Path) -> Digests:
    """The digests of a release for an environment, from the things themselves."""
    release = record.release
    return Digests(
        image=release.image_digest,
        model=f"sha256:{record.evidence.artifact_digest.removeprefix('sha256:')}",
        configuration=f"sha256:{content_key(release.configuration.model_dump(mode='json'))}",
        evidence=evidence.digest,
        settings=settings_digest(environment, root),
    )
