"""What ARM asks of every request first: an api-version, and JSON that is said to be JSON."""

from __future__ import annotations

import re
from typing import Final

from emulator.errors import AzureError
from emulator.http import Request

API_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:-[A-Za-z0-9-]+)?")
WITH_CONTENT: Final = ("PUT", "PATCH")


def check(request: Request) -> None:
    """400 for a missing or malformed api-version, 415 for content of another type than JSON."""
    version = request.query.get("api-version")
    if not version:
        raise AzureError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not API_VERSION.fullmatch(version):
        raise AzureError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. Versions are dates such as '2024-11-01' or "
            "'2024-11-01-preview'.",
        )
    media = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if request.body and request.method in WITH_CONTENT and not media.endswith("json"):
        raise AzureError(
            415,
            "UnsupportedMediaType",
            f"The content media type '{media}' is not supported. Only 'application/json' is supported.",
        )
