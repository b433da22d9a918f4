"""The subscriptions that exist: those that the repository's stack files name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from emulator.home import REPOSITORY

STACK_FILE: Final = re.compile(r"Pulumi\.(?P<stack>.+)\.yaml")
SUBSCRIPTION: Final = re.compile(
    r"^\s*azure-native:subscriptionId:\s*[\"']?([0-9A-Fa-f-]{36})\b", re.MULTILINE
)


def named_in_stack_files(repository: Path = REPOSITORY) -> dict[str, str]:
    """Subscription ids (lower case), each with the stack that names it; stage's first, then by stack.

    Several stacks may share a subscription, which is then called after the first of them.
    """
    stacks = {
        match["stack"]: path
        for path in repository.glob("Pulumi.*.yaml")
        if (match := STACK_FILE.match(path.name))
    }
    found: dict[str, str] = {}
    for stack in sorted(stacks, key=lambda name: (name != "stage", name)):
        if named := SUBSCRIPTION.search(stacks[stack].read_text()):
            found.setdefault(named[1].lower(), stack)
    return found
