"""Building an image: the instructions of a Dockerfile carried out on trees, through the layer cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from emulator.images import dockerfile, tree, words
from emulator.images.context import Context, ContextError, read_text
from emulator.images.dockerfile import Dockerfile, DockerfileError, Instruction, Stage
from emulator.images.image import ImageConfig
from emulator.images.layers import Layer, LayerCache
from emulator.images.references import BadReference, Reference, parse
from emulator.images.state import BuildCanceled, BuildError, State
from emulator.processes import Processes

__all__ = ["Build", "BuildCanceled", "BuildError", "BuildRequest", "Builder", "Built", "ImageSource"]


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


@dataclass(frozen=True, slots=True)
class Built:
    """A finished build, not yet written out: ``write`` makes its tree."""

    digest: str
    config: ImageConfig
    manifest: tree.Manifest
    _state: State = field(repr=False)

    def write(self, root: Path) -> None:
        self._state.write(root, "all")


class Builder:
    """Builds contexts. carry_out: carries the body of a stage out on the state that its FROM made"""

    def __init__(
        self,
        cache: LayerCache,
        processes: Processes,
        images: ImageSource,
        carry_out: Callable[[Build, Stage, State], None],
    ) -> None:
        self.carry_out = carry_out
        self.cache = cache
        self.processes = processes
        self.images = images

    def build(self, request: BuildRequest) -> Built:
        """Build the context. DockerfileError, ContextError, BadReference, BuildError, BuildCanceled."""
        path = request.context / request.dockerfile
        if not _is_file_in(request.context, path):
            raise ContextError(f"no {request.dockerfile} in the build context")
        file = dockerfile.parse(read_text(path))
        target = file.find(request.target) if request.target else file.stages[-1]
        if target is None:
            known = ", ".join(stage.name for stage in file.stages)
            raise BuildError(f"target {request.target!r}: no such stage; there: {known}")
        return Build(self, request, file).run(target)


class Build:
    """One build: what all of its stages share."""

    def __init__(self, builder: Builder, request: BuildRequest, file: Dockerfile) -> None:
        self.builder = builder
        self.request = request
        self.file = file
        self.context = Context(request.context)
        self.deadline = time.monotonic() + request.timeout_s
        self.used: set[str] = set()
        self.states: dict[int, State] = {}  # of the finished stages
        self._step = self._steps = 0

    def run(self, target: Stage) -> Built:
        stages = self.file.needed(target)
        self._steps = sum(1 + len(stage.body) for stage in stages)
        for stage in stages:
            self.check_canceled()
            state = self._from(stage)
            self.builder.carry_out(self, stage, state)
            self.states[stage.number] = state
        state = self.states[target.number]
        unused = sorted(set(self.request.arguments) - self.used)
        if unused:
            self.say(f"[Warning] One or more build-args {unused} were not consumed")
        digest = tree.digest(state.manifest, state.config.json())
        self.say(f"Successfully built {digest}")
        return Built(digest, state.config, state.manifest, state)

    def say(self, line: str) -> None:
        with self.request.log.open("a") as log:
            log.write(line + "\n")

    def step(self, instruction: Instruction | str) -> None:
        self._step += 1
        self.say(f"Step {self._step}/{self._steps} : {instruction}")

    def check_canceled(self) -> None:
        if self.request.canceled.is_set():
            raise BuildCanceled("the run was canceled")
        if time.monotonic() > self.deadline:
            raise BuildError(f"the build took longer than its timeout of {self.request.timeout_s:g} s")

    def arguments(self, instruction: Instruction, known: Mapping[str, str]) -> dict[str, str]:
        """The values of an ARG: of the request, else its defaults; nothing for one that has neither."""
        values: dict[str, str] = {}
        for name, default in instruction.pairs:
            self.used.add(name)
            if name in self.request.arguments:
                values[name] = self.request.arguments[name]
            elif default is not None:
                values[name] = words.expand(default, {**known, **values})
        return values

    def before_from(self) -> dict[str, str]:
        """The values of the ARGs before the first FROM."""
        values: dict[str, str] = {}
        for argument in self.file.arguments:
            values |= self.arguments(argument, values)
        return values

    def _from(self, stage: Stage) -> State:
        line, raw = stage.base.line, stage.base.words[0]
        try:
            text = words.expand(raw, self.before_from())
            alias = f" AS {stage.base.alias}" if stage.base.alias else ""
            self.step(f"FROM {text}{alias}")
            earlier = None if raw.isdigit() else self.file.find(raw, stage.number)
            if earlier is not None:
                return self.states[earlier.number].branch()
            return State.of(*self._base(parse(text)))
        except (words.WordError, BadReference) as error:
            raise DockerfileError(line, f"FROM {raw}: {error}") from error

    def _base(self, reference: Reference) -> tuple[Layer, ImageConfig]:
        own = self.request.registry
        if reference.registry.endswith(".azurecr.io") and own not in ("", reference.registry):
            raise BadReference(
                f"pull access denied for {reference}: a build of {own} has no credentials for another"
                " registry; import the image"
            )
        return self.builder.images.layer(reference, self.request.outside)


def _is_file_in(context: Path, path: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(context.resolve())
    except OSError:  # a name that no file can have
        return False
