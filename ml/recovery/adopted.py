"""A resource in the state after its import, as the program means it: its inputs, secrets and protection."""

from __future__ import annotations

import json
from typing import Any, Final

from ml.recovery.plan import Create

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"  # Pulumi's key of a value that is encrypted
ENCRYPTED: Final = "1b47061264138c4ac30d75fd1eb44270"  # what stands under it where that is a secret
MASK: Final = "[secret]"  # Pulumi's word for a secret in a preview


def adopt(resource: dict[str, Any], create: Create) -> None:
    """Change what Pulumi's import wrote of one resource of an exported state.

    An import takes all that Azure answers for an input, its own defaults too: the program, which does not set
    them, would remove them, and some cannot change but by a replacement. It takes in clear what the program
    keeps secret. And protection would come with the next `pulumi up` only, which may be the one that deletes.
    """
    resource["inputs"] = sealed(within(resource.get("inputs") or {}, create.inputs), create.inputs)
    if "outputs" in resource:
        resource["outputs"] = sealed(resource["outputs"], create.inputs)
    resource.update(dict.fromkeys(create.kept, True))


def within(there: Any, asked: Any) -> Any:
    """Of what Azure has, the part that the program sets, at any depth. Lists of other lengths stay whole."""
    if isinstance(there, dict) and isinstance(asked, dict) and SIGNATURE not in there:
        had: dict[str, Any] = there
        wanted: dict[str, Any] = asked
        return {name: within(value, wanted[name]) for name, value in had.items() if name in wanted}
    if isinstance(there, list) and isinstance(asked, list):
        items: list[Any] = there
        others: list[Any] = asked
        if len(items) == len(others):
            return [within(one, other) for one, other in zip(items, others, strict=True)]
    return there


def sealed(there: Any, asked: Any) -> Any:
    """The same, with as a secret what is one in the program; a list of another length as a whole."""
    if isinstance(there, dict) and SIGNATURE in there:
        return there  # pyright: ignore[reportUnknownVariableType]
    if asked == MASK:
        return {SIGNATURE: ENCRYPTED, "plaintext": json.dumps(there)}
    if isinstance(there, dict) and isinstance(asked, dict):
        had: dict[str, Any] = there
        wanted: dict[str, Any] = asked
        return {name: sealed(value, wanted.get(name)) for name, value in had.items()}
    if isinstance(there, list) and isinstance(asked, list):
        items: list[Any] = there
        others: list[Any] = asked
        if len(items) == len(others):
            return [sealed(one, other) for one, other in zip(items, others, strict=True)]
        if f'"{MASK}"' in json.dumps(others):
            return {SIGNATURE: ENCRYPTED, "plaintext": json.dumps(items)}
    return there
