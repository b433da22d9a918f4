"""Downloads a source into the cache. It goes on where an attempt ended, and never mixes two versions."""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ml.errors import MlopsError
from ml.settings import DownloadSettings
from ml.sources.cache import Cache, Partial
from ml.sources.store import Interrupted, Source, SourceChanged, Version
from ml.terminal.console import Report

SAFE_BYTES = 8 << 20  # after so many bytes a download is synced and counted; a crash costs no more
HEAD_BYTES = 8
MOST_CHANGES = 3
Check = Callable[[bytes], None]  # takes a file's first bytes, and raises MlopsError for what is no data set


@dataclass(frozen=True, slots=True)
class Fetched:
    path: Path
    sha256: str


class Download:
    def __init__(self, cache: Cache, report: Report, limits: DownloadSettings, check: Check) -> None:
        self.cache, self.report, self.limits, self.check = cache, report, limits, check

    def fetch(self, source: Source) -> Fetched:
        """The file in the cache; it is downloaded when this version of the source is not there.

        Raises MlopsError naming the source.
        """

        def waiting() -> None:
            self.report.line(f"another command is downloading {source.shown}: waiting for it")

        with self.cache.locked(source, waiting):
            version = self._look(source)
            known = self.cache.find(source, version)
            if known is not None:
                self.report.line(f"{source.shown} is unchanged: nothing is downloaded")
                return Fetched(*known)
            for _ in range(MOST_CHANGES):
                try:
                    return self._whole(source, version)
                except SourceChanged:
                    self.cache.partial(source).drop()
                    self.report.line(f"{source.shown} changed while it was downloaded: starting over")
                    version = self._look(source)
        raise MlopsError(
            f"The data set {source.shown} changed {MOST_CHANGES} times while it was downloaded.",
            "Wait until whoever writes it has finished, then run the command again.",
        )

    def _look(self, source: Source) -> Version:
        version = source.look()
        if version.size == 0:
            raise MlopsError(
                f"The data set {source.shown} is empty (0 bytes).", "Give a parquet or csv file with rows."
            )
        return version

    def _whole(self, source: Source, version: Version) -> Fetched:
        partial = self.cache.partial(source)
        earlier = partial.version()
        if earlier is not None and earlier != version.as_json():
            self.report.line(f"{source.shown} changed since its download was interrupted: starting over")
            partial.drop()
        start = min(partial.done(), version.size)
        self.cache.room_for(version.size - start, source)
        partial.keep(version, start)
        title = f"downloading {source.shown}"
        if start:
            self.report.line(f"{start / 1e6:.2f} of {version.size / 1e6:.2f} MB are there from before")
        with self.report.transfer(title, version.size) as progress:
            self._attempts(source, version, partial, progress)
        with partial.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Fetched(self.cache.take(source, version, partial, sha256), sha256)

    def _attempts(
        self, source: Source, version: Version, partial: Partial, progress: Callable[[int], None]
    ) -> None:
        """Continue the download until it is whole, or until several attempts in a row brought nothing."""
        fruitless = 0
        while (start := partial.done()) < version.size or not partial.path.exists():
            try:
                self._from(start, source, version, partial, progress)
            except Interrupted as cut:
                done = partial.done()
                fruitless = 0 if done > start else fruitless + 1
                if fruitless >= self.limits.attempts:
                    raise MlopsError(
                        f"The download of {source.shown} broke off at {done / 1e6:.2f} of "
                        f"{version.size / 1e6:.2f} MB, and {fruitless} attempts to go on failed.",
                        "Check the network, then run the command again: it goes on from there.",
                        [str(cut)],
                    ) from cut
                self.report.line(f"the connection broke off at {done / 1e6:.2f} MB: going on from there")
                time.sleep(min(self.limits.pause_seconds * 2**fruitless, 30.0))

    def _from(
        self, start: int, source: Source, version: Version, partial: Partial, progress: Callable[[int], None]
    ) -> None:
        """Append what the source sends. What came is synced and counted, whether it ends well or not."""
        with partial.path.open("r+b" if partial.path.exists() else "w+b") as file:
            file.truncate(start)
            head = file.read(HEAD_BYTES)
            if start >= HEAD_BYTES:
                self.check(head)
            file.seek(start)
            done = safe = start
            progress(done)
            try:
                for chunk in source.read(version, start):
                    if done < HEAD_BYTES:
                        head += chunk[: HEAD_BYTES - done]
                        if len(head) >= min(HEAD_BYTES, version.size):
                            self.check(head)
                    file.write(chunk)
                    done += len(chunk)
                    progress(done)
                    if done - safe >= SAFE_BYTES:
                        safe = self._sync(file, version, partial, done)
            finally:
                self._sync(file, version, partial, done)
            if done > version.size:
                partial.drop()
                raise Interrupted(f"{done} bytes came instead of {version.size}")
            if done < version.size:
                raise Interrupted(f"the answer ended after {done} of {version.size} bytes")

    @staticmethod
    def _sync(file: IO[bytes], version: Version, partial: Partial, done: int) -> int:
        file.flush()
        os.fsync(file.fileno())
        partial.keep(version, done)
        return done
