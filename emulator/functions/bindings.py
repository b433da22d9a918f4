"""What a function's bindings say, checked: triggers that the host here does not have are refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from emulator.errors import NotEmulated

Json = dict[str, Any]
Kind = Literal["queueTrigger", "httpTrigger", "timerTrigger"]
TRIGGERS: Final = ("queueTrigger", "httpTrigger", "timerTrigger")
SETTING: Final = re.compile(r"%([^%]+)%")


class Unsuitable(Exception):
    """A binding that the app's settings do not complete; the text says what to set."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function and what triggers it. trigger: the binding, settings in the place of %NAME%."""

    name: str
    kind: Kind
    trigger: Json


def function_of(described: Json, settings: Mapping[str, str]) -> Function:
    """Raises NotEmulated for a binding that is not emulated, and Unsuitable."""
    name, triggers = str(described["name"]), list[Json]()
    for binding in described["bindings"]:
        kind = str(binding.get("type"))
        if kind in TRIGGERS:
            triggers.append(binding)
        elif not (kind == "http" and str(binding.get("direction")).lower().endswith("out")):
            raise NotEmulated(f"Azure Functions: the binding {kind} of the function {name}")
    if len(triggers) != 1:
        raise Unsuitable(f"the function {name} has {len(triggers)} triggers")
    (trigger,) = triggers
    filled = {key: _filled(value, settings, name) for key, value in trigger.items()}
    return Function(name, filled["type"], filled)


def disabled(function: Function, settings: Mapping[str, str]) -> bool:
    return settings.get(f"AzureWebJobs.{function.name}.Disabled", "").lower() in ("true", "1")


def account_of(connection: str, settings: Mapping[str, str]) -> str:
    """The storage account of a connection by identity. Raises Unsuitable and NotEmulated."""
    name = connection or "AzureWebJobsStorage"
    account = settings.get(f"{name}__accountName", "")
    if not account and (uri := settings.get(f"{name}__queueServiceUri", "")):
        account = uri.removeprefix("https://").partition(".")[0]
    if account:
        return account
    if name in settings:
        raise NotEmulated(f"Azure Functions: the connection string {name} (set {name}__accountName)")
    raise Unsuitable(f"Value cannot be null: the connection {name} has no setting {name}__accountName")


def _filled(value: Any, settings: Mapping[str, str], function: str) -> Any:
    if not isinstance(value, str):
        return value

    def setting(found: re.Match[str]) -> str:
        if found[1] not in settings:
            raise Unsuitable(f"'%{found[1]}%' of the function {function} does not resolve to a value")
        return settings[found[1]]

    return SETTING.sub(setting, value)
