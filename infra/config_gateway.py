"""The settings of the gateway, API Management."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from infra.config_types import refuse
from infra.section import Section


def _email(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 100 or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        refuse("write an address as mlops@example.com")
    return value


def _publisher(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 100:
        refuse("write a name of 1 to 100 characters")
    return value


def _audience(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w:/.-]{1,255}", value):
        refuse("write an application id URI as api://scoring, or a client id")
    return value


Email = Annotated[str, BeforeValidator(_email)]


class Gateway(Section):
    """API Management Standard v2 in front of the scoring service.

    publisherName, publisherEmail: whom Azure names and writes to. audience: of the Microsoft Entra ID tokens
    that are taken beside subscription keys; without one, keys alone.
    """

    publisher_name: Annotated[str, BeforeValidator(_publisher)]
    publisher_email: Email
    units: int = Field(default=1, ge=1, le=10)
    calls_per_minute: int = Field(default=600, ge=1, le=100_000)
    audience: Annotated[str, BeforeValidator(_audience)] | None = None
