"""What follows a role assignment waits until the role works, which takes Azure minutes.

"Troubleshoot Azure RBAC" (read 2026-11): a change of a role assignment takes effect within ten minutes. What
is refused for want of a role of its own identity is therefore asked for again. What no waiting brings fails
at once: a right that is missing to whoever deploys, and what a policy of the organisation forbids.

A deletion is asked for once. `pulumi destroy` runs no program, and so none of these hooks: it tells Azure's
own words. With `--run-program`, and in an `up` that deletes, it is to be the same.
"""

import asyncio
import re
from typing import Final

import pulumi

EVERY_S: Final = 15
MOST_S: Final = 600
# Words of services that refuse because of the identity that they were given.
WANTING: Final = re.compile(r"\b403\b|forbidden|authoriz|permission|assign the role", re.IGNORECASE)
# Azure Resource Manager's own words for whoever asks: "The client '…' with object id '…' does not have …".
# And its code where Azure Policy denies: "Azure Policy definitions deny effect" says that it is a 403, too.
NEVER: Final = re.compile(r"\bThe client '|RequestDisallowedByPolicy")


def is_late(error: str) -> bool:
    """Whether an error may be that of a role which is assigned, and does not work yet."""
    return bool(WANTING.search(error)) and not NEVER.search(error)


async def again(args: pulumi.ErrorHookArgs) -> bool:
    """Whether the operation is to be tried again; it comes back when it is time to."""
    if args.failed_operation == "delete":
        return False
    if not is_late(args.errors[0]) or len(args.errors) * EVERY_S > MOST_S:
        return False
    await asyncio.sleep(EVERY_S)
    return True


def late_grants() -> pulumi.ResourceHookBinding:
    """For the resources of one program."""
    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("late-grants", again)])
