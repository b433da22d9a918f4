"""Building an image: the instructions of a Dockerfile carried out on trees, through the layer cache."""

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from emulator.images import base, dockerfile, tree, words
from emulator.images.context import Context, ContextError, Copied
from emulator.images.dockerfile import Dockerfile, DockerfileError, Instruction
from emulator.images.image import ImageConfig, run_environment
from emulator.images.layers import Layer, LayerCache
from emulator.images.references import BadReference, Reference, parse
from emulator.processes import Processes

SCRATCH = ("tmp", "root/.cache")  # emptied after each RUN


class BuildError(RuntimeError):
    """The build failed; the message is its last line."""


class BuildCanceled(RuntimeError):
    """The build was asked to stop."""


class ImageSource(Protocol):
    """Where FROM finds its base."""

    def layer(self, reference: Reference, outside: Mapping[str, str]) -> tuple[Layer, ImageConfig]:
        """The layer to start with; BadReference when there is none."""
        ...


@dataclass(slots=True)
class BuildRequest:
    """``outside``: environment for programs of the build; ``log``: file that the build's output goes to."""

    context: Path
    log: Path
    outside: Mapping[str, str]
    dockerfile: str = "Dockerfile"
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    target: str = ""
    no_cache: bool = False
    timeout_s: float = 3600.0
    registry: str = ""  # the one that builds: FROM may take its images, and no other registry's
    canceled: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class _State:
    """Where a build stands: the last layer, the files copied since, and what the tree would hold."""

    layer: Layer
    key: str
    manifest: tree.Manifest
    config: ImageConfig
    pending: list[Copied] = field(default_factory=list[Copied])
    folders: list[str] = field(default_factory=list[str])
    arguments: dict[str, str] = field(default_factory=dict[str, str])

    def variables(self) -> dict[str, str]:
        return {**self.arguments, **self.config.env}


@dataclass(frozen=True, slots=True)
class Built:
    """A finished build, not yet written out: ``write`` makes its tree."""

    digest: str
    config: ImageConfig
    manifest: tree.Manifest
    _state: _State = field(repr=False)

    def write(self, root: Path) -> None:
        _write(self._state, root, "all")


class Builder:
    def __init__(self, cache: LayerCache, processes: Processes, images: ImageSource) -> None:
        self.cache = cache
        self.processes = processes
        self.images = images

    def build(self, request: BuildRequest) -> Built:
        """Build the context. DockerfileError, ContextError, BadReference, BuildError, BuildCanceled."""
        path = request.context / request.dockerfile
        if not path.is_file() or not path.resolve().is_relative_to(request.context.resolve()):
            raise ContextError(f"no {request.dockerfile} in the build context")
        file = dockerfile.parse(path.read_text("utf-8"))
        if request.target not in ("", file.base.alias):
            raise BuildError(f"target {request.target!r}: the only stage is {file.base.alias or 'unnamed'}")
        return _Build(self, request, file).run()


class _Build:
    def __init__(self, builder: Builder, request: BuildRequest, file: Dockerfile) -> None:
        self.builder = builder
        self.request = request
        self.file = file
        self.context = Context(request.context)
        self.deadline = time.monotonic() + request.timeout_s
        self.used: set[str] = set()

    def run(self) -> Built:
        total = len(self.file.body) + 1
        state = self._from(total)
        for number, instruction in enumerate(self.file.body, start=2):
            self._check_canceled()
            self.say(f"Step {number}/{total} : {instruction}")
            try:
                getattr(self, f"_{instruction.name.lower()}")(state, instruction)
            except (words.WordError, ContextError) as error:
                raise DockerfileError(instruction.line, f"{instruction.name}: {error}") from error
        unused = sorted(set(self.request.arguments) - self.used)
        if unused:
            self.say(f"[Warning] One or more build-args {unused} were not consumed")
        digest = tree.digest(state.manifest, state.config.json())
        self.say(f"Successfully built {digest}")
        return Built(digest, state.config, state.manifest, state)

    def say(self, line: str) -> None:
        with self.request.log.open("a") as log:
            log.write(line + "\n")

    def _check_canceled(self) -> None:
        if self.request.canceled.is_set():
            raise BuildCanceled("the run was canceled")
        if time.monotonic() > self.deadline:
            raise BuildError(f"the build took longer than its timeout of {self.request.timeout_s:g} s")

    # -- FROM
    def _from(self, total: int) -> _State:
        before: dict[str, str] = {}
        for argument in self.file.arguments:
            before |= self._arguments(argument, before)
        line, raw = self.file.base.line, self.file.base.words[0]
        try:
            text = words.expand(raw, before)
            self.say(f"Step 1/{total} : FROM {text}")
            reference = parse(text)
            if reference.registry.endswith(".azurecr.io") and self.request.registry not in (
                "",
                reference.registry,
            ):
                raise BadReference(
                    f"pull access denied for {reference}: a build of {self.request.registry} has no"
                    " credentials for another registry; import the image"
                )
            layer, config = self.builder.images.layer(reference, self.request.outside)
        except (words.WordError, BadReference) as error:
            raise DockerfileError(line, f"FROM {raw}: {error}") from error
        return _State(layer, layer.key, dict(layer.manifest), config)

    # -- instructions that only say something
    def _arguments(self, instruction: Instruction, known: Mapping[str, str]) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, default in instruction.pairs:
            self.used.add(name)
            if name in self.request.arguments:
                values[name] = self.request.arguments[name]
            elif default is not None:
                values[name] = words.expand(default, {**known, **values})
        return values

    def _arg(self, state: _State, instruction: Instruction) -> None:
        before: dict[str, str] = {}
        for argument in self.file.arguments:  # "ARG NAME" after FROM takes the value from before FROM
            before |= self._arguments(argument, before)
        inherited = {n: before[n] for n, default in instruction.pairs if default is None and n in before}
        state.arguments |= inherited | self._arguments(instruction, state.variables())

    def _env(self, state: _State, instruction: Instruction) -> None:
        variables = state.variables()
        pairs = {name: words.expand(value or "", variables) for name, value in instruction.pairs}
        state.config = state.config.with_(env=state.config.env | pairs)

    def _label(self, state: _State, instruction: Instruction) -> None:
        variables = state.variables()
        pairs = {name: words.expand(value or "", variables) for name, value in instruction.pairs}
        state.config = state.config.with_(labels=state.config.labels | pairs)

    def _user(self, state: _State, instruction: Instruction) -> None:
        user = words.expand(instruction.words[0], state.variables())
        state.config = state.config.with_(user=user)

    def _expose(self, state: _State, instruction: Instruction) -> None:
        ports = [words.expand(word, state.variables()) for word in instruction.words]
        if bad := [port for port in ports if not dockerfile.PORT.match(port.lower())]:
            raise DockerfileError(instruction.line, f"EXPOSE {bad[0]!r}: expected PORT or PORT/tcp")
        state.config = state.config.with_(ports=tuple(sorted({*state.config.ports, *ports})))

    def _cmd(self, state: _State, instruction: Instruction) -> None:
        state.config = state.config.with_(cmd=_argv(instruction))

    def _entrypoint(self, state: _State, instruction: Instruction) -> None:
        # A new ENTRYPOINT forgets the CMD of the base, as Docker does.
        own_cmd = any(other.name == "CMD" and other.line < instruction.line for other in self.file.body)
        cmd = state.config.cmd if own_cmd else ()
        state.config = state.config.with_(entrypoint=_argv(instruction), cmd=cmd)

    # -- instructions that change files
    def _workdir(self, state: _State, instruction: Instruction) -> None:
        path = _join(state.config.workdir, words.expand(instruction.words[0], state.variables()))
        state.config = state.config.with_(workdir=path)
        folder = path.strip("/")
        if folder and folder not in state.manifest:
            self._add_folder(state, folder)
            state.key = _key(state.key, "WORKDIR", folder)

    def _copy(self, state: _State, instruction: Instruction) -> None:
        variables = state.variables()
        *sources, destination = [words.expand(word, variables) for word in instruction.words]
        target = _join(state.config.workdir, destination).strip("/")
        target += "/" if destination.endswith("/") or destination in (".", "") else ""
        copied = self.context.select(sources, target, state.manifest)
        for item in copied:
            existing = state.manifest.get(item.entry.path)
            if (
                existing is not None
                and existing.kind != item.entry.kind
                and "d" in existing.kind + item.entry.kind
            ):
                raise ContextError(
                    f"{item.entry.path} is a folder in one of image and context, a file in the other"
                )
            self._add_folder(state, str(PurePosixPath(item.entry.path).parent))
            state.manifest[item.entry.path] = item.entry
        if instruction.chown:
            owner = words.expand(instruction.chown, variables)
            state.config = state.config.with_(owners=state.config.owners | {f"/{target}": owner})
        state.pending += copied
        state.key = _key(state.key, "COPY", target, *(item.entry.line() for item in copied))

    def _add_folder(self, state: _State, folder: str) -> None:
        for path in reversed([folder, *map(str, PurePosixPath(folder).parents)]):
            if path not in ("", ".") and path not in state.manifest:
                state.manifest[path] = tree.Entry(path, "d", False, "")
                state.folders.append(path)

    def _run(self, state: _State, instruction: Instruction) -> None:
        command = instruction.command
        if command is None:
            raise DockerfileError(instruction.line, "RUN without a command")
        environment = {**state.arguments, **state.config.env}
        facts = [json.dumps(sorted(environment.items())), state.config.workdir, *command.argv()]
        key = _key(state.key, "RUN", *facts)
        cached = None if self.request.no_cache else self.builder.cache.get(key)
        if cached is not None:
            self.say(" ---> Using cache")
        layer = cached or self.builder.cache.make(
            key,
            lambda root: self._run_in(root, state, command.argv(), environment),
            anew=self.request.no_cache,
        )
        state.layer, state.key, state.manifest = layer, key, dict(layer.manifest)
        state.pending, state.folders = [], []

    def _run_in(
        self, root: Path, state: _State, argv: list[str], environment: Mapping[str, str]
    ) -> tree.Manifest:
        _write(state, root, "none")
        home, temporary = root / "root", root / "tmp"
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        env = {
            **self.request.outside,
            **_machine_caches(self.request.outside),
            **run_environment(root, environment),
            "HOME": str(home),
            "TMPDIR": str(temporary),
        }
        env.pop("VIRTUAL_ENV", None)
        self._execute(argv, root / state.config.workdir.strip("/"), env)
        tree.remove(path for name in SCRATCH for path in _inside(root / name))
        tree.relocate_scripts(root, root / base.PREFIX / "bin")
        return tree.scan(root, state.layer.manifest)

    def _execute(self, argv: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        program = shutil.which(argv[0], path=env["PATH"])
        if program is None:
            raise BuildError(f"RUN {argv}: {argv[0]} is neither in the image nor on this machine's PATH")
        handle = self.builder.processes.start(
            "image build", [program, *argv[1:]], cwd=cwd, env=env, log=self.request.log
        )
        while True:
            try:
                code = handle.wait(0.1)
                break
            except TimeoutError:
                try:
                    self._check_canceled()
                except (BuildCanceled, BuildError):
                    handle.terminate(2.0)
                    raise
        if code != 0:
            raise BuildError(f"The command '{' '.join(argv)}' returned a non-zero code: {code}")


def _write(state: _State, root: Path, share: tree.Share) -> None:
    tree.clone(state.layer.root, root, share)
    for folder in state.folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for item in state.pending:
        target = root / item.entry.path
        if item.entry.kind == "d":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(root.resolve()):
            raise BuildError(f"COPY to /{item.entry.path}: a symbolic link there leads out of the image")
        target.unlink(missing_ok=True)
        if item.entry.kind == "l":
            target.symlink_to(item.entry.content)
        else:
            shutil.copy2(item.source, target)
            target.chmod(0o755 if item.entry.executable else 0o644)


def _argv(instruction: Instruction) -> tuple[str, ...]:
    return tuple(instruction.command.argv()) if instruction.command is not None else ()


def _join(workdir: str, path: str) -> str:
    """An absolute path of the image in its shortest form; ``..`` stops at the root."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{workdir}/{path}").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _machine_caches(outside: Mapping[str, str]) -> dict[str, str]:
    """Where installers keep downloads: with the machine, since HOME is in the tree during a build."""
    cache = Path(outside.get("XDG_CACHE_HOME") or Path(outside.get("HOME", "~")).expanduser() / ".cache")
    return {
        "UV_CACHE_DIR": outside.get("UV_CACHE_DIR", str(cache / "uv")),
        "PIP_CACHE_DIR": outside.get("PIP_CACHE_DIR", str(cache / "pip")),
    }
