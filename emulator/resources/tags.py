"""What Azure accepts as tags."""

from __future__ import annotations

from typing import Any, Final

from emulator.errors import AzureError

MAXIMUM: Final = 50
NAME_LENGTH: Final = 512
VALUE_LENGTH: Final = 256
RESERVED: Final = "<>%&\\?/"


def check(tags: Any) -> None:
    """400 for tags that Azure refuses: how many, which characters and lengths."""
    if tags is None:
        return
    if not isinstance(tags, dict):
        raise AzureError(400, "InvalidRequestContent", "The request content was invalid: tags is no object.")
    if len(tags) > MAXIMUM:
        raise AzureError(
            400,
            "TooManyTags",
            f"The resource has {len(tags)} tags. The maximum number of tags allowed is {MAXIMUM}.",
        )
    for name, value in tags.items():
        if not name.strip() or len(name) > NAME_LENGTH:
            raise AzureError(
                400,
                "InvalidTagNameLength",
                f"The tag name '{name[:40]}' has {len(name)} characters; 1 to {NAME_LENGTH} are allowed.",
            )
        if any(mark in name for mark in RESERVED):
            raise AzureError(
                400,
                "InvalidTagNameCharacters",
                f"The tag names '{name}' have reserved characters '{','.join(RESERVED)}' or control "
                "characters.",
            )
        if not isinstance(value, str) or len(value) > VALUE_LENGTH:
            said = f"{len(value)} characters" if isinstance(value, str) else "no text"
            raise AzureError(
                400,
                "InvalidTagValueLength",
                f"The value of tag '{name}' has {said}; at most {VALUE_LENGTH} characters are allowed.",
            )
