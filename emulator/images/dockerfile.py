"""A parser of the subset of the Dockerfile language that builds here (see README.md beside this file).

FROM (several stages, optional AS), ARG, ENV, LABEL, WORKDIR, COPY (``--from`` of an earlier stage;
``--chown`` is recorded), RUN, USER, EXPOSE, CMD and ENTRYPOINT. Everything else is refused by name with its
line, never skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypedDict

from emulator import jsonbody
from emulator.images import words

# Instructions and flags of Docker's that are known and not built here, with what to do instead.
REFUSED = {
    "ADD": "use COPY; downloads and archives are not unpacked",
    "HEALTHCHECK": "declare the probe on the container group or the Kubernetes workload",
    "VOLUME": "declare volumes where the container is deployed",
    "ONBUILD": "write the instruction out in the image that needs it",
    "SHELL": "use the exec form with the shell you want",
    "STOPSIGNAL": "containers are stopped by SIGTERM",
    "MAINTAINER": 'use LABEL org.opencontainers.image.authors="..."',
}
FLAGS = {"COPY": {"--chown", "--from"}}
HEREDOC = re.compile(r"^\d*<<-?['\"]?[A-Za-z_]")
STAGE_NAME = re.compile(r"^[a-z][a-z0-9._-]*$")
PORT = re.compile(r"^\d{1,5}(-\d{1,5})?(/(tcp|udp))?$")


class DockerfileError(ValueError):
    """The Dockerfile cannot be built here; ``line`` is the (first) line of the instruction."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"Dockerfile line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Command:
    """The words of an exec form, or the single string of a shell form."""

    words: tuple[str, ...]
    form: Literal["exec", "shell"]

    def argv(self) -> list[str]:
        return ["/bin/sh", "-c", *self.words] if self.form == "shell" else list(self.words)


class Fields(TypedDict, total=False):
    """What a parser of one instruction fills in."""

    words: tuple[str, ...]
    pairs: tuple[tuple[str, str | None], ...]
    command: Command
    alias: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: ``pairs`` for ARG, ENV and LABEL (raw words), ``words`` for the others (raw words)."""

    line: int
    name: str
    text: str
    words: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str | None], ...] = ()
    command: Command | None = None
    alias: str = ""
    chown: str = ""
    source: str = ""  # COPY --from: a stage's name or number

    def __str__(self) -> str:
        return f"{self.name} {self.text}"


@dataclass(frozen=True, slots=True)
class Stage:
    """``base``: FROM; ``body``: what follows, in order; ``needs``: the earlier stages that it builds on."""

    number: int
    base: Instruction
    body: tuple[Instruction, ...]
    needs: frozenset[int]

    @property
    def name(self) -> str:
        return self.base.alias or str(self.number)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """``arguments``: the ARGs before the first FROM."""

    arguments: tuple[Instruction, ...]
    stages: tuple[Stage, ...]

    def find(self, name: str, before: int | None = None) -> Stage | None:
        """The stage of a name (in any case) or number, among the first ``before``."""
        stages = self.stages[:before]
        if re.fullmatch(r"\d{1,3}", name) and int(name) < len(stages):
            return stages[int(name)]
        return next((one for one in stages if one.base.alias and one.base.alias == name.lower()), None)

    def needed(self, target: Stage) -> list[Stage]:
        """The stages that have to be built for one, itself last."""
        wanted = {target.number}
        for stage in reversed(self.stages[: target.number + 1]):
            if stage.number in wanted:
                wanted |= stage.needs
        return [self.stages[number] for number in sorted(wanted)]


def parse(text: str) -> Dockerfile:
    """Parse a Dockerfile. Raises DockerfileError for what is wrong and for what is not supported."""
    arguments: list[Instruction] = []
    bodies: list[tuple[Instruction, list[Instruction]]] = []
    for line, logical in _logical_lines(text):
        instruction = _instruction(line, logical)
        if instruction.name == "FROM":
            bodies.append((instruction, []))
        elif bodies:
            bodies[-1][1].append(instruction)
        elif instruction.name == "ARG":
            arguments.append(instruction)
        else:
            raise DockerfileError(line, f"{instruction.name} before FROM: only ARG may stand there")
    if not bodies:
        raise DockerfileError(1, "no FROM: an image needs a base")
    file = Dockerfile(tuple(arguments), ())
    for base, body in bodies:
        file = Dockerfile(file.arguments, (*file.stages, _stage(file, base, body)))
    return file


def _stage(before: Dockerfile, base: Instruction, body: list[Instruction]) -> Stage:
    """A stage after those that stand before it."""
    earlier = next((one for one in before.stages if base.alias and one.base.alias == base.alias), None)
    if earlier is not None:
        raise DockerfileError(
            base.line, f"FROM ... AS {base.alias}: the stage on line {earlier.base.line} has that name"
        )
    needs: set[int] = set()
    own = before.find(base.words[0]) if not base.words[0].isdigit() else None
    if own is not None:
        needs.add(own.number)
    for instruction in body:
        if instruction.source:
            found = before.find(instruction.source)
            if found is None:
                names = ", ".join(one.name for one in before.stages) or "none"
                raise DockerfileError(
                    instruction.line,
                    f"COPY --from={instruction.source}: no such stage before it (there: {names}), and files"
                    " of other images cannot be copied here",
                )
            needs.add(found.number)
    return Stage(len(before.stages), base, tuple(body), frozenset(needs))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of the first line, text) of each instruction: continuations joined, comments dropped."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        directive = re.match(r"#\s*escape\s*=\s*(\S+)", stripped) if not parts else None
        if directive and directive[1] != "\\":
            raise DockerfileError(number, f"# escape={directive[1]}: only the backslash is supported")
        if not stripped or stripped.startswith("#"):
            continue
        if not parts:
            start = number
        if stripped.endswith("\\"):
            parts.append(line.rstrip()[:-1])
            continue
        yield start, "".join([*parts, line]).strip()
        parts = []
    if "".join(parts).strip():
        yield start, "".join(parts).strip()


def _instruction(line: int, logical: str) -> Instruction:
    name, _, text = logical.partition(" ") if " " in logical else logical.partition("\t")
    name, text = name.upper(), text.strip()
    said = text
    if name in REFUSED:
        raise DockerfileError(line, f"{name} is not supported here: {REFUSED[name]}")
    parser = PARSERS.get(name)
    if parser is None:
        raise DockerfileError(line, f"unknown instruction {name}; supported: {', '.join(sorted(PARSERS))}")
    text, flags = _flags(line, name, text)
    if not text:
        raise DockerfileError(line, f"{name} needs an argument")
    try:
        fields = parser(line, name, text)
    except words.WordError as error:
        raise DockerfileError(line, f"{name}: {error}") from error
    chown, source = flags.get("--chown", ""), flags.get("--from", "")
    return Instruction(line=line, name=name, text=said, chown=chown, source=source, **fields)


def _flags(line: int, name: str, text: str) -> tuple[str, dict[str, str]]:
    flags: dict[str, str] = {}
    while (match := re.match(r"(--[a-z][a-z-]*)(?:=(\S*))?\s*", text)) and name in ("FROM", "COPY", "RUN"):
        if match[1] not in FLAGS.get(name, set()):
            raise DockerfileError(line, f"{name} {match[1]} is not supported here")
        if not match[2]:
            raise DockerfileError(line, f"{name} {match[1]} needs a value: {match[1]}=...")
        flags[match[1]], text = match[2], text[match.end() :]
    return text, flags


def _from(line: int, name: str, text: str) -> Fields:
    parts = text.split()
    if len(parts) == 1:
        return {"words": (parts[0],)}
    if len(parts) == 3 and parts[1].upper() == "AS" and STAGE_NAME.match(parts[2].lower()):
        return {"words": (parts[0],), "alias": parts[2].lower()}
    raise DockerfileError(line, f"FROM {text!r}: expected IMAGE or IMAGE AS NAME")


def _pairs(line: int, name: str, text: str) -> Fields:
    parts = words.split(text)
    if name != "ARG" and "=" not in parts[0]:  # the old form: ENV key the rest of the line
        key, _, value = text.partition(" ")
        if not value.strip():
            raise DockerfileError(line, f"{name} {text!r}: expected KEY=VALUE")
        return {"pairs": ((key, value.strip()),)}
    pairs: list[tuple[str, str | None]] = []
    for part in parts:
        key, equals, value = part.partition("=")
        key = words.expand(key, {}) if name == "LABEL" else key
        if (not equals and name != "ARG") or not key:
            raise DockerfileError(line, f"{name} {part!r}: expected KEY=VALUE")
        if name != "LABEL" and not re.match(r"^[A-Za-z_][A-Za-z0-9_]*$", key):
            raise DockerfileError(line, f"{name} {key!r}: not a variable's name")
        pairs.append((key, value if equals else None))
    return {"pairs": tuple(pairs)}


def _exec_form(text: str) -> tuple[str, ...] | None:
    if not text.startswith("["):
        return None
    try:
        value = jsonbody.read(text)
    except ValueError:
        return None
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return None
    return tuple(value)


def _command(line: int, name: str, text: str) -> Fields:
    form = _exec_form(text)
    if form is not None:
        if not form and name == "RUN":
            raise DockerfileError(line, "RUN [] runs nothing")
        return {"command": Command(form, "exec")}
    _refuse_heredoc(line, name, text)
    return {"command": Command((text,), "shell")}


def _copy(line: int, name: str, text: str) -> Fields:
    form = _exec_form(text)
    if form is None:
        _refuse_heredoc(line, name, text)
        form = tuple(text.split())
    if len(form) < 2:
        raise DockerfileError(line, f"COPY {text!r}: expected one or more sources and a destination")
    return {"words": form}


def _refuse_heredoc(line: int, name: str, text: str) -> None:
    if any(HEREDOC.match(word) for word in text.split()):
        raise DockerfileError(line, f"{name} with a here-document (<<) is not supported here: COPY a file")


def _one_word(line: int, name: str, text: str) -> Fields:
    if name == "USER" and len(text.split()) != 1:
        raise DockerfileError(line, f"USER {text!r}: expected one user[:group]")
    return {"words": (text,)}


def _ports(line: int, name: str, text: str) -> Fields:
    ports = tuple(words.split(text))
    for port in ports:
        if "$" not in port and not PORT.match(port.lower()):
            raise DockerfileError(line, f"EXPOSE {port!r}: expected PORT or PORT/tcp")
    return {"words": ports}


PARSERS = {
    "FROM": _from,
    "ARG": _pairs,
    "ENV": _pairs,
    "LABEL": _pairs,
    "WORKDIR": _one_word,
    "COPY": _copy,
    "RUN": _command,
    "USER": _one_word,
    "EXPOSE": _ports,
    "CMD": _command,
    "ENTRYPOINT": _command,
}
