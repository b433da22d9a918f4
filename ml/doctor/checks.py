"""All checks of the doctor, in the order in which a person would mend what they find."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ml.doctor import (
    elsewhere,
    features,
    gateway,
    groups,
    providers,
    quota,
    ranges,
    rights,
    sign_in,
    taken,
    tools,
)
from ml.doctor.findings import Finding, State
from ml.doctor.subject import Check, Subject, answered

if TYPE_CHECKING:
    from ml.terminal.console import Report

ASKS_AZURE: Final[Mapping[str, Check]] = {
    rights.TITLE: rights.check,
    providers.TITLE: providers.check,
    features.TITLE: features.check,
    quota.TITLE: quota.check,
    taken.TITLE: taken.check,
    taken.WORKSPACE: taken.workspace,
    gateway.TITLE: gateway.check,
    ranges.TITLE: ranges.check,
    elsewhere.TITLE: elsewhere.check,
    groups.TITLE: groups.check,
}


def examine(subject: Subject, report: "Report") -> list[Finding]:
    """Every finding. When the caller does not see the subscription, Azure is asked nothing more."""
    with report.phase("looking at the tools"):
        findings = tools.check()
    with report.phase("signing in"):
        signed_in = sign_in.check(subject)
    findings += signed_in
    if any(finding.state is State.FAILED for finding in signed_in):
        return findings
    for title, check in ASKS_AZURE.items():
        with report.phase(f"checking {title}"):
            findings += answered(title, check, subject)
    return findings
