"""The rules as a Pulumi policy pack: `pulumi preview -s STACK --policy-pack policies`.

Its environment is one of its own (environments/requirements/policies.txt), since Pulumi's policy library
wants another protobuf than Pulumi's newest: `python -m venv VENV`, `VENV/bin/pip install --require-hashes
-r FILE`, and VENV/bin first on PATH. The tests and the review run the same rules without it.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

# Pulumi starts the folder by its path: the checkout is what the imports below are found in.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.pack import check_resource, check_stack, described


def _resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
    check_resource(args, report, date.today())


def _stack(args: StackValidationArgs, report: ReportViolation) -> None:
    check_stack(args.resources, report, date.today())


PolicyPack(
    name="mlops-estate",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy("resources", described(), _resource),
        StackValidationPolicy("estate", described(), _stack),
    ],
)
