"""The machine code of scoring, where it can be loaded: see scoring/kernel for its sources.

Whatever it does has a counterpart in Python, with ONNX Runtime for the model, which answers where it is
absent: on a processor of another level, in a checkout without a compiler, or when its self-test differs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.sources import DESCRIPTION, LIBRARY, MODULE, source_digest
from scoring.model.graph import Graph
from scoring.model.schema import CategoryFeature, Matrix, NumberFeature, Schema, codes, int_limits

CPU_INFORMATION: Final = Path("/proc/cpuinfo")
NEEDED: Final = {  # by the processor level: the flags that the processor must have
    "x86-64-v3": frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}),
    "armv8-a": frozenset[str](),
}
MACHINES: Final = {"x86_64": "x86-64-v3", "aarch64": "armv8-a", "arm64": "armv8-a"}
WHOLE: Final = 2**63  # beyond this the machine code leaves an integer to Python

Scores = NDArray[np.float32]
Judged = tuple[list[float], list[int], list[float], list[bool]]


class CompositeCode(Protocol):
    """Releases the interpreter's lock while it scores more than 64 rows. Thread-safe."""

    def run(self, matrix: Matrix, probability: Scores, outlier_score: Scores, /) -> None: ...

    def judge(self, matrix: Matrix, decision: float, outlier: float, /) -> Judged: ...


class RowsCode(Protocol):
    """False: not all rows keep the contract, or not all can be judged; what is in the matrix is void."""

    def records(self, records: list[Any], matrix: Matrix, /) -> bool: ...

    def column(self, number: int, values: list[Any], matrix: Matrix, /) -> bool: ...

    def arrays(self, columns: tuple[object, ...], matrix: Matrix, /) -> bool: ...


class BinsCode(Protocol):
    def count(self, matrix: Matrix, /) -> bytes: ...

    def tally(self, matrix: Matrix, counts: NDArray[np.int64], /) -> None: ...


class Kernel(Protocol):
    """The module, as far as it is used."""

    def Composite(
        self,
        width: int,
        margin: tuple[object, ...],
        outlier: tuple[object, ...],
        slope: NDArray[np.float64] | None,
        fill: NDArray[np.float64] | None,
        /,
    ) -> CompositeCode: ...

    def Rows(self, features: tuple[tuple[object, ...], ...], /) -> RowsCode: ...

    def Bins(self, edges: NDArray[np.float32], /) -> BinsCode: ...

    def answered(
        self, probabilities: list[float], labels: list[int], scores: list[float], flags: list[bool], /
    ) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no machine code, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class MachineCode:
    """`digest`: SHA-256 of the library, in hex. `level`: of the processors that it runs on."""

    kernel: Kernel
    level: str
    digest: str

    def composite(self, graph: Graph, width: int) -> CompositeCode:
        """The model. Raises ValueError when the arrays are no trees over `width` features."""
        return self.kernel.Composite(width, graph.margin.parts, graph.outlier.parts, graph.slope, graph.fill)

    def rows(self, schema: Schema) -> RowsCode:
        return self.kernel.Rows(tuple(_described(feature) for feature in schema.features))

    def bins(self, edges: NDArray[np.float32]) -> BinsCode:
        """Of edges [features, bins - 1], ascending; behind a feature's last one, infinity."""
        return self.kernel.Bins(np.ascontiguousarray(edges))


def _described(feature: NumberFeature | CategoryFeature) -> tuple[object, ...]:
    """Name, codes, lower and upper limit, those of an integer, whether fractions are refused."""
    if isinstance(feature, CategoryFeature):
        return feature.name, dict(codes(feature)), 0.0, 0.0, 0, 0, False
    least, most = int_limits(feature)
    within = max(least, -WHOLE), min(most, WHOLE - 1)
    return feature.name, None, feature.minimum, feature.maximum, *within, feature.integer


@lru_cache(maxsize=1)
def found() -> MachineCode | Absent:
    """The machine code of this environment, checked and loaded once for a process."""
    spec = importlib.util.find_spec(MODULE)
    if spec is None or spec.origin is None:
        return Absent("the package scoring-kernel is not installed")
    return loaded(Path(spec.origin).parent)


def loaded(folder: Path) -> MachineCode | Absent:
    """The machine code of the package in that folder, which is the first one that Python finds."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text())
        level, digest, source = (str(description[name]) for name in ("level", "sha256", "source"))
        content = (folder / LIBRARY).read_bytes()
        expected = source_digest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Absent(f"{folder / DESCRIPTION}, or what it describes, cannot be read: {error}")
    if hashlib.sha256(content).hexdigest() != digest:
        return Absent(f"{folder / LIBRARY} is not the library that {DESCRIPTION} describes")
    if source != expected:
        return Absent(f"{folder / LIBRARY} was made of other sources than this version's")
    if lacks := lacking(level):
        return Absent(f"{folder / LIBRARY} is for {level}, and this processor lacks {lacks}")
    try:
        kernel = cast("Kernel", import_module(MODULE))
    except ImportError as error:
        return Absent(f"{folder / LIBRARY} cannot be loaded: {error}")
    return MachineCode(kernel, level, digest)


def lacking(level: str, machine: str = "", information: Path = CPU_INFORMATION) -> str:
    """What of the level this processor lacks, in words; "" when nothing."""
    if level != MACHINES.get(machine or platform.machine()):
        return f"that level altogether: it is {machine or platform.machine()}"
    needed = NEEDED[level]
    if not needed:
        return ""
    try:
        lines = information.read_text().splitlines()
    except OSError as error:
        return f"a list of its flags: {error}"
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return ", ".join(sorted(needed.difference(flags)))
