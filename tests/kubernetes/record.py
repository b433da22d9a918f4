"""``python -m tests.kubernetes.record NEEDS``: writes tests/emulator/kubernetes/recorded/ anew.

NEEDS: `api` (with `python -m tools.kubernetes --control-plane -- ...`) or `node`. Read the diff: it is what
the emulator will be held to.
"""

from __future__ import annotations

import sys

from tests.emulator.kubernetes.behaviours import FOLDER, Recorded, over_http, run
from tests.emulator.kubernetes.scenarios import SCENARIOS
from tests.emulator.kubernetes.scenarios_node import NODE_SCENARIOS
from tests.kubernetes.client import from_kubeconfig
from tests.kubernetes.image import placeholders

if __name__ == "__main__":
    (needs,) = sys.argv[1:]
    FOLDER.mkdir(exist_ok=True)
    given = placeholders() if needs == "node" else {}
    with from_kubeconfig() as client:
        for one in (*SCENARIOS, *NODE_SCENARIOS):
            if one.needs == needs:
                made = Recorded(one.name, one.about, one.needs)
                made.steps = run(one.steps, over_http(client), given)
                if made.steps[0][1]["status"] != 201:
                    sys.exit(f"{one.name} was asked here before: record with a fresh cluster")
                made.write()
                print(f"{one.name}: {len(made.steps)} steps")
