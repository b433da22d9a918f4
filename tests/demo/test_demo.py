"""The demo's own parts: what it runs, how it tells of failures, what it promises."""

import sys
from ast import literal_eval
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from demo import __main__ as demo
from demo import checks
from demo.phases import Phase, phases
from demo.runner import Screen, environment_for, run
from tests.infra.settings import settings_of


def console(file: StringIO | None = None) -> Console:
    return Console(file=file or StringIO(), width=80)


def screen(file: StringIO | None = None) -> Screen:
    return Screen(console(file))


def phase(code: str, show: str = "nothing") -> Phase:
    return Phase(
        "title", "shown command", (sys.executable, "-c", code), "all" if show == "all" else "nothing"
    )


def test_a_phase_keeps_all_that_was_printed(tmp_path: Path) -> None:
    seen = screen()
    found = run(
        phase("print('one'); print('two')"), tmp_path / "a.log", seen, environment_for(seen.console), tmp_path
    )
    assert (found.exit_code, found.output) == (0, "one\ntwo\n")
    assert (tmp_path / "a.log").read_text() == "one\ntwo\n"
    assert found.seconds > 0


def test_what_the_demo_writes_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first phase writes a log before the emulator makes its home."""
    monkeypatch.setenv("EMULATOR_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.argv", ["demo"])
    monkeypatch.setattr(demo, "parts", lambda: iter([[phase("raise SystemExit(3)")]]))
    assert demo.main() == 1
    folders = [path for path in (tmp_path / "home", *(tmp_path / "home").rglob("*")) if path.is_dir()]
    assert (tmp_path / "home" / "logs" / "demo") in folders
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o700"}


def test_a_failure_names_command_code_and_log(tmp_path: Path) -> None:
    written = StringIO()
    seen = screen(written)
    broken = phase("import sys; print('why'); sys.exit(7)", "all")
    found = run(broken, tmp_path / "b.log", seen, environment_for(seen.console), tmp_path)
    demo.failure(found, seen.console)
    said = written.getvalue()
    assert "why" in said
    assert f"`shown command` exited with 7; all of it: {tmp_path / 'b.log'}" in said


PULUMI = """Updating (stage):
     +  azure-native:network:Subnet network-training creating (0s)
     +  azure-native:network:Subnet network-training created (0.03s)
Resources:
    + 65 created
    2 unchanged
Duration: 10s
"""
MLOPS = """\x1b[1;36m>\x1b[0m training environment
  build | Step 1/7 : FROM python
  build |  + azure-core==1.41.0
  card: Running
  card | maximum_calibration_error: 0.0193 against 0.04: holds
  card: Completed
  warning: no browser could be opened
registered credit-default:1
"""


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (PULUMI, ["    + 65 created", "    2 unchanged", "Duration: 10s"]),
        (
            MLOPS,
            [
                "> training environment",
                "  card: Completed",
                "  warning: no browser could be opened",
                "registered credit-default:1",
            ],
        ),
    ],
)
def test_where_nobody_watches_a_step_is_a_line_and_the_log_has_all(
    tmp_path: Path, output: str, shown: list[str]
) -> None:
    written = StringIO()
    seen = screen(written)
    run(
        phase(f"print({output!r}, end='')"), tmp_path / "c.log", seen, environment_for(seen.console), tmp_path
    )
    assert [
        line.removeprefix("    ").rstrip() for line in written.getvalue().splitlines() if line.strip()
    ] == shown
    assert (tmp_path / "c.log").read_text() == output


def test_without_an_error_of_its_own_the_last_lines_are_shown(tmp_path: Path) -> None:
    seen = screen()
    code = "print('\\n'.join(f'step {number}' for number in range(100))); raise SystemExit(1)"
    found = run(phase(code), tmp_path / "e.log", seen, environment_for(seen.console), tmp_path)
    assert found.problem.splitlines() == [f"step {number}" for number in range(60, 100)]


@pytest.mark.parametrize("begin", ["Diagnostics:", "error: no such stack"])
def test_an_error_is_shown_in_full(tmp_path: Path, begin: str) -> None:
    lines = [*(f"step {number}" for number in range(100)), begin, *(f"line {number}" for number in range(60))]
    seen = screen()
    code = f"print({chr(10).join(lines)!r}); raise SystemExit(1)"
    found = run(phase(code), tmp_path / "d.log", seen, environment_for(seen.console), tmp_path)
    assert found.problem.splitlines() == lines[100:]


def test_only_a_stack_of_which_something_is_kept_recovers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    names = settings_of("stage").names()
    vault, gateway = names.of("key_vault"), names.of("gateway")
    stage = f"/subscriptions/0A7C1E5D-0000-4000-8000-00000000000a/resourceGroups/g/providers/x/vaults/{vault}"
    monkeypatch.setattr(checks, "status", lambda: {"soft_deleted": [{"id": stage}, {"id": f"/x/{gateway}"}]})
    found = checks.to_recover()
    assert found["stage"] == ("recoverKeyVault", "recoverGateway") and not found["prod"]
    ups = [one for one in phases(found) if "up" in one.argv]
    for setting in ("recoverKeyVault", "recoverGateway"):
        recovered = [f"mlops-estate:{setting}=true" in one.argv for one in ups]
        assert recovered == [True, *(False for _ in ups[1:])]


def test_a_refused_host_and_a_changed_stack_file_break_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "status", lambda: {"refused_hosts": [{"name": "example.com"}]})
    before = {**checks.fingerprints(), "Pulumi.prod.yaml": "other"}
    assert checks.broken_promises(before) == [
        "a call to a host outside was refused: example.com",
        "Pulumi.prod.yaml was changed",
    ]
    monkeypatch.setattr(checks, "status", lambda: {"refused_hosts": []})
    assert checks.broken_promises(checks.fingerprints()) == []


def test_the_promoter_is_named_from_the_first_up_on_and_the_key_before_the_gateway_is_shut() -> None:
    every = {one.key: one for one in phases(promoter="an-id")}
    for key in ("stage", "prod open", "prod"):
        assert "mlops-estate:releases.promoterId=an-id" in every[key].argv, key
    assert every["prod"].after == ("prod key",) and every["prod key"].after == ("prod open",)
    assert not any("promoterId" in word for one in phases() for word in one.argv)


def test_a_command_is_told_of_the_phases_before_it(tmp_path: Path) -> None:
    """When the rows were scored, and which release was deployed: the last that its output names."""
    with screen() as seen:
        told = demo.Performed(seen, tmp_path, [])
        said = "print('r-0123456789abcdef'); print('release  r-fedcba9876543210')"
        told(replace(phase(said), key="deploy"))
        echo = replace(phase("import sys; print(sys.argv[1:])"), since="deploy", release="deploy")
        words = literal_eval(told(echo).output)
    assert words[0] == "--since" and datetime.fromisoformat(words[1]).tzinfo is not None
    assert words[2:] == ["r-fedcba9876543210"]
