"""python -m tools.check.words FILE …: what must never be committed, by pattern."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry." + "npmjs",
    "proxy." + "golang",
    "sum." + "golang",
)
# Each row: what it is, how it looks, what to do instead.
REFUSED: Final = (
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "make one when it is needed"),
    ("a storage account's key", r"AccountKey=[A-Za-z0-9+/]{80,}==", "sign in by identity"),
    ("a shared access signature", r"[?&]sig=[A-Za-z0-9%]{40,}", "sign in by identity"),
    ("a token of GitHub", r"gh[pousr]_[A-Za-z0-9]{36,}", "use a GitHub App or OIDC"),
    ("a client secret of Entra ID", r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}\b", "use federation"),
    ("an access token of Pulumi", r"\bpul-[0-9a-f]{40}\b", "put it into the environment"),
    ("a package index's host", "|".join(map(re.escape, HOSTS)), "whoever installs says which index"),
    (
        "a path of one machine",
        r"(?<![\w.])/(?:home|Users)/(?!USER\b)[a-z][\w.-]+/",
        "write it relative to the checkout",
    ),
)
PATTERNS: Final = tuple((what, re.compile(pattern), remedy) for what, pattern, remedy in REFUSED)


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number from 1, what it is, what to do; the words themselves are not repeated."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern, remedy in PATTERNS:
            if pattern.search(line):
                yield number, what, remedy


def main(files: list[str]) -> int:
    found = False
    for name in files:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text: nobody writes a key there by hand
        for number, what, remedy in findings(text):
            found = True
            print(f"{name}:{number}: {what} must not be committed: {remedy}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
