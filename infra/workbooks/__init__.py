"""The pages of Azure Monitor, each in a JSON file of this folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.log_queries import only_of


def workbook_of(content: str, insights: str) -> str:
    """The content of a workbook, its queries over rows of one Application Insights alone."""

    def narrowed(value: Any) -> Any:
        if isinstance(value, dict):
            items: dict[str, Any] = value
            return {
                key: only_of(inner, insights) if key == "query" else narrowed(inner)
                for key, inner in items.items()
            }
        return [narrowed(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(narrowed(json.loads(content)))


@dataclass(frozen=True, slots=True)
class Workbook:
    """A page of Azure Monitor. content: its JSON, as Azure takes it."""

    key: str
    title: str

    @property
    def content(self) -> str:
        return (Path(__file__).parent / f"{self.key}.json").read_text()


WORKBOOKS: Final = (Workbook("operations", "Scoring: operations"), Workbook("model", "Scoring: the model"))
