"""The order in which workers take the test files: those that take long first.

`--dist loadfile` gives a worker the next file when it has nearly done its own. Where a long file comes last,
one worker runs it while the others have nothing left to do; files of few, long tests, the end-to-end ones,
are what it would take last by itself. The figures are about the CPU seconds of each file on one machine on
2026-11-29, some measured and some judged from what the file starts; they are only compared with each other. A
file that is not in the table counts as short.
"""

from __future__ import annotations

from typing import Final

SECONDS: Final = {
    "tests/e2e/test_estate.py": 200,
    "tests/emulator/programs/test_programs.py": 100,
    "tests/emulator/provider/test_engine.py": 90,
    "tests/e2e/test_lost_answers.py": 64,
    "tests/e2e/test_kill.py": 60,
    "tests/emulator/machinelearning/test_client.py": 60,
    "tests/emulator/sweeps/test_sweep_e2e.py": 50,
    "tests/e2e/test_secrets.py": 45,
    "tests/emulator/core/test_lifecycle.py": 40,
    "tests/ml/steps/test_components.py": 35,
    "tests/emulator/tracking/test_mlflow_e2e.py": 30,
    "tests/ml/steps/test_own_data.py": 30,
    "tests/e2e/test_bad_input.py": 28,
    "tests/scoring/test_process.py": 25,
    "tests/ml/steps/test_lives.py": 25,
    "tests/ml/steps/test_card.py": 22,
    "tests/emulator/clients/test_az_commands.py": 20,
    "tests/emulator/clients/test_management_clients.py": 20,
    "tests/emulator/storage/test_storage_e2e.py": 20,
    "tests/ml/data/test_data_e2e.py": 20,
    "tests/emulator/pipelines/test_pipeline_components.py": 20,
    "tests/emulator/pipelines/test_pipeline_values.py": 15,
    "tests/ml/steps/test_registry_client.py": 15,
    "tests/ml/data/test_s3.py": 14,
    "tests/infra/test_infra_graph.py": 13,
    "tests/infra/test_infra_environments.py": 13,
    "tests/infra/test_infra_security.py": 13,
    "tests/scoring/test_drift_power.py": 12,
    "tests/scoring/test_azuremonitor.py": 12,
    "tests/benchmarks/test_load.py": 12,
    "tests/benchmarks/test_page.py": 10,
    "tests/ml/steps/test_card_figures.py": 10,
    "tests/ml/steps/test_tracking.py": 10,
}


def place(nodeid: str) -> int:
    """What to sort a test by; tests of one place stay in their order."""
    return -SECONDS.get(nodeid.split("::", 1)[0], 0)
