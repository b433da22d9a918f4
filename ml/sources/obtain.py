"""Brings the data set at an address to this machine."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ml.azure.clients import Azure
from ml.errors import MlopsError
from ml.jobs.data import kind_of
from ml.settings import DownloadSettings
from ml.sources import s3
from ml.sources.address import Blob, Remote, S3Object
from ml.sources.blob import open_blob
from ml.sources.cache import Cache
from ml.sources.download import Download
from ml.sources.store import Source
from ml.sources.workspace import to_store


@dataclass(frozen=True, slots=True)
class Obtained:
    """`shown` is what a person gave, `name` the file's own name at its source."""

    path: Path
    sha256: str
    shown: str
    name: str


def open_source(azure: Azure, address: Remote, limits: DownloadSettings) -> Source:
    if isinstance(address, S3Object):
        return s3.S3Source(address, s3.client(limits, address.shown))
    if isinstance(address, Blob):
        return open_blob(azure, address, limits)
    raise TypeError(f"{address.shown} was not led to its store")


def obtain(azure: Azure, address: Remote, cache: Cache | None = None) -> Obtained:
    """The file in the cache; it is downloaded when the cache has not this version of it.

    Raises MlopsError, which names the address, when nothing is there, when it may not be read, or when what
    is there is empty or no data set.
    """
    limits = azure.settings.download
    source = open_source(azure, to_store(azure, address), limits)
    if source.shown != address.shown:
        azure.report.line(f"{address.shown} is {source.shown}")
    name = PurePosixPath(source.shown.partition("?")[0]).name
    download = Download(
        cache or Cache(), azure.report, limits, lambda head: _check(head, address.shown, name)
    )
    try:
        fetched = download.fetch(source)
    except OSError as error:
        raise MlopsError(
            f"The data set {address.shown} cannot be kept in {download.cache.root}: {error.strerror}.",
            "Make room there and see that it is writable, or set XDG_CACHE_HOME to another directory.",
        ) from error
    return Obtained(fetched.path, fetched.sha256, address.shown, name)


def _check(head: bytes, shown: str, name: str) -> None:
    kind_of(head, shown, name)
