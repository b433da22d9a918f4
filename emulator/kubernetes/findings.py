"""What is wrong with the fields of an object, in the words of the API server.

The words are those of apimachinery's `field.Error` and `util/validation` (k8s.io/apimachinery 0.36).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.kubernetes.errors import Cause

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A form that texts have to have. words: what is said of one that has not; longest: in bytes."""

    pattern: str
    longest: int
    words: str
    bound: str = "characters"

    def faults(self, text: str) -> list[str]:
        found = [f"must be no more than {self.longest} {self.bound}"] if len(text) > self.longest else []
        return found if re.fullmatch(self.pattern, text) else [*found, self.words]


_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE: Final = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_USED: Final = "regex used for validation is"
LABEL: Final = Form(
    _LABEL,
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    f"and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', {_USED} '{_LABEL}')",
)
SUBDOMAIN: Final = Form(
    _SUBDOMAIN,
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    f"start and end with an alphanumeric character (e.g. 'example.com', {_USED} '{_SUBDOMAIN}')",
)
SERVICE: Final = Form(
    _1035,
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    f"character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', {_USED} '{_1035}')",
)
LABEL_VALUE: Final = Form(
    _VALUE,
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    f"start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', {_USED} "
    f"'{_VALUE}')",
    "bytes",
)
LABEL_NAME: Final = Form(
    _NAME,
    63,
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    f"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', {_USED} '{_NAME}')",
    "bytes",
)
KEY: Final = Form(
    "[-._a-zA-Z0-9]+",
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    f"'KEY_NAME',  or 'key-name', {_USED} '[-._a-zA-Z0-9]+')",
)
VARIABLE: Final = Form(
    r"[ -<>-~]+",
    1 << 20,
    "a valid environment variable name must consist only of printable ASCII characters other than '=' (e.g. "
    rf"'my-name', {_USED} '^[ -<>-~]+$')",
)
NEGATIVE: Final = "must be greater than or equal to 0"
PORT: Final = "must be between 1 and 65535, inclusive"
PERCENT: Final = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
    f"{_USED} '[0-9]+%')"
)


@dataclass(slots=True)
class Findings:
    """All that is wrong with one object."""

    causes: list[Cause] = field(default_factory=list[Cause])

    def _add(self, reason: str, path: str, text: str) -> None:
        self.causes.append(Cause(reason, path, text))

    def required(self, path: str, detail: str = "") -> None:
        self._add("FieldValueRequired", path, f"Required value: {detail}" if detail else "Required value")

    def invalid(self, path: str, value: Any, detail: str) -> None:
        self._add("FieldValueInvalid", path, f"Invalid value: {_shown(value)}: {detail}")

    def unsupported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        names = ", ".join(f'"{one}"' for one in supported)
        self._add(
            "FieldValueNotSupported", path, f"Unsupported value: {_shown(value)}: supported values: {names}"
        )

    def duplicate(self, path: str, value: Any) -> None:
        self._add("FieldValueDuplicate", path, f"Duplicate value: {_shown(value)}")

    def missing(self, path: str, value: Any) -> None:
        self._add("FieldValueNotFound", path, f"Not found: {_shown(value)}")

    def forbidden(self, path: str, detail: str) -> None:
        self._add("FieldValueForbidden", path, f"Forbidden: {detail}")

    def too_long(self, path: str, most: int) -> None:
        self._add("FieldValueTooLong", path, f"Too long: may not be more than {most} bytes")

    # of several parts

    def form(self, path: str, value: str, form: Form) -> None:
        """A text that has to have a form."""
        for words in form.faults(value):
            self.invalid(path, value, words)

    def not_negative(self, path: str, value: Any) -> None:
        if isinstance(value, int) and value < 0:
            self.invalid(path, value, NEGATIVE)

    def one_of(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """A text that has to be one of a few, where it is there."""
        if value is not None and value not in (known := tuple(supported)):
            self.unsupported(path, value, known)

    def port(self, path: str, value: Any) -> None:
        """A number of a port, or the name of one."""
        if isinstance(value, str):
            if not re.fullmatch("[a-z0-9]([-a-z0-9]*[a-z0-9])?", value) or len(value) > 15:
                self.invalid(
                    path,
                    value,
                    "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                )
        elif not isinstance(value, int) or not 0 < value < 65536:
            self.invalid(path, value or 0, PORT)

    def share(self, path: str, value: Any, *, at_most_all: bool = False) -> None:
        """A count, or a percentage."""
        if isinstance(value, str):
            if not re.fullmatch("[0-9]{1,9}%", value):
                self.invalid(path, value, PERCENT)
            elif at_most_all and int(value[:-1]) > 100:
                self.invalid(path, value, "must not be greater than 100%")
        else:
            self.not_negative(path, value)

    def labels(self, path: str, labels: Mapping[str, Any]) -> None:
        """Keys and values of labels."""
        for key, value in labels.items():
            for words in label_key_faults(key):
                self.invalid(path, key, words)
            self.form(path, str(value), LABEL_VALUE)

    def selector(self, path: str, selector: Json) -> None:
        """A LabelSelector."""
        for key, value in (selector.get("matchLabels") or {}).items():
            for words in label_key_faults(key):
                self.invalid(f"{path}.matchLabels", key, words)
            self.form(f"{path}.matchLabels", str(value), LABEL_VALUE)
        for at, one in enumerate(selector.get("matchExpressions") or []):
            here, operator = f"{path}.matchExpressions[{at}]", one.get("operator")
            if operator in ("In", "NotIn") and not one.get("values"):
                self.required(f"{here}.values", "must be specified when `operator` is 'In' or 'NotIn'")
            elif operator in ("Exists", "DoesNotExist") and one.get("values"):
                self.forbidden(
                    f"{here}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                )
            elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
                self.invalid(f"{here}.operator", operator, "not a valid selector operator")
            for words in label_key_faults(str(one.get("key", ""))):
                self.invalid(f"{here}.key", one.get("key", ""), words)


def label_key_faults(key: str) -> list[str]:
    """What is wrong with the key of a label or annotation."""
    prefix, slash, name = key.rpartition("/")
    if not name:
        return ["name part must be non-empty", *LABEL_NAME.faults(name)]
    faults = LABEL_NAME.faults(name)
    if slash:
        if not prefix:
            return ["prefix part must be non-empty", *faults]
        faults = [*(f"prefix part {words}" for words in SUBDOMAIN.faults(prefix)), *faults]
    return faults


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, separators=(",", ":"))
