"""Rules for names, and the words for them, that the types of several services share.

They are Azure's own: "Naming rules and restrictions for Azure resources".
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule

WORD: Final = "letters, digits, underscores, hyphens and periods, starting with a letter or digit"
HYPHENS: Final = "letters, digits and hyphens, no hyphen first or last"
LETTER_FIRST: Final = "letters, digits and hyphens, a letter first"
UUID: Final = NameRule(36, 36, r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID is needed")
