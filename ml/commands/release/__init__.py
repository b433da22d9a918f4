"""`mlops release …`: releases, what is known of them, and where they come from."""

from collections.abc import Callable

from ml.commands.release import create, key, lineage, list_, show, test, verify

COMMANDS: dict[str, Callable[..., None]] = {
    "create": create.command,
    "list": list_.command,
    "show": show.command,
    "test": test.command,
    "lineage": lineage.command,
    "verify": verify.command,
    "key": key.command,
}
HELP = "Releases: record them, list them, follow them from data to production, verify approvals."
