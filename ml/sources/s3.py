"""Reads objects in S3 and in services that speak its protocol (AWS_ENDPOINT_URL), by boto3."""

from collections.abc import Iterator
from typing import Any

from ml.errors import MlopsError
from ml.settings import DownloadSettings
from ml.sources.address import S3Object
from ml.sources.store import Interrupted, SourceChanged, Version

CHUNK_BYTES = 1 << 16  # bytes that are read at once, and lost when the connection breaks
CREDENTIALS = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`."
RENEW = (
    "S3 does not accept the credentials",
    "Renew them (`aws sso login`), and check AWS_PROFILE and AWS_ENDPOINT_URL.",
)
DENIED = (
    "access is denied",
    "Have s3:GetObject granted on it; without s3:ListBucket a key that does not exist looks the same.",
)
REGION = ("the bucket is in another region", "Set AWS_REGION to the bucket's region.")
MISSING = ("the bucket has no such key", "Check the key: it is case-sensitive and is taken as it stands.")
# S3's error code -> (the reason in words, the remedy). An answer to HEAD has no body, only a status.
REFUSALS = {
    "NoSuchBucket": ("there is no such bucket", "Check the bucket's name, AWS_PROFILE and AWS_ENDPOINT_URL."),
    "NoSuchKey": MISSING,
    "404": MISSING,
    "NoSuchVersion": ("the object has no such version", "Leave ?versionId= out for the latest one."),
    "MethodNotAllowed": ("that version is a delete marker", "Give another version, or leave it out."),
    "AccessDenied": DENIED,
    "403": DENIED,
    "AllAccessDisabled": DENIED,
    "InvalidAccessKeyId": RENEW,
    "SignatureDoesNotMatch": RENEW,
    "ExpiredToken": RENEW,
    "InvalidToken": RENEW,
    "TokenRefreshRequired": RENEW,
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "Set the clock, then run the command again."),
    "PermanentRedirect": REGION,
    "301": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "InvalidObjectState": ("the object is archived", "Restore it in S3 first, then run the command again."),
}
CHANGED = ("PreconditionFailed", "412", "InvalidRange", "416")
UNAVAILABLE = 500
NO_CREDENTIALS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ProfileNotFound",
    "SSOError",
    "SSOTokenLoadError",
    "UnauthorizedSSOTokenError",
    "TokenRetrievalError",
    "LoginError",
)


def client(limits: DownloadSettings, shown: str) -> Any:
    """Raises MlopsError when the profile, the region or the endpoint that is set cannot be used."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(
        connect_timeout=limits.connection_seconds,
        read_timeout=limits.read_seconds,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
    )
    try:
        return boto3.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        raise MlopsError(
            f"The data set {shown} cannot be read: S3 cannot be used as it is set up: {error}.",
            "Check AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and the AWS configuration file.",
        ) from error


class S3Source:
    def __init__(self, address: S3Object, s3: Any) -> None:
        self.address, self.s3 = address, s3

    @property
    def shown(self) -> str:
        return self.address.shown

    @property
    def identity(self) -> str:
        """The object with its endpoint: the same bucket and key elsewhere are another object."""
        return f"{self.s3.meta.endpoint_url} {self.shown}"

    @property
    def _names(self) -> dict[str, str]:
        names = {"Bucket": self.address.bucket, "Key": self.address.key}
        return {**names, "VersionId": self.address.version} if self.address.version else names

    def look(self) -> Version:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self.s3.head_object(**self._names)
        except ClientError as error:
            raise self._refusal(self._with_words(error)) from error
        except BotoCoreError as error:
            raise self._unreached(error) from error
        return Version(
            etag=str(found["ETag"]),
            size=int(found["ContentLength"]),
            modified=found["LastModified"].isoformat(),
            version=found.get("VersionId"),
        )

    def read(self, version: Version, start: int) -> Iterator[bytes]:
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        asked = {**self._names, "IfMatch": version.etag}
        if start:
            asked["Range"] = f"bytes={start}-"
        try:
            answer = self.s3.get_object(**asked)
            if answer["ETag"] != version.etag:  # some stores ignore If-Match
                raise SourceChanged(self.shown)
            skip = 0 if answer["ResponseMetadata"]["HTTPStatusCode"] == 206 else start
            for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))
        except ClientError as error:
            code = self._code(error)
            if code in CHANGED:
                raise SourceChanged(self.shown) from error
            if self._status(error) >= UNAVAILABLE or code in ("SlowDown", "RequestTimeout"):
                raise Interrupted(str(error)) from error
            raise self._refusal(error) from error
        except BotoCoreError as error:
            if type(error).__name__ in NO_CREDENTIALS:
                raise self._unreached(error) from error
            raise Interrupted(str(error)) from error
        except (HTTPError, OSError) as error:
            raise Interrupted(str(error)) from error

    @staticmethod
    def _code(error: Any) -> str:
        return str(error.response.get("Error", {}).get("Code", ""))

    @staticmethod
    def _status(error: Any) -> int:
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

    def _with_words(self, error: Any) -> Any:
        """The error of a GET of the same object: an answer to HEAD has a status only, and no words."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.s3.get_object(**self._names, Range="bytes=0-0")["Body"].close()
        except ClientError as worded:
            return worded
        except BotoCoreError:
            return error
        return error

    def _refusal(self, error: Any) -> MlopsError:
        code, told = self._code(error), str(error.response.get("Error", {}).get("Message", ""))
        why, remedy = REFUSALS.get(
            code,
            (f"S3 answered {code or self._status(error)}", "Correct what its words name, then run it again."),
        )
        return MlopsError(
            f"The data set {self.shown} cannot be read: {why} ({code}).", remedy, [told] if told else []
        )

    def _unreached(self, error: Exception) -> MlopsError:
        kind = type(error).__name__
        if kind in NO_CREDENTIALS:
            why, remedy = "there are no AWS credentials that work", CREDENTIALS
        elif kind == "ParamValidationError":
            why, remedy = "its bucket or key is not valid", "Write s3://BUCKET/KEY."
        else:
            why = f"{self.s3.meta.endpoint_url} does not answer"
            remedy = "Check the network, HTTPS_PROXY and AWS_ENDPOINT_URL."
        return MlopsError(f"The data set {self.shown} cannot be read: {why}.", remedy, [str(error)])
