"""A pytest plugin: what failed is told once for each cause, however many tests failed of it.

One forgotten place can make a hundred tests fail. Their tracebacks would be thousands of lines, in which the
one that names the place is not found. Runs with `--tb=no -rN`, so that nothing else tells it.
"""

from __future__ import annotations

from typing import Any, Final

MOST_CAUSES: Final = 12
# Lines of one cause: the difference of two graphs has thousands. It begins with what is wrong, and ends
# with what to do.
FIRST_LINES: Final = 26
LAST_LINES: Final = 4
failed: dict[str, list[str]] = {}


def cause(report: Any) -> str:
    """What the exception says; of one that says nothing, also what was logged and written before it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:  # a file that cannot be imported: pytest marks what the exception said
        whole = str(report.longrepr).strip()
        return "\n".join(line[1:].strip() for line in whole.splitlines() if line.startswith("E ")) or whole
    said = str(crash.message).strip()
    if said.startswith("SystemExit") or said == "AssertionError":
        written = (report.caplog, report.capstderr)
        said = "\n".join(
            [f"{said} at {crash.path}:{crash.lineno}", *(text.strip() for text in written if text)]
        )
    return said


def pytest_runtest_logreport(report: Any) -> None:
    if report.failed:
        failed.setdefault(cause(report), []).append(report.nodeid)


def pytest_collectreport(report: Any) -> None:
    if report.failed:
        failed.setdefault(cause(report), []).append(report.nodeid)


def lines() -> list[str]:
    """The causes of most failures come first."""
    found: list[str] = []
    told = sorted(failed.items(), key=lambda one: -len(one[1]))
    for said, tests in told[:MOST_CAUSES]:
        first = tests[0] if len(tests) == 1 else f"{len(tests)} tests, the first is {tests[0]}"
        told_of_it = said.splitlines()
        more = len(told_of_it) - FIRST_LINES - LAST_LINES
        if more > 0:
            told_of_it[FIRST_LINES:-LAST_LINES] = [f"… {more} lines more …"]
        found += ["", f"{first}:", *(f"    {line}" for line in told_of_it)]
    if len(told) > MOST_CAUSES:
        found += ["", f"{len(told) - MOST_CAUSES} causes more, perhaps of the same mistake"]
    return [*found, "", "`python -m pytest TEST` shows all of one."] if told else []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in lines():
        terminalreporter.write_line(line)
