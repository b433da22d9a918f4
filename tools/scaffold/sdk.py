"""Which resource of the installed SDK a type is, and the path that its parameters make."""

from __future__ import annotations

import re
from collections.abc import Iterable

from emulator.provider.introspection import NotInSdk, Reader, package_directory
from emulator.provider.schema import Resource

_TYPE = re.compile(r"Microsoft\.([A-Za-z]+)((?:/[A-Za-z]+)+)")
_CLASS = re.compile(r"^class (\w+)\(pulumi\.CustomResource\):", re.MULTILINE)


class ScaffoldError(Exception):
    """What was given cannot become a row; the text says what to give instead."""


def segments_of(arm_type: str) -> tuple[str, list[str]]:
    """`("Maps", ["accounts", "creators"])` of Microsoft.Maps/accounts/creators. Raises ScaffoldError."""
    found = _TYPE.fullmatch(arm_type)
    if not found:
        raise ScaffoldError(f"TYPE is {arm_type!r}: give a type such as Microsoft.Maps/accounts.")
    return found[1], found[2].strip("/").split("/")


def singular(word: str) -> str:
    """`account` of `accounts`, `registry` of `registries`."""
    for ending, other in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss"):
            return word[: -len(ending)] + other
    return word


def resources_in(module: str) -> list[str]:
    """The resources that a module of the SDK has. Raises NotInSdk."""
    files = sorted(package_directory(module).glob("[!_]*.py"))
    return sorted({name for file in files for name in _CLASS.findall(file.read_text(encoding="utf-8"))})


def token_of(arm_type: str) -> str:
    """The one token whose name fits the type. Raises ScaffoldError, naming those that could be meant."""
    provider, segments = segments_of(arm_type)
    module, last = provider.lower(), singular(segments[-1]).lower()
    try:
        names = resources_in(module)
    except NotInSdk as error:
        raise ScaffoldError(f"{error}. Give the token as well: TOKEN=module:Name.") from error
    exact = [name for name in names if name.lower() == last]
    near = exact or [name for name in names if name.lower().endswith(last)]
    if len(near) != 1:
        known = ", ".join(f"{module}:{name}" for name in near or names)
        raise ScaffoldError(f"{arm_type} may be one of {known}. Say which: TOKEN=module:Name.")
    return f"{module}:{near[0]}"


def read(token: str) -> Resource:
    """What the SDK knows of `module:Name`. Raises ScaffoldError."""
    if not re.fullmatch(r"[a-z0-9]+:\w+", token):
        raise ScaffoldError(f"TOKEN is {token!r}: give a module and a name, as in maps:Account.")
    try:
        return Reader().resource(f"azure-native:{token}")
    except NotInSdk as error:
        raise ScaffoldError(f"{error}. Look the token up in the SDK's reference.") from error


def path_of(arm_type: str, inputs: Iterable[str]) -> str:
    """`Microsoft.Maps/accounts/{accountName}`: each segment with the SDK's parameter for its name.

    Raises ScaffoldError where the SDK has no parameter for a segment.
    """
    provider, segments = segments_of(arm_type)
    named = [name for name in inputs if name.endswith("Name") and name != "resourceGroupName"]
    parts: list[str] = []
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        fitting = [f"{singular(segment)}Name", *(["name", "resourceName"] if last else [])]
        fitting += [name for name in named if singular(segment).lower() in name.lower()]
        if last and len(named) == 1:
            fitting += named
        known = [*named, *(name for name in inputs if name == "name")]
        found = next((name for name in fitting if name in known), None)
        if found is None:
            raise ScaffoldError(
                f"The SDK has no parameter for {segment!r} of {arm_type}; it has {', '.join(known) or 'no'}. "
                "Write the row by hand, its path as in the Azure REST reference."
            )
        named = [name for name in named if name != found]
        parts.append(f"{segment}/{{{found}}}")
    return f"Microsoft.{provider}/{'/'.join(parts)}"
