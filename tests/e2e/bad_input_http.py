"""Wrong HTTP requests to ARM, the blob service and a key vault, with the answers they get.

Placeholders in braces are those of `tests.e2e.bad_world`; {etag} is an etag.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.bad_bodies import GROUP, STORAGE


@dataclass(frozen=True)
class Request:
    """what is wrong; the request; its answer. An empty header is not sent; `audience` is the token's."""

    what: str
    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    status: int
    code: str
    message: str


ARM = "management.azure.com"
BLOB = "stmltests.blob.core.windows.net"
VAULT = "kv-ml-tests.vault.azure.net"
API = {"api-version": "2024-11-01"}
SECRETS_API = "2025-07-01"
VERSION = {"x-ms-version": "2024-11-04"}
BLOCK = {**VERSION, "x-ms-blob-type": "BlockBlob"}

HTTP: tuple[Request, ...] = (
    Request(
        "malformed JSON",
        "PUT",
        ARM,
        f"{STORAGE}/stnew",
        API,
        {"content-type": "application/json"},
        '{"location": ',
        400,
        "InvalidRequestContent",
        (
            "The request content was invalid and could not be read: Expecting value: line 1 "
            "column 14 (char 13)."
        ),
    ),
    Request(
        "JSON that is no object",
        "PUT",
        ARM,
        f"{STORAGE}/stnew",
        API,
        {"content-type": "application/json"},
        '["westeurope"]',
        400,
        "InvalidRequestContent",
        "The request content must be a JSON object.",
    ),
    Request(
        "a form instead of JSON",
        "PUT",
        ARM,
        f"{STORAGE}/stnew",
        API,
        {"content-type": "application/x-www-form-urlencoded"},
        "location=westeurope",
        415,
        "UnsupportedMediaType",
        (
            "The content media type 'application/x-www-form-urlencoded' is not supported. Only "
            "'application/json' is supported."
        ),
    ),
    Request(
        "no api-version",
        "GET",
        ARM,
        "{account}",
        {},
        {},
        "",
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    ),
    Request(
        "an api-version that is no date",
        "GET",
        ARM,
        "{account}",
        {"api-version": "v1"},
        {},
        "",
        400,
        "InvalidApiVersionParameter",
        ("The api-version 'v1' is invalid. Versions are dates such as '2024-11-01' or '2024-11-01-preview'."),
    ),
    Request(
        "no token",
        "GET",
        ARM,
        "{account}",
        API,
        {"authorization": ""},
        "",
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing or is no bearer token.",
    ),
    Request(
        "a token for another service",
        "GET",
        ARM,
        "{account}",
        API,
        {"audience": "https://vault.azure.net"},
        "",
        401,
        "InvalidAuthenticationTokenAudience",
        (
            "The access token has been obtained for wrong audience or resource "
            "'https://vault.azure.net'. It should exactly match one of "
            "https://management.azure.com, https://management.core.windows.net."
        ),
    ),
    Request(
        "a PUT of a collection",
        "PUT",
        ARM,
        STORAGE,
        API,
        {},
        "{}",
        405,
        "MethodNotAllowed",
        "'PUT' needs the id of one resource.",
    ),
    Request(
        "an id of another type",
        "GET",
        ARM,
        f"{GROUP}/providers/Microsoft.KeyVault/vaults/stmltests",
        API,
        {},
        "",
        404,
        "ResourceNotFound",
        (
            "The Resource 'Microsoft.KeyVault/vaults/stmltests' was not found "
            "({group}/providers/Microsoft.KeyVault/vaults/stmltests)."
        ),
    ),
    Request(
        "a PATCH of what does not exist",
        "PATCH",
        ARM,
        f"{STORAGE}/stnew",
        API,
        {},
        "{}",
        404,
        "ResourceNotFound",
        (
            "The Resource 'Microsoft.Storage/storageAccounts/stnew' was not found "
            "({group}/providers/Microsoft.Storage/storageAccounts/stnew)."
        ),
    ),
    Request(
        "an etag of before",
        "PUT",
        ARM,
        "{account}",
        API,
        {"if-match": '"old"'},
        "{}",
        412,
        "PreconditionFailed",
        "The condition If-Match on '{account}' does not hold: its etag is \"{etag}\".",
    ),
    Request(
        "an action that the type does not have",
        "POST",
        ARM,
        "{account}/explode",
        API,
        {},
        "{}",
        501,
        "NotEmulated",
        "Not emulated: POST management.azure.com{account}/explode (api-version 2024-11-01).",
    ),
    Request(
        "a container that does not exist",
        "PUT",
        BLOB,
        "/none/x",
        {},
        BLOCK,
        "x",
        404,
        "ContainerNotFound",
        "The specified container does not exist. stmltests/none",
    ),
    Request(
        "no blob type",
        "PUT",
        BLOB,
        "/data/x",
        {},
        VERSION,
        "x",
        400,
        "MissingRequiredHeader",
        (
            "An HTTP header that's mandatory for this request is not specified. x-ms-blob-type: "
            "BlockBlob or AppendBlob."
        ),
    ),
    Request(
        "a checksum of other content",
        "PUT",
        BLOB,
        "/data/x",
        {},
        {**BLOCK, "content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="},
        "x",
        400,
        "Md5Mismatch",
        (
            "The MD5 value specified in the request did not match with the MD5 of the content. "
            "Sent AAAAAAAAAAAAAAAAAAAAAA==, computed ndTkYSaMgDT1yFZOFVxnpg==."
        ),
    ),
    Request(
        "a block list with an unknown block",
        "PUT",
        BLOB,
        "/data/x",
        {"comp": "blocklist"},
        VERSION,
        "<BlockList><Latest>QUFB</Latest></BlockList>",
        400,
        "InvalidBlockList",
        "The specified block list is invalid. Unknown blocks: QUFB.",
    ),
    Request(
        "a block list that is no XML",
        "PUT",
        BLOB,
        "/data/x",
        {"comp": "blocklist"},
        VERSION,
        "<BlockList>",
        400,
        "InvalidXmlDocument",
        "XML specified is not syntactically valid. no element found: line 1, column 11",
    ),
    Request(
        "a container's name with capitals",
        "PUT",
        BLOB,
        "/Data",
        {"restype": "container"},
        VERSION,
        "",
        400,
        "InvalidResourceName",
        "The specified resource name contains invalid characters. Container 'Data'.",
    ),
    Request(
        "a signature that is wrong",
        "GET",
        BLOB,
        "/data/x",
        {"sv": "2024-11-04", "sig": "AAAA", "sr": "b", "sp": "r", "se": "2099-01-01T00:00:00Z"},
        {**VERSION, "authorization": ""},
        "",
        403,
        "KeyBasedAuthenticationNotPermitted",
        (
            "Key based authentication is not permitted on this storage account. "
            "allowSharedKeyAccess of stmltests is false: use a token or a user delegation SAS."
        ),
    ),
    Request(
        "a secret that is no JSON",
        "PUT",
        VAULT,
        "/secrets/s",
        {"api-version": SECRETS_API},
        {"content-type": "application/json"},
        "{",
        400,
        "InvalidRequestContent",
        (
            "The request content was invalid and could not be read: Expecting property name "
            "enclosed in double quotes: line 1 column 2 (char 1)."
        ),
    ),
    Request(
        "a secret without a value",
        "PUT",
        VAULT,
        "/secrets/s",
        {"api-version": SECRETS_API},
        {},
        "{}",
        400,
        "BadParameter",
        "Property value has invalid value: a string is needed.",
    ),
    Request(
        "a secret's name with an underscore",
        "PUT",
        VAULT,
        "/secrets/a_b",
        {"api-version": SECRETS_API},
        {},
        '{"value": "x"}',
        400,
        "BadParameter",
        "The secret name 'a_b' is not valid: 1 to 127 letters, digits and hyphens.",
    ),
    Request(
        "a secret without a token",
        "GET",
        VAULT,
        "/secrets/s",
        {"api-version": SECRETS_API},
        {"authorization": ""},
        "",
        401,
        "Unauthorized",
        "AKV10000: Request is missing a Bearer or PoP token.",
    ),
    Request(
        "a secret that does not exist",
        "GET",
        VAULT,
        "/secrets/none",
        {"api-version": SECRETS_API},
        {},
        "",
        404,
        "SecretNotFound",
        (
            "A secret with (name/id) none was not found in this key vault. If you recently "
            "deleted this secret you may be able to recover it."
        ),
    ),
)
