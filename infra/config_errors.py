"""What is wrong with the settings, in words: the setting, its value, what to do."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import ErrorDetails

from infra.config_gone import GONE

NAMESPACE: Final = "mlops-estate"
AZURE: Final = "azure-native"
# Sections of which there are several kinds: pydantic's paths name the kind after the section.
SECTIONS_WITH_MODES: Final = frozenset({"outbound", "networkAccess"})
LONGEST_VALUE: Final = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting. setting: dotted path as in the stack file. value: as found; None is "not set"."""

    setting: str
    value: object
    advice: str

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.setting} is not set: {self.advice}"
        shown = json.dumps(self.value, default=str)
        if len(shown) > LONGEST_VALUE:
            shown = shown[: LONGEST_VALUE - 1] + "…"
        return f"{self.setting} is {shown}: {self.advice}"


class ConfigError(Exception):
    """Every problem of a configuration at once; nothing has been created."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        told = {str(problem): problem for problem in problems}
        self.problems = tuple(told[line] for line in sorted(told))
        count = f"{len(self.problems)} setting{'s are' if len(self.problems) > 1 else ' is'} wrong"
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{count}; nothing was changed:{lines}")


def setting_path(location: Iterable[str | int]) -> str:
    """A path of pydantic's in the words of the stack file (`azure` is azure-native there)."""
    parts = list(location)
    if not parts:
        return NAMESPACE
    if parts[0] in SECTIONS_WITH_MODES:
        del parts[1:2]
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    if parts[0] == "azure":
        return AZURE + path.removeprefix("azure").replace(".", ":", 1)
    return path


def all_from_pydantic(errors: Iterable[ErrorDetails], known: Mapping[str, tuple[str, ...]]) -> list[Problem]:
    """The problems behind pydantic's errors. When all items of a list are wrong, the items are named, and not
    an empty list as well."""
    told = [item for item in errors if item["type"] != "too_short" or not item["input"]]
    return [from_pydantic(item, known) for item in told]


def from_pydantic(error: ErrorDetails, known: Mapping[str, tuple[str, ...]]) -> Problem:
    """known: for each path of a section, the names of its settings ("" for the top)."""
    path = setting_path(error["loc"])
    context: dict[str, Any] = error.get("ctx", {})
    value: object = error["input"]
    match error["type"]:
        case "missing":
            value, advice = None, "set it"
        case "extra_forbidden":
            value, advice = _unknown(path, value, known)
        case "literal_error" | "union_tag_invalid":
            expected = str(context.get("expected") or context.get("expected_tags"))
            advice = f"set one of {expected.replace(' or ', ', ')}"
            if error["type"] == "union_tag_invalid":
                path, value = f"{path}.mode", context["tag"]
        case "union_tag_not_found":
            path, value, advice = f"{path}.mode", None, "set it"
        case "greater_than_equal" | "less_than_equal":
            bound = context.get("ge", context.get("le"))
            advice = f"set {bound} or {'more' if 'ge' in context else 'less'}"
        case "int_parsing" | "int_type" | "int_from_float":
            advice = "set a whole number"
        case "bool_parsing" | "bool_type":
            advice = "set true or false"
        case "string_type":
            advice = "set a text (in quotes, where YAML would read a number)"
        case "model_type" | "model_attributes_type" | "dict_type":
            advice = "set a map of settings"
        case "list_type" | "tuple_type":
            advice = "set a list"
        case "too_short":
            advice = "list at least one"
        case _:
            advice = error["msg"]
    return Problem(path, value, advice)


def _unknown(path: str, value: object, known: Mapping[str, tuple[str, ...]]) -> tuple[object, str]:
    if path in GONE:
        return value, GONE[path]
    section, _, name = path.rpartition(".")
    names = known.get(section, ())
    close = difflib.get_close_matches(name, names, n=1)
    advice = f"there is no such setting; did you mean {close[0]}?" if close else "there is no such setting"
    if not close and names:
        advice += f", only {', '.join(names)}"
    return value, advice
