"""What an executor is told of a run: everything that it needs beside the units themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml.batch.source import Format, Unit

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken


@dataclass(frozen=True, slots=True)
class Token:
    """A token for storage that the driver hands to executors, as a credential. It is shown nowhere.

    expires_on: seconds since 1970.
    """

    token: str = field(repr=False)
    expires_on: int

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, self.expires_on)


@dataclass(frozen=True, slots=True)
class Order:
    """One wave of a run's units. It is pickled, so it holds plain values alone.

    model, release, digest: of the composite, whose files stand in the run's folder of the output.
    evaluated_by: who evaluates the model in this run; an executor that would take another refuses.
    key_type: "int64" or "string"; None: the batch has no key, or takes it from CSV.
    """

    source: str
    format: Format
    columns: tuple[str, ...]
    units: tuple[Unit, ...]
    output: str
    run: str
    key: str | None
    key_type: str | None
    block_rows: int
    model: str
    release: str | None
    digest: str
    evaluated_by: str
    token: Token | None
