"""All queries that are sent to Log Analytics: of rules, workbooks, commands and runbooks."""

import re
from typing import Final

from infra.environments import ROOT
from tests.infra.test_alert_runbooks import runbook_queries
from tests.infra.test_infra_observe import ASKED

PLACEHOLDER: Final = re.compile(r"\$\{\w+\}|\$[a-z]\w*")


def of_files() -> list[tuple[str, str]]:
    """Those of ml/, each named by its file; a value stands for what a command fills in."""
    files = sorted((ROOT / "ml").rglob("*.kql"))
    return [(str(path.relative_to(ROOT)), PLACEHOLDER.sub("15", path.read_text("utf-8"))) for path in files]


QUERIES: Final = [*ASKED, *of_files(), *((f"runbook {name}", query) for name, query in runbook_queries())]
