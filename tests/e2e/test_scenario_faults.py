"""The largest scenario goes up although Azure is busy, cuts connections, and is late with what it grants."""

from pathlib import Path

import pytest

from tests.e2e import endstate
from tests.e2e.scenario import QUIET, standing

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
# A fifth of the answers are 429 or 503, a role works after a minute. Connections are kept, so they are few:
# more of them are cut than one in fifty.
FAULTS = ("--busy", "0.2", "--retry", "1", "--cut", "4", "--late", "60", "--seed", "12")


def test_max_goes_up_under_faults_as_without_them(tmp_path: Path) -> None:
    with standing(tmp_path / "calm", "max") as calm:
        calm.up()
    wanted = endstate.read(calm.world.home)

    with standing(tmp_path / "faulty", "max") as faulty:
        happened = faulty.up(FAULTS)
        faulty.pulumi("up", *QUIET, "--expect-no-changes")
        faulty.pulumi("refresh", *QUIET, "--expect-no-changes")
    assert happened["throttled"] > 20 and happened["unavailable"] > 20 and happened["cut"] > 0, happened
    # Neither missing nor there twice, in Azure and in the state.
    assert wanted.differences(endstate.read(faulty.world.home)) == []
    assert endstate.faults(faulty.world.home) == []
