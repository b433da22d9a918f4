"""Releases: what they are, what is recorded of them, and what was found out about them in stage."""

from ml.release.records import (
    Configuration,
    Evidence,
    Record,
    Release,
    blob_path,
    now,
    read,
    record,
    summary,
)

__all__ = ["Configuration", "Evidence", "Record", "Release", "blob_path", "now", "read", "record", "summary"]
