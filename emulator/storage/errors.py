"""Errors of the Blob and the Queue service: codes, statuses and texts, and the XML in which they are told."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from emulator.errors import AzureError, NotEmulated
from emulator.http import Response

# code -> (status, message), as in the services' tables of error codes.
ERRORS: dict[str, tuple[int, str]] = {
    "AccountNotFound": (
        400,
        "No storage account of this name exists here; in Azure its name would not resolve.",
    ),
    "AppendPositionConditionNotMet": (412, "The append position condition specified was not met."),
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
        "correctly including the signature.",
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationProtocolMismatch": (
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "CannotVerifyCopySource": (404, "The specified blob that is the source of the copy could not be read."),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "ContainerAlreadyExists": (409, "The specified container already exists."),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "Crc64Mismatch": (
        400,
        "The CRC64 value specified in the request did not match with the CRC64 of the content.",
    ),
    "InvalidAuthenticationInfo": (401, "Server failed to authenticate the request."),
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid."),
    "InvalidBlobType": (409, "The blob type is invalid for this operation."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidMd5": (400, "The MD5 value specified in the request is invalid: 16 bytes in base64 are wanted."),
    "EmptyMetadataKey": (400, "The key for one of the metadata key-value pairs is empty."),
    "InvalidMetadata": (400, "The metadata specified is invalid. It has characters that are not permitted."),
    "MetadataTooLarge": (400, "The size of the specified metadata exceeds the maximum size permitted."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "BlobImmutableDueToPolicy": (
        409,
        "This operation is not permitted as the blob is immutable due to a policy.",
    ),
    "DirectoryIsNotEmpty": (409, "This operation is not permitted on a non-empty directory."),
    "InvalidFlushPosition": (
        400,
        "The uploaded data is not contiguous or the position query parameter value is not equal to the "
        "length of the file after appending the uploaded data.",
    ),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "PathAlreadyExists": (409, "The specified path already exists."),
    "PathConflict": (
        409,
        "The specified path, or an element of the path, exists and its resource type is invalid for this "
        "operation.",
    ),
    "PathNotFound": (404, "The specified path does not exist."),
    "FilesystemNotFound": (404, "The specified filesystem does not exist."),
    "SourcePathNotFound": (404, "The source path for a rename operation does not exist."),
    "InvalidMarker": (400, "The marker specified is invalid."),
    "MessageNotFound": (404, "The specified message does not exist."),
    "MissingRequiredQueryParameter": (
        400,
        "A required query parameter was not specified for this request.",
    ),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "PopReceiptMismatch": (
        400,
        "The specified pop receipt did not match the pop receipt for a dequeued message.",
    ),
    "QueueAlreadyExists": (409, "The specified queue already exists."),
    "QueueNotFound": (404, "The specified queue does not exist."),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidResourceName": (400, "The specified resource name contains invalid characters."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "KeyBasedAuthenticationNotPermitted": (
        403,
        "Key based authentication is not permitted on this storage account.",
    ),
    "LeaseAlreadyPresent": (409, "There is already a lease present."),
    "LeaseIdMismatchWithBlobOperation": (
        412,
        "The lease ID specified did not match the lease ID for the blob.",
    ),
    "LeaseIdMismatchWithLeaseOperation": (
        409,
        "The lease ID specified did not match the lease ID for the blob.",
    ),
    "LeaseIdMissing": (
        412,
        "There is currently a lease on the blob and no lease ID was specified in the request.",
    ),
    "LeaseIsBreakingAndCannotBeAcquired": (
        409,
        "There is already a breaking lease, and can't be acquired until the lease is broken.",
    ),
    "LeaseIsBrokenAndCannotBeRenewed": (
        409,
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
    ),
    "LeaseLost": (412, "A lease ID was specified, but the lease for the blob has expired."),
    "LeaseNotPresentWithBlobOperation": (412, "There is currently no lease on the blob."),
    "LeaseNotPresentWithLeaseOperation": (409, "There is currently no lease on the blob."),
    "Md5Mismatch": (400, "The MD5 value specified in the request did not match with the MD5 of the content."),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "NoAuthenticationInformation": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate "
        "header.",
    ),
    "NotModified": (304, "The condition specified using HTTP conditional header(s) is not met."),
    "OutOfRangeInput": (400, "One of the request inputs is out of range."),
    "UnauthorizedBlobOverwrite": (403, "This request is not authorized to perform blob overwrites."),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "UnsupportedHeader": (400, "One of the HTTP headers specified in the request is not supported."),
}


def failure(code: str, detail: str = "", **headers: str) -> AzureError:
    """The error of a code; ``detail`` says what it was here. Header names take ``_`` for ``-``."""
    status, message = ERRORS[code]
    text = f"{message} {detail}" if detail else message
    return AzureError(
        status, code, text, headers={key.replace("_", "-"): value for key, value in headers.items()}
    )


def refusal(what: str, service: str = "Blob service") -> NotEmulated:
    """A part of a service of storage that is not emulated."""
    error = NotEmulated(f"{service}: {what}")
    error.headers["x-ms-error-code"] = error.code
    return error


def render(error: AzureError, *, with_body: bool) -> Response:
    """The error as the Blob service tells it. Answers to HEAD and 304 have no body."""
    headers: dict[str, Any] = {"x-ms-error-code": "ConditionNotMet" if error.status == 304 else error.code}
    headers.update(error.headers)
    if not with_body or error.status == 304:
        return Response(error.status, headers)
    body = (
        '<?xml version="1.0" encoding="utf-8"?><Error>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
    )
    return Response(error.status, {**headers, "content-type": "application/xml"}, body.encode())
