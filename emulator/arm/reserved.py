"""Names that Azure reserves: for resources that get an address of their own ("Reserved resource names")."""

from __future__ import annotations

from typing import Final

_WHOLE: Final = (
    "access azure bing bizspark biztalk cortana directx dotnet dynamics excel exchange forefront "
    "groove hololens hyperv kinect lync msdn o365 office office365 onedrive onenote outlook "
    "powerpoint sharepoint skype visio visualstudio"
)
WHOLE: Final = frozenset(_WHOLE.split())
ANYWHERE: Final = ("microsoft", "windows")
AT_THE_BEGINNING: Final = ("login", "xbox")


def is_reserved(name: str) -> bool:
    """Whether a name, or a part of it, is a reserved word."""
    folded = name.lower()
    return folded in WHOLE or folded.startswith(AT_THE_BEGINNING) or any(word in folded for word in ANYWHERE)
