"""Rows of a csv file, record by record: those of a key are counted, and all others are kept byte for byte.

Read as a training reads it (ml/jobs/csv_table.py): commas, double quotes, line ends within quotes. What is no
such csv is an error and no guess: a quote that is not closed would hide every row behind it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

BOM: Final = codecs.BOM_UTF8


class NotCsvError(Exception):
    """The file is no csv that could be looked through; the text says where."""


def count(content: BinaryIO, column: str, key: str) -> int:
    """How many rows have the key in the column; 0 for a file without that column. Raises NotCsvError.

    It does so, too, where the heading names the column twice, or otherwise than between commas.
    """
    return sum(held for _, held in _records(content, column, key))


def without(content: BinaryIO, to: BinaryIO, column: str, key: str) -> int:
    """Copy a file without the rows of the key; how many those were. Raises NotCsvError."""
    gone = 0
    if content.read(len(BOM)) == BOM:
        to.write(BOM)
    content.seek(0)
    for record, held in _records(content, column, key):
        gone += held
        if not held:
            to.write(record.encode())
    return gone


def _records(content: BinaryIO, column: str, key: str) -> Iterator[tuple[str, bool]]:
    """Each record as it is written, its heading too, and whether the column holds the key in it."""
    if content.read(len(BOM)) != BOM:
        content.seek(0)
    taken: list[str] = []
    text = io.TextIOWrapper(content, "utf-8", newline="")  # lines with the ends that they have

    def lines() -> Iterator[str]:
        for line in text:
            taken.append(line)
            yield line

    place: int | None = None
    begun = False
    rows = csv.reader(lines(), strict=True)
    number = 0
    try:
        for row in rows:
            number += begun
            written = "".join(taken)
            taken.clear()
            if not begun:  # the heading is the first line that is not empty, as a reader of tables has it
                place, begun = _place(row, column), bool(row)
                yield written, False
            else:
                yield written, place is not None and len(row) > place and row[place].strip() == key
    except UnicodeDecodeError as error:
        raise NotCsvError(f"it is no text in UTF-8 (after record {number})") from error
    except csv.Error as error:
        raise NotCsvError(f"after record {number}: {error}") from error
    finally:
        text.detach()  # the content is the caller's


def _place(heading: list[str], column: str) -> int | None:
    """Where a column is; None: nowhere. Raises NotCsvError."""
    count = heading.count(column)
    if count > 1:
        raise NotCsvError(f"its heading has the column {column} {count} times")
    if count:
        return heading.index(column)
    if column in [name.strip(" '\"") for name in re.split(r"[;|\t]", ";".join(heading))]:
        raise NotCsvError(f"its heading has {column}, but not as a column between commas")
    return None
