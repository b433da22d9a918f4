"""Reads what `--data` may be into one of five kinds of address, without asking any service."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from ml.errors import MlopsError

SUPPORTED = (
    "a path, file:///PATH, s3://BUCKET/KEY, https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH, "
    "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, azureml://datastores/NAME/paths/PATH, "
    "azureml:NAME:VERSION or azureml:NAME@latest"
)
STORAGE_HOST = re.compile(r"(?P<account>[a-z0-9]{3,24})\.(blob|dfs)\.core\.windows\.net")
SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<rest>.*)", re.DOTALL)
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]|arn:aws[a-z-]*:s3:[^/]*:accesspoint/[^/]+")
CONTAINER = re.compile(r"\$root|\$web|[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}")
ASSET = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?::(?P<version>[^:@/]+)|@(?P<label>[^:@/]+))")
DATASTORE = re.compile(
    r"(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/"
    r"(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)/)?"
    r"datastores/(?P<name>[^/]+)/paths/(?P<path>.+)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class LocalFile:
    path: Path

    @property
    def shown(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class S3Object:
    bucket: str
    key: str
    version: str | None = None

    @property
    def shown(self) -> str:
        return f"s3://{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")


@dataclass(frozen=True, slots=True)
class Blob:
    """`signature` is the query of a SAS. It is a secret that no message and no file has."""

    account: str
    container: str
    path: str
    version: str | None = None
    signature: str = field(default="", repr=False)

    @property
    def account_url(self) -> str:
        return f"https://{self.account}.blob.core.windows.net"

    @property
    def shown(self) -> str:
        plain = f"{self.account_url}/{self.container}/{quote(self.path)}"
        return plain + (f"?versionid={self.version}" if self.version else "")


@dataclass(frozen=True, slots=True)
class DatastorePath:
    """`workspace` is (subscription, resource group, name) when the address names one."""

    datastore: str
    path: str
    workspace: tuple[str, str, str] | None = None

    @property
    def shown(self) -> str:
        return f"azureml://datastores/{self.datastore}/paths/{self.path}"


@dataclass(frozen=True, slots=True)
class DataAsset:
    """A data asset by version or by label (`latest`); the other of the two is None."""

    name: str
    version: str | None
    label: str | None

    @property
    def shown(self) -> str:
        return f"azureml:{self.name}" + (f":{self.version}" if self.version else f"@{self.label}")


Remote = S3Object | Blob | DatastorePath | DataAsset
Address = LocalFile | Remote


def _refused(shown: str, why: str, remedy: str) -> MlopsError:
    return MlopsError(f"The data set {shown} cannot be read: {why}.", remedy)


def _names_a_file(shown: str, path: str) -> str:
    if not path.strip("/") or path.endswith("/"):
        raise _refused(shown, "the address names no file", "Give the address of one parquet or csv file.")
    return path


def _file(rest: str, shown: str) -> LocalFile:
    host, slash, path = rest.partition("/")
    if host not in ("", "localhost") or not slash:
        raise _refused(shown, f"{host or 'nothing'!r} stands where a host would", "Write file:///PATH.")
    return LocalFile(Path(unquote(f"/{path}")))


def _s3(rest: str, shown: str) -> S3Object:
    """Read s3://BUCKET/KEY. A key may hold `%`, `#` and `?`; only `?versionId=` is no part of it."""
    access_point = re.match(r"(arn:[^/]+/[^/]+)/(.*)", rest, re.DOTALL)
    bucket, _, key = rest.partition("/")
    if access_point:
        bucket, key = access_point.groups()
    if not BUCKET.fullmatch(bucket):
        raise _refused(shown, f"{bucket!r} is no bucket's name", "Write s3://BUCKET/KEY.")
    key, _, version = key.partition("?versionId=")
    return S3Object(bucket, _names_a_file(shown, key), version or None)


def _blob(shown: str, host: str, container: str, path: str, query: str = "") -> Blob:
    match = STORAGE_HOST.fullmatch(host.lower())
    if not match:
        raise _refused(
            shown,
            f"{host!r} is no address of Azure storage",
            f"Download the file yourself and give its path, or give {SUPPORTED}.",
        )
    if not CONTAINER.fullmatch(container):
        raise _refused(
            shown,
            f"{container!r} is no container's name",
            "Write ACCOUNT_HOST/CONTAINER/PATH, as Azure does.",
        )
    asked = parse_qs(query)
    version = next((asked[name][0] for name in ("versionid", "versionId") if name in asked), None)
    signature = "&".join(
        part for part in query.split("&") if part and not part.lower().startswith("versionid=")
    )
    if signature and "sig" not in asked:
        raise _refused(
            shown,
            f"its query ({', '.join(sorted(asked))}) is no shared access signature",
            "Give the address without the query, or with the whole signature.",
        )
    return Blob(match["account"], container, _names_a_file(shown, path), version, signature)


def _https(rest: str, shown: str) -> Blob:
    parts = urlsplit(f"https://{rest}")
    container, _, path = parts.path.removeprefix("/").partition("/")
    return _blob(shown, parts.netloc, container, unquote(path), parts.query)


def _abfss(rest: str, shown: str) -> Blob:
    place, _, path = rest.partition("/")
    container, at, host = place.partition("@")
    if not at:
        raise _refused(
            shown, "it names no account", "Write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH."
        )
    return _blob(shown, host, container, path)


def _datastore(rest: str, shown: str) -> DatastorePath:
    match = DATASTORE.fullmatch(rest)
    if not match:
        raise _refused(
            shown,
            "it names no datastore and path",
            "Write azureml://datastores/NAME/paths/PATH, or azureml:NAME:VERSION for a data asset.",
        )
    workspace = match["subscription"], match["group"], match["workspace"]
    path = _names_a_file(shown, match["path"])
    return DatastorePath(match["name"], path, workspace if match["workspace"] else None)


def _asset(rest: str, shown: str) -> DataAsset:
    match = ASSET.fullmatch(rest)
    if not match:
        raise _refused(
            shown, "it names no version", "Write azureml:NAME:VERSION, or azureml:NAME@latest for the latest."
        )
    return DataAsset(match["name"], match["version"], match["label"])


READERS = {
    "file": _file,
    "s3": _s3,
    "s3a": _s3,
    "https": _https,
    "abfss": _abfss,
    "wasbs": _abfss,
    "azureml": _datastore,
}


def parse(text: str) -> Address:
    """Read what a person gave. Raises MlopsError, which holds no signature, when it is none of the kinds."""
    if text.startswith("azureml:") and not text.startswith("azureml://"):
        return _asset(text.removeprefix("azureml:"), text)
    match = SCHEME.fullmatch(text)
    if not match:
        return LocalFile(Path(text))
    scheme = match["scheme"].lower()
    shown = text if scheme in ("s3", "s3a", "file") else text.partition("?")[0]
    reader = READERS.get(scheme)
    if reader is None:
        raise _refused(shown, f"the scheme {scheme}:// is not supported", f"Give {SUPPORTED}.")
    return reader(match["rest"], shown)
