"""How long each library takes for our graph, by turns: `python measure.py MODEL.onnx ROWS.npy SECONDS`.

Prints JSON: for each candidate its times by number of rows, its largest difference from ONNX Runtime, the
size of its packages, or why it is absent. Each evaluates both sums of trees; sigmoid and exponential are
numpy's where a candidate does not do them itself.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from forms import lightgbm_text, ydf_model

from scoring.model import machine
from scoring.model.composite import Composite
from scoring.model.evaluator import MachineComposite
from scoring.model.graph import Graph, read

Pair = tuple[Any, Any]
Answer = Callable[[Any], Pair]
SIZES = (1, 24, 4_096)
TURNS = 7


def both(graph: Graph, predict: Callable[[int, Any], Any]) -> Answer:
    """`predict(0 or 1, rows)` gives the sums of margin and outlier trees without their bases."""
    bases = graph.margin.base, graph.outlier.base

    def answer(rows: Any) -> Pair:
        margin, exponent = (np.ravel(predict(which, rows)) + bases[which] for which in (0, 1))
        return 1.0 / (1.0 + np.exp(-margin)), np.exp(exponent)

    return answer


def texts(graph: Graph, width: int, folder: Path) -> list[str]:
    found: list[str] = []
    for name, forest in (("margin", graph.margin), ("outlier", graph.outlier)):
        file = folder / f"{name}.txt"
        file.write_text(lightgbm_text(forest, width))
        found.append(str(file))
    return found


def onnx_runtime(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    composite = Composite(model, width)

    def answer(rows: Any) -> Pair:
        return composite.run(rows) if len(rows) > 16 else tuple(map(np.array, composite.run_few(rows)))

    return answer


def own(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    found = machine.found()
    if isinstance(found, machine.Absent):
        raise RuntimeError(found.reason)
    return MachineComposite(found.composite(graph, width)).run


def lightgbm(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    import lightgbm

    boosters = [lightgbm.Booster(model_file=file) for file in texts(graph, width, folder)]
    return both(graph, lambda which, rows: boosters[which].predict(rows, raw_score=True, num_threads=1))


def lleaves(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    import lleaves

    models = [lleaves.Model(model_file=file) for file in texts(graph, width, folder)]
    for one in models:
        one.compile()
    return both(graph, lambda which, rows: models[which].predict(rows, n_jobs=1))


def tl2cgen(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    import tl2cgen
    import treelite

    predictors: list[Any] = []
    for number, file in enumerate(texts(graph, width, folder)):
        forest = treelite.frontend.load_lightgbm_model(file)
        library = folder / f"tl2cgen{number}.so"
        tl2cgen.export_lib(forest, toolchain="gcc", libpath=str(library), params={"parallel_comp": 2})
        predictors.append(tl2cgen.Predictor(str(library), nthread=1))
    return both(graph, lambda which, rows: predictors[which].predict(tl2cgen.DMatrix(rows), pred_margin=True))


def treelite(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    import treelite

    forests = [treelite.frontend.load_lightgbm_model(file) for file in texts(graph, width, folder)]
    return both(
        graph, lambda which, rows: treelite.gtil.predict(forests[which], rows, nthread=1, pred_margin=True)
    )


def daal4py(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    import daal4py
    import lightgbm

    daal4py.daalinit(1)
    models = [
        daal4py.mb.convert_model(lightgbm.Booster(model_file=file)) for file in texts(graph, width, folder)
    ]
    return both(graph, lambda which, rows: models[which].predict(rows))


def timber(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    from timber.runtime.predictor import TimberPredictor

    predictors = [
        TimberPredictor.from_model(file, format_hint="lightgbm") for file in texts(graph, width, folder)
    ]
    return both(graph, lambda which, rows: predictors[which].predict(rows))


def ydf(model: bytes, graph: Graph, width: int, folder: Path) -> Answer:
    models = [ydf_model(forest, width) for forest in (graph.margin, graph.outlier)]
    names = [f"f{number}" for number in range(width)]

    def predict(which: int, rows: Any) -> Any:
        return models[which].predict(dict(zip(names, rows.T, strict=True)), num_threads=1)

    return both(graph, predict)


CANDIDATES: dict[str, tuple[Callable[[bytes, Graph, int, Path], Answer], tuple[str, ...]]] = {
    "ONNX Runtime": (onnx_runtime, ("onnxruntime",)),
    "our machine code": (own, ()),
    "LightGBM": (lightgbm, ("lightgbm", "scipy")),
    "lleaves": (lleaves, ("lleaves", "llvmlite")),
    "Treelite with TL2cgen": (tl2cgen, ("tl2cgen", "scipy")),
    "Treelite's own evaluator": (treelite, ("treelite", "scipy")),
    "oneDAL": (daal4py, ("scikit-learn-intelex", "daal")),
    "Timber": (timber, ("timber-compiler",)),
    "Yggdrasil": (ydf, ("ydf",)),
}


def megabytes(packages: tuple[str, ...]) -> float:
    """What the packages that are needed to answer take on the disk, beside numpy."""
    if not packages:
        return sum(Path(str(sys.modules["scoring_kernel"].__file__)).stat().st_size for _ in range(1)) / 1e6
    total = 0
    for name in packages:
        for file in importlib.metadata.files(name) or []:
            with contextlib.suppress(OSError):
                total += Path(str(file.locate())).stat().st_size
    return total / 1e6


def timed(answer: Answer, rows: Any, seconds: float) -> float:
    """Median microseconds of a call."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < 3 or time.perf_counter() < end:
        began = time.perf_counter_ns()
        answer(rows)
        taken.append((time.perf_counter_ns() - began) / 1e3)
    return median(taken)


def main() -> None:
    model, rows, seconds = Path(sys.argv[1]).read_bytes(), np.load(sys.argv[2]), float(sys.argv[3])
    graph, width = read(model), rows.shape[1]
    found: dict[str, dict[str, Any]] = {}
    answers: dict[str, Answer] = {}
    expected = Composite(model, width).run(rows)
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nothing:
        for name, (make, packages) in CANDIDATES.items():
            scratch = Path(folder) / name.replace(" ", "-")
            scratch.mkdir()
            version = importlib.metadata.version(packages[0]) if packages else ""
            found[name] = {"name": name, "version": version, "absent": None}
            try:
                with contextlib.redirect_stdout(nothing):
                    answers[name] = make(model, graph, width, scratch)
                    got = answers[name](rows)
            except Exception as error:  # noqa: BLE001 - whatever one raises, the others are measured
                found[name]["absent"] = f"{type(error).__name__}: {error}"[:200]
                answers.pop(name, None)
                continue
            pairs = zip(got, expected, strict=True)
            found[name]["difference"] = max(float(np.abs(np.asarray(a, float) - b).max()) for a, b in pairs)
            found[name]["megabytes"] = megabytes(packages)
            found[name]["turns"] = {str(size): [] for size in SIZES}
        for turn in range(TURNS):
            for size in SIZES:
                some = np.ascontiguousarray(rows[:size])
                for name in sorted(answers, reverse=bool(turn % 2)):
                    found[name]["turns"][str(size)].append(timed(answers[name], some, seconds) / size)
    print(json.dumps(list(found.values())))


if __name__ == "__main__":
    main()
