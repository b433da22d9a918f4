"""One stage of a build: the instructions of its body carried out on trees, through the layer cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from emulator.images import dockerfile, relocation, tree, words
from emulator.images.builder import Build
from emulator.images.context import ContextError, Files
from emulator.images.dockerfile import DockerfileError, Instruction, Stage
from emulator.images.image import locate, run_environment
from emulator.images.state import BuildCanceled, BuildError, StageFiles, State, join, key_of

SCRATCH = ("tmp", "root/.cache")  # emptied after each RUN


def carry_out(build: Build, stage: Stage, state: State) -> None:
    """Carry out a stage's body on the state that FROM made. DockerfileError, BuildError, BuildCanceled."""
    StageBuild(build, stage).run(state)


class StageBuild:
    def __init__(self, build: Build, stage: Stage) -> None:
        self.build = build
        self.stage = stage

    def run(self, state: State) -> None:
        """Carry the body out on a state that FROM made. DockerfileError, BuildError, BuildCanceled."""
        for instruction in self.stage.body:
            self.build.check_canceled()
            self.build.step(instruction)
            try:
                getattr(self, f"_{instruction.name.lower()}")(state, instruction)
            except (words.WordError, ContextError) as error:
                raise DockerfileError(instruction.line, f"{instruction.name}: {error}") from error

    # -- instructions that only say something
    def _arg(self, state: State, instruction: Instruction) -> None:
        before = self.build.before_from()  # "ARG NAME" after FROM takes the value from before FROM
        inherited = {n: before[n] for n, default in instruction.pairs if default is None and n in before}
        state.arguments |= inherited | self.build.arguments(instruction, state.variables())

    def _env(self, state: State, instruction: Instruction) -> None:
        variables = state.variables()
        pairs = {name: words.expand(value or "", variables) for name, value in instruction.pairs}
        state.config = state.config.with_(env=state.config.env | pairs)

    def _label(self, state: State, instruction: Instruction) -> None:
        variables = state.variables()
        pairs = {name: words.expand(value or "", variables) for name, value in instruction.pairs}
        state.config = state.config.with_(labels=state.config.labels | pairs)

    def _user(self, state: State, instruction: Instruction) -> None:
        user = words.expand(instruction.words[0], state.variables())
        state.config = state.config.with_(user=user)

    def _expose(self, state: State, instruction: Instruction) -> None:
        ports = [words.expand(word, state.variables()) for word in instruction.words]
        if bad := [port for port in ports if not dockerfile.PORT.match(port.lower())]:
            raise DockerfileError(instruction.line, f"EXPOSE {bad[0]!r}: expected PORT or PORT/tcp")
        state.config = state.config.with_(ports=tuple(sorted({*state.config.ports, *ports})))

    def _cmd(self, state: State, instruction: Instruction) -> None:
        state.config = state.config.with_(cmd=_argv(instruction))

    def _entrypoint(self, state: State, instruction: Instruction) -> None:
        # A new ENTRYPOINT forgets the CMD of the base, as Docker does.
        own_cmd = any(other.name == "CMD" and other.line < instruction.line for other in self.stage.body)
        cmd = state.config.cmd if own_cmd else ()
        state.config = state.config.with_(entrypoint=_argv(instruction), cmd=cmd)

    # -- instructions that change files
    def _workdir(self, state: State, instruction: Instruction) -> None:
        path = join(state.config.workdir, words.expand(instruction.words[0], state.variables()))
        state.config = state.config.with_(workdir=path)
        folder = path.strip("/")
        if folder and folder not in state.manifest:
            state.add_folder(folder)
            state.key = key_of(state.key, "WORKDIR", folder)

    def _copy(self, state: State, instruction: Instruction) -> None:
        variables = state.variables()
        *sources, destination = [words.expand(word, variables) for word in instruction.words]
        target = join(state.config.workdir, destination).strip("/")
        target += "/" if destination.endswith("/") or destination in (".", "") else ""
        copied = self._files(instruction).select(sources, target, state.manifest)
        for item in copied:
            existing = state.manifest.get(item.entry.path)
            if (
                existing is not None
                and existing.kind != item.entry.kind
                and "d" in existing.kind + item.entry.kind
            ):
                raise ContextError(
                    f"{item.entry.path} is a folder in one of image and source, a file in the other"
                )
            state.add_folder(str(PurePosixPath(item.entry.path).parent))
            state.manifest[item.entry.path] = item.entry
        if instruction.chown:
            owner = words.expand(instruction.chown, variables)
            state.config = state.config.with_(owners=state.config.owners | {f"/{target}": owner})
        state.pending |= {item.entry.path: item for item in copied}
        # Byte code of a stage names the place where it was made; that of the context is just a file.
        content = [one.entry.line() for one in copied if not (one.kept and tree.is_byte_code(one.entry.path))]
        state.key = key_of(state.key, "COPY", target, *content)

    def _files(self, instruction: Instruction) -> Files:
        """Where a COPY takes from: the context, or a finished stage."""
        stage = self.build.file.find(instruction.source, self.stage.number) if instruction.source else None
        if stage is None:
            return self.build.context
        return StageFiles(stage.name, self.build.states[stage.number])

    def _run(self, state: State, instruction: Instruction) -> None:
        command = instruction.command
        if command is None:
            raise DockerfileError(instruction.line, "RUN without a command")
        environment = {**state.arguments, **state.config.env}
        facts = [json.dumps(sorted(environment.items())), state.config.workdir, *command.argv()]
        key = key_of(state.key, "RUN", *facts)
        cached = None if self.build.request.no_cache else self.build.builder.cache.get(key)
        if cached is not None:
            self.build.say(" ---> Using cache")
        layer = cached or self.build.builder.cache.make(
            key,
            lambda root: self._run_in(root, state, command.argv(), environment),
            anew=self.build.request.no_cache,
        )
        state.layer, state.key, state.manifest = layer, key, dict(layer.manifest)
        state.pending, state.folders = {}, []

    def _run_in(
        self, root: Path, state: State, argv: list[str], environment: Mapping[str, str]
    ) -> tree.Manifest:
        state.write(root, "none")
        home, temporary = root / "root", root / "tmp"
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        env = {
            **self.build.request.outside,
            **_machine_caches(self.build.request.outside),
            **run_environment(root, environment),
            "HOME": str(home),
            "TMPDIR": str(temporary),
        }
        env.pop("VIRTUAL_ENV", None)
        cwd = root / state.config.workdir.strip("/")
        self._execute(_program(root, cwd, argv[0]), argv, cwd, env)
        tree.remove(path for name in SCRATCH for path in _inside(root, name))
        relocation.settle(root)
        return tree.scan(root, state.layer.manifest)

    def _execute(self, word: str, argv: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        program = shutil.which(word, path=env["PATH"])
        if program is None:
            raise BuildError(f"RUN {argv}: {argv[0]} is neither in the image nor on this machine's PATH")
        handle = self.build.builder.processes.start(
            "image build", [program, *argv[1:]], cwd=cwd, env=env, log=self.build.request.log
        )
        while True:
            try:
                code = handle.wait(0.1)
                break
            except TimeoutError:
                try:
                    self.build.check_canceled()
                except (BuildCanceled, BuildError):
                    handle.terminate(2.0)
                    raise
        if code != 0:
            raise BuildError(f"The command '{' '.join(argv)}' returned a non-zero code: {code}")


def _program(root: Path, cwd: Path, word: str) -> str:
    """The first word of a RUN: a path of the image as the path in the tree, any other unchanged."""
    return str(cwd / word) if "/" in word and not word.startswith("/") else locate(root, word)


def _argv(instruction: Instruction) -> tuple[str, ...]:
    return tuple(instruction.command.argv()) if instruction.command is not None else ()


def _inside(root: Path, name: str) -> list[Path]:
    """What lies in a folder of the tree; nothing where a link leads elsewhere."""
    folder = root / name
    try:
        itself = folder.resolve() == root.resolve() / name
    except (OSError, RuntimeError):  # a loop of links
        return []
    return list(folder.iterdir()) if itself and folder.is_dir() else []


def _machine_caches(outside: Mapping[str, str]) -> dict[str, str]:
    """Where installers keep downloads: with the machine, since HOME is in the tree during a build."""
    cache = Path(outside.get("XDG_CACHE_HOME") or Path(outside.get("HOME", "~")).expanduser() / ".cache")
    return {
        "UV_CACHE_DIR": outside.get("UV_CACHE_DIR", str(cache / "uv")),
        "PIP_CACHE_DIR": outside.get("PIP_CACHE_DIR", str(cache / "pip")),
    }
