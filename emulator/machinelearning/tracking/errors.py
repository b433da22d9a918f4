"""Errors of the tracking service, in the form that MLflow's clients read."""

from __future__ import annotations

from typing import Any, Final

from emulator.errors import AzureError

STATUS: Final = {
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "INVALID_STATE": 400,
}
# HTTP status of an error from elsewhere -> MLflow's code
CODES: Final = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    501: "NOT_IMPLEMENTED",
}


class TrackingError(AzureError):
    """An error with one of MLflow's codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(STATUS[code], code, message)


def invalid(message: str) -> TrackingError:
    """400 for a value that cannot be."""
    return TrackingError("INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> TrackingError:
    """404 for a run or an experiment that is not there."""
    return TrackingError("RESOURCE_DOES_NOT_EXIST", message)


def body(error: AzureError) -> dict[str, Any]:
    """Any error as MLflow's clients read it."""
    code = error.code if isinstance(error, TrackingError) else CODES.get(error.status, "INTERNAL_ERROR")
    return {"error_code": code, "message": error.message}
