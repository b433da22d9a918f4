"""What the image was built from: who runs in it, whether its packages are listed, whether a secret is in it.

The release's record has the SHA-256 of the build context. The same context, put together again in this
checkout, is what the image was made of, so its files are looked at, and no layer has to be fetched.
"""

import re
from collections.abc import Mapping
from typing import Final

from ml.release.evidence import Check

# What nobody writes by chance. Values of examples are no longer than what is asked for here.
SECRETS: Final[dict[str, re.Pattern[bytes]]] = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a storage account's key": re.compile(rb"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
    "a shared access signature": re.compile(rb"[?&]sig=[A-Za-z0-9%+/]{40,}"),
    "a client secret": re.compile(rb"(?i)client_secret\s*[=:]\s*[\"'][^\"'\s]{30,}[\"']"),
    "an AWS key": re.compile(rb"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
}
SBOM: Final = "sbom.json"
VULNERABILITIES: Final = Check(
    name="known vulnerabilities",
    passed=True,
    figures={"scanned": "no"},
    reason="skipped: no scanner with a database of its own is among the tools; scan the image's sbom.json",
)


def checks(files: Mapping[str, bytes], sha256: str, recorded: str) -> tuple[Check, ...]:
    """files: of the build context in this checkout. sha256, recorded: of it, and of the release's record."""
    if sha256 != recorded:
        reason = (
            f"this checkout makes another build context ({sha256[:12]}) than the image was built from "
            f"({recorded[:12]}): test the release in the checkout that it was built in"
        )
        figures: dict[str, float | str] = {"context": sha256, "recorded": recorded}
        return (Check(name="image", passed=False, figures=figures, reason=reason), VULNERABILITIES)
    return (user(files["Dockerfile"]), sbom(files["Dockerfile"]), no_secret(files), VULNERABILITIES)


def _last_stage(dockerfile: bytes) -> list[list[str]]:
    """The instructions of the stage that becomes the image, each as its words."""
    text = re.sub(r"\\\r?\n", " ", dockerfile.decode())
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    start = max((index for index, words in enumerate(lines) if words[0].upper() == "FROM"), default=0)
    return lines[start:]


def user(dockerfile: bytes) -> Check:
    """Whether the image runs as a numbered user that is not root: Kubernetes cannot tell names apart."""
    named = [words[1] for words in _last_stage(dockerfile) if words[0].upper() == "USER" and len(words) > 1]
    last = named[-1] if named else "root"
    number = last.partition(":")[0]
    passed = number.isdigit() and int(number) > 0
    reason = f"runs as {last}" if passed else f"runs as {last}: a number above 0 is needed"
    return Check(name="image: user", passed=passed, figures={"user": last}, reason=reason)


def sbom(dockerfile: bytes) -> Check:
    """Whether the list of packages stands in the image."""
    copied = any(
        words[0].upper() == "COPY" and any(word.rpartition("/")[2] == SBOM for word in words[1:])
        for words in _last_stage(dockerfile)
    )
    reason = f"{SBOM} is in the image" if copied else f"the image's stage copies no {SBOM}"
    return Check(name="image: SBOM", passed=copied, figures={"file": SBOM}, reason=reason)


def no_secret(files: Mapping[str, bytes]) -> Check:
    """Whether a file looks as if it held a secret; what it is, is told, and not its value."""
    found = [
        f"{path} holds {what}"
        for path, content in sorted(files.items())
        for what, pattern in SECRETS.items()
        if pattern.search(content)
    ]
    return Check(
        name="image: no secret",
        passed=not found,
        figures={"files": len(files), "found": len(found)},
        reason="; ".join(found[:3]) or "no file looks as if it held a secret",
    )
