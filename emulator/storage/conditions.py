"""Conditional headers of reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from emulator.storage.errors import failure, refusal
from emulator.storage.model import Blob

NAMES = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request demands of the blob as it is before it; empty texts demand nothing."""

    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: float | None = None
    if_unmodified_since: float | None = None

    @staticmethod
    def of(headers: Mapping[str, str], prefix: str = "") -> Conditions:
        """From request headers; ``x-ms-source-`` is the prefix of conditions on a copy's source."""
        if headers.get(f"{prefix}if-tags") or headers.get("x-ms-if-tags"):
            raise refusal("conditions on blob tags (x-ms-if-tags)")
        match, none_match, since, until = (headers.get(prefix + name, "").strip() for name in NAMES)
        return Conditions(match, none_match, _seconds(since), _seconds(until))

    def for_read(self) -> Callable[[Blob | None], None]:
        """The check of a read: 304 when the client's copy is good, 412 when what it wants is gone."""

        def check(blob: Blob | None) -> None:
            if blob is None:
                return
            if self.if_match and not _matches(self.if_match, blob):
                raise failure("ConditionNotMet")
            if self.if_unmodified_since is not None and int(blob.modified) > self.if_unmodified_since:
                raise failure("ConditionNotMet")
            if self.if_none_match:
                if _matches(self.if_none_match, blob):
                    raise failure("NotModified")
            elif self.if_modified_since is not None and int(blob.modified) <= self.if_modified_since:
                raise failure("NotModified")

        return check

    def for_write(self) -> Callable[[Blob | None], None]:
        """The check of a write: 412, and 409 for ``If-None-Match: *`` on a blob that exists."""

        def check(blob: Blob | None) -> None:
            if blob is None:
                if self.if_match:
                    raise failure("ConditionNotMet")
                return
            if self.if_none_match == "*":
                raise failure("BlobAlreadyExists")
            failed = (
                (self.if_match and not _matches(self.if_match, blob))
                or (self.if_none_match and _matches(self.if_none_match, blob))
                or (self.if_modified_since is not None and int(blob.modified) <= self.if_modified_since)
                or (self.if_unmodified_since is not None and int(blob.modified) > self.if_unmodified_since)
            )
            if failed:
                raise failure("ConditionNotMet")

        return check


def _matches(wanted: str, blob: Blob) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
    return "*" in tags or blob.etag.strip('"') in tags


def _seconds(date: str) -> float | None:
    if not date:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError) as error:  # by what is wrong with it
        raise failure("InvalidHeaderValue", f"{date!r} is no RFC 1123 date.") from error
