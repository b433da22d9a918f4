"""Results as a run would give them, with round figures."""

from dataclasses import replace

from benchmarks.scoring.results import (
    Before,
    Compiler,
    Floor,
    Load,
    Pair,
    Part,
    Results,
    Served,
    Soak,
    Start,
    Telemetry,
    Timing,
)

SIZES = ("1", "24", "4096")


def load(connections: int, per_second: float, **more: float) -> Load:
    made = Load(connections, 3, per_second, 100.0, 200.0, 300.0, 1_000, 0, 0, 60.0, 40.0, 0.2)
    return replace(made, **more)


def served(key: str, best: float, composite: str = "ours", cores: int = 1) -> Served:
    return Served(
        key,
        f"server {key}",
        composite,
        workers=cores,
        cores=cores,
        version="1.2.3",
        loads=[load(1, best / 2), load(32, best)],
        resident_mb=80.0,
        pss_mb=50.0,
        ready_s=0.5,
    )


def good() -> Results:
    """All goals met, each at its bound or just within."""
    return Results(
        machine={"processor": "a processor", "cores": "2"},
        quick=False,
        in_process=[Timing("ours", 1, 1_000, 50.0, 60.0), Timing("naive", 1, 10, 26_000.0, 30_000.0)],
        served=[
            served("ours", 6_000.0),
            served("constant", 10_000.0, "constant"),
            served("azureml-naive", 60.0, "naive"),
            served("azureml-ours", 1_000.0),
            served("mlserver", 3_000.0),
            served("bentoml", 2_000.0),
            served("ours", 9_000.0, cores=2),
        ],
        floor=Floor(32, [7_500.0, 15_000.0, 7_000.0], [10_000.0, 20_000.0, 8_000.0], 50.0, 30.0),
        before=Before(
            "858a31f",
            timings={
                "1 row": Pair([40.0, 80.0], [20.0, 40.0]),
                "1,000 rows, records": Pair([20_000.0], [11_000.0]),
                "1,000 rows, columns": Pair([10_000.0], [3_500.0]),
                "5,000 rows, columns": Pair([60_000.0], [15_000.0]),
                "model, 4,096 rows": Pair([40_000.0], [10_000.0]),
                "5,000 rows, Arrow": Pair([], [20_000.0]),
            },
            rates={"4": Pair([1_000.0], [1_300.0]), "32": Pair([10_000.0], [12_000.0])},
            resident_mb=Pair([80.0], [85.0]),
            ready_s=Pair([0.4, 0.5], [0.5, 0.4]),
        ),
        compilers=[
            Compiler(
                "ONNX Runtime", "1.31.1", None, 0.0, 70.0, {size: [8.0] for size in ("1", "24", "4096")}
            ),
            Compiler("our machine code", "", None, 4e-7, 0.03, {size: [2.0] for size in ("1", "24", "4096")}),
            Compiler("another", "1.0", "ValueError: no model of its own"),
        ],
        starts=[
            Start("without telemetry", False, 5, 0.5, 0.6, 80.0, 60.0),
            Start("with telemetry", True, 5, 1.5, 1.6, 150.0, 120.0),
        ],
        telemetry=Telemetry(32, [100.0, 90.0, 110.0], [86.0, 80.0, 95.0], 500, 20, 500, 500, 90.0, 100.0),
        parts=[
            Part("JSON of the request", 1.5, "called by itself", 2.5),
            Part("the rest", 40.0, "left over"),
        ],
        soak=Soak(
            seconds=40.0,
            capacity=6_000.0,
            rate=12_000.0,
            accepted_per_second=5_900.0,
            refused_share=0.5,
            unsent_share=0.0,
            failed=0,
            p99_at_capacity=10_000.0,
            p99_accepted=20_000.0,
            resident_mb=[100.0] * 10 + [102.0] * 10,
            statuses={"200": 236_000, "429": 240_000},
        ),
        seconds=300.0,
    )
