"""Errors as a Kubernetes API server tells them: objects of the kind Status.

The words are those of apimachinery's `api/errors` (k8s.io/apimachinery 0.36).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.errors import AzureError, NotEmulated
from emulator.kubernetes.kinds import Kind

Json = dict[str, Any]

REASONS: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One finding about a field: reason such as FieldValueInvalid, the field's path, and what is wrong."""

    reason: str
    field: str
    message: str

    def json(self) -> Json:
        return {"reason": self.reason, "message": self.message, "field": self.field}


class ApiError(AzureError):
    """A refusal of the API server; its body is a Status."""

    def __init__(
        self,
        status: int,
        message: str,
        reason: str | None = None,
        *,
        details: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        found = REASONS.get(status, "") if reason is None else reason
        super().__init__(status, found, message, headers=headers)
        self.about = details

    def body(self) -> Json:
        """The Status object."""
        return status_body(self.status, self.code, self.message, self.about)


class NotServed(NotEmulated):
    """What a real cluster has and this one does not, by its name; its body is a Status."""

    def body(self) -> Json:
        """The Status object."""
        return status_body(self.status, "NotEmulated", self.message, None)


def status_body(code: int, reason: str, message: str, details: Json | None) -> Json:
    """A Status that says that something failed."""
    body: Json = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
    }
    body |= {"reason": reason} if reason else {}
    body |= {} if details is None else {"details": details}
    return body | {"code": code}


def _named(kind: Kind, name: str) -> Json:
    details: Json = {"name": name} if name else {}
    details |= {"group": kind.group} if kind.group else {}
    return details | {"kind": kind.plural}


def not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, f'{kind.qualified} "{name}" not found', details=_named(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    return ApiError(
        409, f'{kind.qualified} "{name}" already exists', "AlreadyExists", details=_named(kind, name)
    )


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    """409 of a write that meets another's; why: a whole clause."""
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return ApiError(409, message, details=_named(kind, name))


def modified(kind: Kind, name: str) -> ApiError:
    """409 of a write to a version of the object that is no longer the newest."""
    return conflict(
        kind,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )


def stale_deletion(kind: Kind, name: str, word: str, wanted: str, found: str, become: str) -> ApiError:
    """409 of a deletion that is for another object of the name. become: what has happened to that one."""
    label = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {"name": name} | ({"group": kind.group} if kind.group else {}) | {"kind": kind.kind}
    return ApiError(
        409,
        f'Operation cannot be fulfilled on {label} "{name}": the {word} in the precondition ({wanted}) does '
        f"not match the {word} in record ({found}). The object might have been {become}",
        details=details,
    )


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """422 with all that is wrong with an object."""
    found = [f"{cause.field}: {cause.message}" for cause in causes]
    text = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
    label = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {"name": name} if name else {}
    details |= {"group": kind.group} if kind.group else {}
    return ApiError(
        422,
        f'{label} "{name}" is invalid: {text}',
        details={**details, "kind": kind.kind, "causes": [cause.json() for cause in causes]},
    )


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    """403 of admission and authorization; why: what stands after the colon."""
    return ApiError(403, f'{kind.qualified} "{name}" is forbidden: {why}', details=_named(kind, name))


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def expired(message: str) -> ApiError:
    """410: the version that a client goes on from is no longer kept."""
    return ApiError(410, message)


def bad_option(options: str, field: str, reason: str, message: str) -> ApiError:
    """422 for an option of a request. options: their kind, such as PatchOptions."""
    return ApiError(
        422,
        f'{options}.meta.k8s.io "" is invalid: {field}: {message}',
        details={
            "group": "meta.k8s.io",
            "kind": options,
            "causes": [Cause(reason, field, message).json()],
        },
    )


def not_allowed() -> ApiError:
    """405."""
    return ApiError(405, "the server does not allow this method on the requested resource", details={})


def no_such_resource() -> ApiError:
    """404 for a path at which no cluster has anything."""
    return ApiError(404, "the server could not find the requested resource", details={})


def unfit_patch() -> ApiError:
    """415 for a patch of no kind that there is."""
    return ApiError(415, "415: Unsupported Media Type", details={})


def not_acceptable() -> ApiError:
    """406."""
    return ApiError(
        406,
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
        "application/vnd.kubernetes.protobuf",
        "NotAcceptable",
        details={},
    )


def unknown_media(accepted: Sequence[str]) -> ApiError:
    """415."""
    return ApiError(
        415,
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted),
    )
