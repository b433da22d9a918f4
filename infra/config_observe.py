"""The settings of what watches the estate and what it may cost."""

from typing import Final

from pydantic import Field, field_validator

from infra.config_gateway import Email
from infra.config_types import refuse
from infra.section import Section

MOST_RECEIVERS: Final = 50  # of a budget's notification


class Alerts(Section):
    """emails: whoever is told. The rules are those of `alerts.py`, for the parts that the estate has."""

    emails: tuple[Email, ...] = Field(min_length=1, max_length=MOST_RECEIVERS)

    @field_validator("emails")
    @classmethod
    def _once(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        if len({email.lower() for email in emails}) != len(emails):
            refuse("list each address once")
        return emails


class Budget(Section):
    """monthly: in the currency of the bill; those of `alerts.emails` are told before it is spent."""

    monthly: int = Field(ge=1, le=10_000_000)
