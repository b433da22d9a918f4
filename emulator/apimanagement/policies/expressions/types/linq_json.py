"""JObject, JArray, JValue, JProperty, JToken and JsonConvert."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import json_path, json_reading, tokens
from emulator.apimanagement.policies.expressions.conversions import of_json
from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method, prop
from emulator.apimanagement.policies.expressions.tokens import JArray, JObject, JProperty, JToken, JValue
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.values import (
    CLASSES,
    Enumerated,
    Ref,
    Sequence,
    Thrown,
    items,
)

CLASSES.extend(
    [
        (JObject, "JObject"),
        (JArray, "JArray"),
        (JProperty, "JProperty"),
        (JValue, "JValue"),
        (JToken, "JToken"),
    ]
)
enumeration("Formatting", "Newtonsoft.Json.Formatting", Indented=1, **{"None": 0})
KINDS = (
    "None Object Array Constructor Property Comment Integer Float String Boolean Null Undefined Date Raw "
    "Bytes Guid Uri TimeSpan"
)
NUMBERS = {name: number for number, name in enumerate(KINDS.split(" "))}
enumeration("JTokenType", "Newtonsoft.Json.Linq.JTokenType", **NUMBERS)
Types = tuple[syntax.Type, ...]


def _shown(self: JToken, formatting: Any = None, *converters: Any) -> str:
    if formatting is None:
        return str(self)
    return tokens.written(self, indented=isinstance(formatting, Enumerated) and formatting.name == "Indented")


def _type(self: Any) -> Enumerated:
    return Enumerated("JTokenType", self.token_type, NUMBERS[self.token_type])


def _one(self: JToken, path: str, error: bool = False) -> JToken | None:
    found = json_path.selected(self, path)
    if not found and error:
        raise Thrown("Newtonsoft.Json.JsonException", f"Property '{path}' does not exist on {self.kind}.")
    return found[0] if found else None


def _value(self: JToken, key: Any = None, types: Types = ()) -> Any:
    if key is None:
        return of_json(self, types[0])
    found = tokens.element(self, key)
    if isinstance(found, JProperty):
        found = found.value
    return of_json(found, types[0])


def _values(self: JToken, types: Types = ()) -> Sequence:
    found = [one.value if isinstance(one, JProperty) else one for one in self.children()]
    return Sequence(of_json(one, types[0]) for one in found) if types else Sequence(found)


def _remove(self: JToken) -> None:
    holder = self.parent
    if isinstance(holder, JProperty):
        self, holder = holder, holder.parent
    if holder is None:
        raise Thrown("System.InvalidOperationException", "The parent is missing.")
    holder.remove(self)


def _replace(self: JToken, value: Any) -> None:
    if self.parent is None:
        raise Thrown("System.InvalidOperationException", "The parent is missing.")
    self.parent.replace(self, tokens.token(value))


def _neighbour(step: int) -> Any:
    def run(self: JToken) -> JToken | None:
        if self.parent is None:
            return None
        siblings = self.parent.children()
        index = next(index for index, one in enumerate(siblings) if one is self) + step
        return siblings[index] if 0 <= index < len(siblings) else None

    return run


def _descendants(self: JToken) -> Sequence:
    found = Sequence()
    for one in self.children():
        found.append(one)
        found.extend(_descendants(one))
    return found


def _deep_equals(one: JToken | None, two: JToken | None) -> bool:
    return (one is None) == (two is None) and (one is None or two is None or one.plain() == two.plain())


declare(
    TypeInfo(
        "JToken",
        "Newtonsoft.Json.Linq.JToken",
        ("IEnumerable",),
        index="JToken",
        members={
            "ToString": method("string", _shown),
            "Type": prop("JTokenType", _type),
            "Path": prop("string", json_path.path),
            "Parent": prop("JToken", lambda self: self.parent),
            "Root": prop("JToken", lambda self: _root(self)),
            "HasValues": prop("bool", lambda self: bool(self.children())),
            "First": prop("JToken", lambda self: next(iter(self.children()), None)),
            "Last": prop("JToken", lambda self: next(reversed(self.children()), None)),
            "Next": prop("JToken", _neighbour(1)),
            "Previous": prop("JToken", _neighbour(-1)),
            "SelectToken": method("JToken", _one),
            "SelectTokens": method(
                "IEnumerable<JToken>", lambda self, path: Sequence(json_path.selected(self, path))
            ),
            "Value": method("M", _value, generic=True),
            "Values": method("IEnumerable<?>", _values, generic=True),
            "Children": method(
                "IEnumerable<?>", lambda self, types=(): Sequence(self.children()), generic=True
            ),
            "ToObject": method("M", lambda self, types=(): of_json(self, types[0]), generic=True),
            "DeepClone": method("JToken", tokens.copied),
            "Remove": method("void", _remove),
            "Replace": method("void", _replace),
            "Count": method("int", lambda self, test=None: _counted(self, test)),
            "Descendants": method("IEnumerable<JToken>", _descendants),
        },
        statics={
            "Parse": function("JToken", json_reading.read),
            "FromObject": function("JToken", tokens.token),
            "DeepEquals": function("bool", _deep_equals),
        },
    )
)


def _counted(self: JToken, test: Any) -> int:
    return len([one for one in self.children() if test is None or test(one) is True])


def _root(self: JToken) -> JToken:
    while self.parent is not None:
        self = self.parent
    return self


def _parsed(kind: type[JToken]) -> Any:
    def run(text: Any) -> JToken:
        found = json_reading.read(text)
        if not isinstance(found, kind):
            raise Thrown(
                "Newtonsoft.Json.JsonReaderException",
                f"Error reading {kind.kind} from JsonReader. Current JsonReader item is not "
                f"{'an object' if kind is JObject else 'an array'}.",
            )
        return found

    return run


def _object(*parts: Any) -> JObject:
    made = JObject()
    for part in parts:
        for one in [part] if isinstance(part, JToken) else items(part):
            if isinstance(one, JObject):
                for name, value in one.pairs_of():
                    made.set(name, value)
            elif isinstance(one, JProperty):
                made.add(one)
            else:
                raise Thrown(
                    "System.ArgumentException",
                    "Can not add Newtonsoft.Json.Linq.JValue to Newtonsoft.Json.Linq.JObject.",
                )
    return made


def _add_to_object(self: JObject, *given: Any) -> None:
    if len(given) == 2:
        self.add(JProperty(given[0], tokens.token(given[1])))
    elif isinstance(given[0], JProperty):
        self.add(given[0])
    else:
        raise Thrown(
            "System.ArgumentException",
            f"Can not add {type(given[0]).__name__} to Newtonsoft.Json.Linq.JObject.",
        )


def _remove_from_object(self: JObject, name: Any = None) -> Any:
    if name is None:
        return _remove(self)
    found = self.properties.get(name)
    if found is not None:
        self.remove(found)
    return found is not None


def _try_get(self: JObject, name: Any, *rest: Any) -> bool:
    found = self.properties.get(name)
    if found is None and any(isinstance(one, Enumerated) and one.name.endswith("IgnoreCase") for one in rest):
        found = next((one for key, one in self.properties.items() if key.lower() == name.lower()), None)
    result = next((one for one in rest if isinstance(one, Ref)), None)
    if result is not None:
        result.value = found.value if found else None
    return found is not None


def _got(self: JObject, name: Any, comparison: Any = None) -> JToken | None:
    result = Ref()
    _try_get(self, name, comparison, result)
    return result.value


def _of_object(value: Any) -> JObject:
    found = tokens.token(value)
    if not isinstance(found, JObject):
        raise Thrown(
            "System.ArgumentException",
            f"Object serialized to {getattr(found, 'token_type', 'Array')}. JObject instance expected.",
        )
    return found


def _merge(self: JObject, other: Any, *settings: Any) -> None:
    if isinstance(other, JObject):
        for name, value in other.pairs_of():
            mine = self.get(name)
            if isinstance(mine, JObject) and isinstance(value, JObject):
                _merge(mine, value)
            else:
                self.set(name, tokens.copied(value))


declare(
    TypeInfo(
        "JObject",
        "Newtonsoft.Json.Linq.JObject",
        ("JToken",),
        index="JToken",
        members={
            "Add": method("void", _add_to_object),
            "Remove": method("bool", _remove_from_object),
            "Property": method("JProperty", lambda self, name, comparison=None: self.properties.get(name)),
            "Properties": method("IEnumerable<JProperty>", lambda self: Sequence(self.children())),
            "PropertyValues": method(
                "IEnumerable<JToken>", lambda self: Sequence(one for _, one in self.pairs_of())
            ),
            "ContainsKey": method("bool", lambda self, name: name in self.properties),
            "TryGetValue": method("bool", _try_get),
            "GetValue": method("JToken", _got),
            "Count": prop("int", lambda self: len(self.properties)),
            "Merge": method("void", _merge),
            "RemoveAll": method("void", lambda self: self.properties.clear()),
        },
        statics={
            "Parse": function("JObject", _parsed(JObject)),
            "FromObject": function("JObject", _of_object),
        },
        make=function("JObject", _object),
    )
)


def _array(*parts: Any) -> JArray:
    made = JArray()
    for part in parts:
        spread = isinstance(part, list | JArray) and len(parts) == 1
        for one in items(part) if spread else [part]:
            made.add(tokens.token(one))
    return made


def _remove_from_array(self: JArray, value: Any = None) -> Any:
    if value is None:
        return _remove(self)
    found = any(one is value for one in self.items)
    if found:
        self.remove(value)
    return found


declare(
    TypeInfo(
        "JArray",
        "Newtonsoft.Json.Linq.JArray",
        ("JToken",),
        index="JToken",
        members={
            "Add": method("void", lambda self, value: self.add(tokens.token(value))),
            "Insert": method("void", lambda self, index, value: self.add(tokens.token(value), index)),
            "Remove": method("bool", _remove_from_array),
            "RemoveAt": method("void", lambda self, index: self.remove(self.get(index))),
            "Clear": method("void", lambda self: self.items.clear()),
            "Count": prop("int", lambda self: len(self.items)),
            "IndexOf": method(
                "int", lambda self, value: next((i for i, one in enumerate(self.items) if one is value), -1)
            ),
        },
        statics={
            "Parse": function("JArray", _parsed(JArray)),
            "FromObject": function("JArray", lambda value: _array(value)),
        },
        make=function("JArray", _array),
    )
)


def _property(name: Any, *values: Any) -> JProperty:
    return JProperty(str(name), tokens.token(values[0]) if len(values) == 1 else _array(*values))


declare(
    TypeInfo(
        "JProperty",
        "Newtonsoft.Json.Linq.JProperty",
        ("JToken",),
        members={
            "Name": prop("string", lambda self: self.name),
            "Value": prop("JToken", lambda self: self.value),
        },
        set={"Value": lambda self, value: self.set(tokens.token(value))},
        make=function("JProperty", _property),
    )
)
declare(
    TypeInfo(
        "JValue",
        "Newtonsoft.Json.Linq.JValue",
        ("JToken",),
        members={"Value": prop("object", lambda self: self.value)},
        make=function("JValue", lambda value: JValue(value)),
    )
)


def _serialized(value: Any, formatting: Any = None, *settings: Any) -> str:
    return _shown(tokens.token(value), formatting or Enumerated("Formatting", "None", 0))


declare(
    TypeInfo(
        "JsonConvert",
        "Newtonsoft.Json.JsonConvert",
        statics={
            "SerializeObject": function("string", _serialized),
            "DeserializeObject": function(
                "M",
                lambda text, types=(): (
                    of_json(json_reading.read(text), types[0]) if types else json_reading.read(text)
                ),
                generic=True,
            ),
        },
    )
)
