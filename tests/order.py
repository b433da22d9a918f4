"""The order in which workers take the test files: those that take long first.

`--dist loadfile` gives a worker the next file when it has nearly done its own. Where a long file comes last,
one worker runs it while the others have nothing left to do; files of few, long tests, the end-to-end ones,
are what it would take last by itself. The figures are about the seconds of each file beside another worker
on one machine on 2026-11-29; they are only compared with each other. A file that is not in the table counts
as short.

The first file also makes what several end-to-end files go on from (tests/e2e/homes.py); the others of these
come later, so that nobody waits for it.
"""

from __future__ import annotations

from typing import Final

SECONDS: Final = {
    "tests/e2e/test_estate.py": 200,
    "tests/e2e/test_production_line.py": 190,
    "tests/e2e/test_loop.py": 180,
    "tests/e2e/test_function_release.py": 130,
    "tests/e2e/test_kill_promote.py": 110,
    "tests/e2e/test_push_both.py": 110,
    "tests/e2e/test_push_private.py": 110,
    "tests/e2e/test_function_app.py": 90,
    "tests/e2e/test_kill.py": 75,
    "tests/emulator/programs/test_programs.py": 46,
    "tests/ml/data/test_data_e2e.py": 45,
    "tests/emulator/provider/test_engine.py": 42,
    "tests/e2e/test_lost_answers.py": 40,
    "tests/e2e/test_secrets.py": 35,
    "tests/emulator/core/test_lifecycle.py": 25,
    "tests/scoring/test_drift_power.py": 24,
    "tests/ml/steps/test_card.py": 24,
    "tests/ml/steps/test_components.py": 21,
    "tests/scoring/test_azuremonitor.py": 20,
    "tests/ml/data/test_s3.py": 18,
    "tests/scoring/test_overload.py": 18,
    "tests/scoring/test_process.py": 16,
    "tests/emulator/programs/test_other_projects.py": 15,
    "tests/emulator/pipelines/test_pipeline_components.py": 15,
    "tests/e2e/test_bad_input.py": 15,
    "tests/scoring/test_fuzz.py": 14,
    "tests/ml/steps/test_own_data.py": 14,
    "tests/ml/published/test_published_e2e.py": 14,
    "tests/emulator/sweeps/test_sweep_e2e.py": 14,
    "tests/emulator/tracking/test_mlflow_e2e.py": 13,
    "tests/scoring/test_workers.py": 12,
    "tests/infra/test_infra_properties.py": 12,
    "tests/emulator/machinelearning/test_client.py": 12,
    "tests/emulator/pipelines/test_pipeline_lifecycle.py": 10,
    "tests/emulator/core/test_hostile_input.py": 10,
    "tests/benchmarks/test_serving.py": 9,
    "tests/emulator/containerinstance/test_groups.py": 9,
    "tests/emulator/sweeps/test_sweeps.py": 9,
    "tests/scoring/test_window.py": 9,
    "tests/ml/steps/test_card_figures.py": 9,
    "tests/ml/steps/test_train.py": 9,
    "tests/ml/steps/test_tracking.py": 8,
}


def place(nodeid: str) -> int:
    """What to sort a test by; tests of one place stay in their order."""
    return -SECONDS.get(nodeid.split("::", 1)[0], 0)
