"""What a batch is asked to do: the same for every engine, here and as a job."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

Format = Literal["delta", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Named:
    """The model that scores, as a release's record names it. digest: of the model's artifact, sha256:…

    Whoever reads records names it; whoever scores needs no right on them, and takes no other model.
    """

    model: str
    version: str
    release: str
    digest: str

    @property
    def name(self) -> str:
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, slots=True)
class Asked:
    """data, output: abfss:// addresses or paths. key: the column that names rows. workers: 0: one a core.

    date: the day that the rows are of, YYYY-MM-DD: a later run of the same day takes the place of the former.
    """

    model: Named
    data: str
    output: str
    key: str | None = None
    workers: int = 0
    format: Format = "delta"
    date: str | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def of_json(text: str) -> Asked:
        value: dict[str, Any] = json.loads(text)
        value["model"] = Named(**value["model"])
        return Asked(**value)
