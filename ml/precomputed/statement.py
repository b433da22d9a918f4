"""Statements with names in them, which PostgreSQL takes as no parameters."""

from __future__ import annotations

from typing import Any


def named(text: str, **parts: str | int) -> Any:
    """The statement with its `{parts}`: texts quoted as names are, whole numbers as they are."""
    from psycopg import sql

    composed: Any = sql.SQL
    quoted = {
        key: sql.Identifier(part) if isinstance(part, str) else sql.Literal(part)
        for key, part in parts.items()
    }
    return composed(text).format(**quoted)
