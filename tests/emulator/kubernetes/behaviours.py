"""The recorded table of what a real API server answers, and the runner that holds any other to it.

`recorded/NAME.json` is a list of steps: what was asked, and what kube-apiserver answered, without what
differs from run to run. `play` asks a server the same, through any function that sends a request
(`over_http` makes one of a client), and says where its answers differ. `python -m tests.kubernetes.record`
writes the files.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

FOLDER = Path(__file__).with_name("recorded")
UNTIL_S, PAUSE_S = 90.0, 0.1
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass(frozen=True, slots=True)
class Step:
    """One request.

    path: with its query. `{{STEP:PATH}}` in path and body stands for what an earlier step was answered at
    a path such as metadata.resourceVersion (`~` is a dot within a name), `{{NAME}}` for what the caller of
    `play` gives. body: JSON, or a text that is sent as it is. until: ask again until the answer has this
    value at this path. only: the paths that are compared; empty: all but status and managed fields.
    managed: those of whoever wrote the object are compared as well. stream: a line for each event.
    """

    name: str
    method: str
    path: str
    body: Any = None
    content: str = JSON
    accept: str = JSON
    until: tuple[str, Any] | None = None
    only: tuple[str, ...] = ()
    managed: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """body: parsed; a text where it is no JSON. warnings: the texts of the Warning headers."""

    status: int
    body: Any
    warnings: tuple[str, ...] = ()


# method, path with query, headers, body -> answer
Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]


@dataclass(frozen=True, slots=True)
class Difference:
    scenario: str
    step: str
    where: str
    recorded: Any
    answered: Any

    def __str__(self) -> str:
        return (
            f"{self.scenario}/{self.step} {self.where}: recorded {_short(self.recorded)}, "
            f"answered {_short(self.answered)}"
        )


@dataclass(slots=True)
class Recorded:
    """needs: "api" for what the API server does alone, "node" where controllers and pods take part."""

    name: str
    about: str
    needs: str
    steps: list[tuple[Step, Any]] = field(default_factory=list[tuple[Step, Any]])

    def write(self, folder: Path = FOLDER) -> None:
        steps = [{**_sparse(step), "answer": answer} for step, answer in self.steps]
        content = {"about": self.about, "needs": self.needs, "server": "v1.36", "steps": steps}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (folder / f"{self.name}.json").write_text(f"{text}\n", "utf-8")

    @staticmethod
    def read(file: Path) -> Recorded:
        content = json.loads(file.read_text("utf-8"))
        made = Recorded(file.stem, content["about"], content["needs"])
        for one in content["steps"]:
            answer = one.pop("answer")
            one |= {key: tuple(one[key]) for key in ("until", "only") if key in one}
            made.steps.append((Step(**one), answer))
        return made


def _sparse(step: Step) -> dict[str, Any]:
    """What differs from the defaults, so that files stay readable."""
    default = asdict(Step("", "", ""))
    return {key: value for key, value in asdict(step).items() if value != default[key]}


def recorded(needs: str | None = None) -> list[Recorded]:
    found = [Recorded.read(file) for file in sorted(FOLDER.glob("*.json"))]
    return [one for one in found if needs in (None, one.needs)]


def run(
    steps: Iterable[Step], send: Send, given: Mapping[str, str] | None = None, seconds: float = UNTIL_S
) -> list[tuple[Step, Any]]:
    """Ask all steps; each with its answer as it is recorded. seconds: the longest wait of a step."""
    answers: dict[str, Any] = {}
    found: list[tuple[Step, Any]] = []
    for step in steps:
        answer = _ask(step, send, answers, given or {}, seconds)
        answers[step.name] = answer.body
        found.append((step, essential(step, answer)))
    return found


def play(
    table: Recorded, send: Send, given: Mapping[str, str] | None = None, seconds: float = UNTIL_S
) -> list[Difference]:
    """Where a server answers otherwise than was recorded."""
    differences: list[Difference] = []
    answered = run((step for step, _ in table.steps), send, given, seconds)
    for (step, wanted), (_, got) in zip(table.steps, answered, strict=True):
        differences += [
            Difference(table.name, step.name, where, one, other)
            for where, one, other in _compare(wanted, got)
        ]
    return differences


def over_http(client: httpx.Client) -> Send:
    """base_url, certificates and sign-in are the client's."""

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = client.request(method, path, headers=dict(headers), content=body)
        return Answer(
            answer.status_code, _parsed(answer.text), warnings_of(answer.headers.get_list("warning"))
        )

    return send


def warnings_of(headers: Iterable[str]) -> tuple[str, ...]:
    """The texts of `299 - "text"`, of which a header may have several."""
    quoted = re.compile(r'299 - ("(?:[^"\\]|\\.)*")')
    return tuple(json.loads(text) for one in headers for text in quoted.findall(one))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _ask(
    step: Step, send: Send, answers: Mapping[str, Any], given: Mapping[str, str], seconds: float
) -> Answer:
    path = _filled(step.path, answers, given)
    text = None if step.body is None else step.body if isinstance(step.body, str) else json.dumps(step.body)
    body = None if text is None else _filled(text, answers, given).encode()
    headers = {"accept": step.accept} | ({"content-type": step.content} if body is not None else {})
    deadline = time.monotonic() + seconds
    while True:
        answer = send(step.method, path, headers, body)
        if step.stream and answer.status == 200:
            # A single line was parsed already.
            lines = answer.body.splitlines() if isinstance(answer.body, str) else [json.dumps(answer.body)]
            found = [json.loads(line) for line in lines if line.strip()]
            answer = Answer(answer.status, found, answer.warnings)
        if step.until is None or at(answer.body, step.until[0]) == step.until[1]:
            return answer
        if time.monotonic() > deadline:
            return answer  # the comparison says what is missing
        time.sleep(PAUSE_S)


def _filled(text: str, answers: Mapping[str, Any], given: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, _, path = found[1].partition(":")
        return str(at(answers[name], path)) if path else given[name]

    return re.sub(r"\{\{([^}]+)\}\}", value, text)


def at(body: Any, path: str) -> Any:
    """The value at a path such as status.conditions.Progressing.reason; None where there is none.

    An entry of a list is chosen by its place, or by its type.
    """
    for part in path.split("."):
        if isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, list):
            body = next((one for one in body if isinstance(one, dict) and one.get("type") == part), None)
        elif isinstance(body, dict):
            body = body.get(part.replace("~", "."))
        else:
            return None
    return body


def essential(step: Step, answer: Answer) -> Any:
    """What of an answer is recorded and compared: JSON."""
    if step.only:
        body: Any = {path: normal(at(answer.body, path), managed=step.managed) for path in step.only}
    else:
        body = normal(answer.body, managed=step.managed)
    found: dict[str, Any] = {"status": answer.status, "body": body}
    if answer.warnings:
        found["warnings"] = list(answer.warnings)
    return found


REVISION = "deployment.kubernetes.io/revision"  # the controller adds it a moment later
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_VERSIONS = re.compile(r"resource version: \d+( \(\d+\)|, current: \d+)")
# What Kubernetes draws for names: consonants and digits.
_LETTER = "[b-df-hj-np-tv-xz2-9]"
_DRAWN = re.compile(
    rf"((?<=kube-api-access)-{_LETTER}{{5}}|-{_LETTER}{{6,10}}(-{_LETTER}{{5}})?)(?=-?$|[\"/: ])"
)
# Values that differ from run to run, by the name of their field.
_VARYING = {
    "resourceVersion": "<version>",
    "clusterIP": "<address>",
    "podIP": "<address>",
    "hostIP": "<address>",
    "nodePort": "<port>",
    "healthCheckNodePort": "<port>",
    "pod-template-hash": "<hash>",
    "continue": "<continue>",
    "remainingItemCount": "<count>",
}


def normal(value: Any, *, managed: bool = False) -> Any:
    """Without what differs from run to run, and what others write: status, their managed fields."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, item in value.items():
            if key == "status" and isinstance(item, dict) and "metadata" in value:
                continue
            if key == "annotations" and isinstance(item, dict):
                if left := {name: text for name, text in item.items() if name != REVISION}:
                    found[key] = normal(left)
                continue
            if key == "managedFields":
                if managed:
                    found[key] = _managed(item)
                continue
            if key == "causes" and any(one.get("reason") == "FieldManagerConflict" for one in item):
                item = sorted(item, key=_as_text)  # they come in any order
            varying = _VARYING.get(key) if item not in (None, "", "None") else None
            found[key] = varying if varying is not None else normal(item, managed=managed)
            if key in ("clusterIPs", "podIPs") and item:
                found[key] = ["<address>"]
        return found
    if isinstance(value, list):
        return [normal(item, managed=managed) for item in value]
    if isinstance(value, str):
        text = _TIME.sub("<time>", _UUID.sub("<uid>", value))
        text = _VERSIONS.sub("resource version: <version>", text)
        return _DRAWN.sub("-<drawn>", text)
    return value


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _managed(entries: Any) -> list[Any]:
    """Those of whoever wrote the object itself, in a fixed order; when they did is not compared."""
    own = [
        normal({key: item for key, item in one.items() if key != "time"})
        for one in entries
        if one.get("subresource") in (None, "", "scale")
    ]
    return sorted(own, key=lambda one: (one["manager"], one["operation"], one.get("subresource", "")))


def _compare(wanted: Any, got: Any, where: str = "") -> Iterable[tuple[str, Any, Any]]:
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in dict.fromkeys([*wanted, *got]):
            inside = f"{where}.{key}" if where else key
            if key not in wanted or key not in got:
                yield inside, wanted.get(key, "(nothing)"), got.get(key, "(nothing)")
            else:
                yield from _compare(wanted[key], got[key], inside)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
            yield from _compare(one, other, f"{where}.{number}")
    elif wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
        yield where, wanted, got


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}..."
