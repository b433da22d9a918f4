"""The order in which workers take the test files: those that take long first.

`--dist loadfile` gives a worker the next file when it has nearly done its own. Where a long file comes last,
one worker runs it while the others have nothing left to do; files of few, long tests, the end-to-end ones,
are what it would take last by itself. The figures are about the seconds of each file beside another worker
on one machine on 2026-11-30; they are only compared with each other. A file that is not in the table counts
as short.

The first file also makes what several end-to-end files go on from (tests/e2e/homes.py); the others of these
come later, so that nobody waits for it.
"""

from __future__ import annotations

from typing import Final

SECONDS: Final = {
    "tests/e2e/test_estate.py": 280,
    "tests/e2e/test_production_line.py": 190,
    "tests/e2e/test_loop.py": 180,
    "tests/e2e/test_function_release.py": 130,
    "tests/e2e/test_kill_promote.py": 110,
    "tests/e2e/test_push_both.py": 110,
    "tests/e2e/test_push_private.py": 110,
    "tests/e2e/test_function_app.py": 90,
    "tests/e2e/test_kill.py": 60,
    "tests/emulator/programs/test_programs.py": 54,
    "tests/emulator/provider/test_engine.py": 44,
    "tests/e2e/test_lost_answers.py": 42,
    "tests/e2e/test_secrets.py": 31,
    "tests/emulator/core/test_lifecycle.py": 31,
    "tests/ml/data/test_data_e2e.py": 25,
    "tests/scoring/test_azuremonitor.py": 21,
    "tests/emulator/pipelines/test_pipeline_components.py": 21,
    "tests/scoring/test_overload.py": 18,
    "tests/ml/steps/test_components.py": 17,
    "tests/scoring/test_fuzz.py": 17,
    "tests/e2e/test_bad_input.py": 16,
    "tests/scoring/test_process.py": 15,
    "tests/emulator/programs/test_other_projects.py": 15,
    "tests/ml/steps/test_card.py": 14,
    "tests/ml/data/test_s3.py": 13,
    "tests/emulator/tracking/test_mlflow_e2e.py": 12,
    "tests/infra/test_infra_properties.py": 12,
    "tests/infra/test_infra_retraining.py": 12,
    "tests/ml/steps/test_own_data.py": 11,
    "tests/emulator/sweeps/test_sweep_e2e.py": 11,
    "tests/scoring/test_workers.py": 11,
    "tests/emulator/machinelearning/test_client.py": 11,
    "tests/emulator/pipelines/test_pipeline_lifecycle.py": 11,
    "tests/ml/kept/test_erase.py": 11,
    "tests/emulator/pipelines/test_pipeline_values.py": 11,
    "tests/emulator/containerinstance/test_groups.py": 10,
    "tests/emulator/sweeps/test_sweeps.py": 10,
    "tests/ml/steps/test_train.py": 10,
    "tests/ml/scheduled/test_schedules_e2e.py": 10,
    "tests/emulator/kubernetes/running/test_pods_running.py": 10,
    "tests/emulator/pipelines/test_pipeline_refused.py": 10,
    "tests/emulator/core/test_hostile_input.py": 9,
    "tests/ml/forget/test_forget.py": 9,
    "tests/scoring/test_http.py": 9,
    "tests/benchmarks/test_serving.py": 7,
    "tests/scoring/test_window.py": 7,
}


def place(nodeid: str) -> int:
    """What to sort a test by; tests of one place stay in their order."""
    return -SECONDS.get(nodeid.split("::", 1)[0], 0)
