"""The results as tables of text: the terminal and the page show the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.scoring.goals import Verdict
from benchmarks.scoring.results import Pair, Results, Served


@dataclass(frozen=True, slots=True)
class Rows:
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    numeric: frozenset[int] = frozenset()


def us(value: float) -> str:
    """Microseconds, in the unit that reads best."""
    if value < 1_000:
        return f"{value:.1f} us"
    return f"{value / 1e3:.2f} ms" if value < 1e6 else f"{value / 1e6:.2f} s"


def per_second(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def goal_rows(verdicts: Sequence[Verdict]) -> Rows:
    rows = [(one.goal.title, one.wanted, one.shown, one.word) for one in verdicts]
    return Rows("Goals", ("what", "goal", "measured", ""), rows, frozenset({1, 2}))


def all_tables(results: Results) -> list[Rows]:
    """Those that the results hold something for."""
    made = (in_process(results), *served(results), memory(results), floor(results), starts(results))
    made = (*made[:1], before(results), compilers(results), *made[1:])
    return [rows for rows in (*made, telemetry(results), soak(results), parts(results)) if rows.rows]


def in_process(results: Results) -> Rows:
    rows = [
        (one.name, f"{one.rows:,}", us(one.p50), us(one.p99), f"{one.runs:,}") for one in results.in_process
    ]
    columns = ("composite", "rows", "p50", "p99", "runs")
    return Rows("In process, JSON bytes to JSON bytes", columns, rows, frozenset({1, 2, 3, 4}))


def before(results: Results) -> Rows:
    """Ours beside the last build without machine code."""
    found = results.before
    title, columns = "Beside the build before, by turns", ("what", "before", "ours", "ours over before")
    if found is None:
        return Rows(title, columns)
    rows = [(f"in process: {name}", *_pair(pair, us)) for name, pair in found.timings.items()]
    rows += [
        (f"requests a second, {number} connections", *_pair(pair, per_second))
        for number, pair in found.rates.items()
    ]
    rows.append(("memory after load", *_pair(found.resident_mb, lambda value: f"{value:.0f} MB")))
    rows.append(("ready after", *_pair(found.ready_s, lambda value: f"{value:.2f} s")))
    return Rows(f"Beside the build before ({found.commit}), by turns", columns, rows, frozenset({1, 2, 3}))


def _pair(pair: Pair, show: Callable[[float], str]) -> tuple[str, str, str]:
    if not pair.before:
        return "", show(median(pair.ours)), ""
    ratios = sorted(one / other for one, other in zip(pair.ours, pair.before, strict=True))
    spread = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return show(median(pair.before)), show(median(pair.ours)), spread


def compilers(results: Results) -> Rows:
    """What evaluates trees, on our graph."""
    title = "What evaluates trees, on our graph, by turns: microseconds a row, and its time over ours"
    sizes = ("1", "24", "4096")
    columns = ("what", *(f"{size} in a call" for size in sizes), "difference", "size")
    ours = next((one for one in results.compilers if one.name == "our machine code" and one.turns), None)
    rows: list[tuple[str, ...]] = []
    for one in results.compilers:
        name = f"{one.name} ({one.version})" if one.version else one.name
        if one.absent is not None:
            rows.append((f"{name}: absent, {one.absent}", "", "", "", "", ""))
            continue
        cells: list[str] = []
        for size in sizes:
            over = ""
            if ours is not None and one is not ours:
                ratios = [mine / other for mine, other in zip(one.turns[size], ours.turns[size], strict=True)]
                over = f" ({median(ratios):.1f})"
            cells.append(f"{median(one.turns[size]):.2f}{over}")
        rows.append((name, *cells, f"{one.difference:.1e}", f"{one.megabytes:.1f} MB"))
    return Rows(title, columns, rows, frozenset({1, 2, 3, 4, 5}))


def served(results: Results) -> list[Rows]:
    """One table for each arrangement of cores."""
    found: list[Rows] = []
    for cores in sorted({one.cores for one in results.served}):
        group = [one for one in results.served if one.cores == cores]
        where = (
            "one core for the server, another one for the load generator"
            if cores == 1
            else f"{cores} cores shared by {group[0].workers} workers and the load generator"
        )
        columns = ("server", "connections", "a second", "p50", "p99", "server's CPU", "generator")
        rows = [row for one in group for row in _served_rows(one)]
        found.append(Rows(f"HTTP, one row a request: {where}", columns, rows, frozenset(range(1, 7))))
    return found


def _served_rows(one: Served) -> list[tuple[str, ...]]:
    title = f"{one.title} ({one.version})" if one.version else one.title
    if one.absent is not None:
        reason = one.absent.splitlines()[0]
        return [(f"{title}: absent, {reason}", "", "", "", "", "", "")]
    return [
        (
            title,
            str(load.connections),
            per_second(load.per_second) + (f" ({load.errors} failed)" if load.errors else ""),
            us(load.p50),
            us(load.p99),
            us(load.server_user + load.server_system),
            f"{load.generator_share:.0%}",
        )
        for load in one.loads
    ]


def memory(results: Results) -> Rows:
    rows = [
        (one.title, f"{one.resident_mb:.0f} MB", f"{one.pss_mb:.0f} MB", f"{one.ready_s:.2f} s")
        for one in results.served
        if one.cores == 1 and None not in (one.resident_mb, one.pss_mb, one.ready_s)
    ]
    columns = ("server", "resident", "proportional", "ready after")
    return Rows("Memory after load and start, one worker", columns, rows, frozenset({1, 2, 3}))


def starts(results: Results) -> Rows:
    rows = [
        (
            one.title,
            f"{one.ready_s:.2f} s",
            f"{one.first_score_s:.2f} s",
            f"{one.resident_mb:.0f} MB",
            f"{one.pss_mb:.0f} MB",
            str(one.starts),
        )
        for one in results.starts
    ]
    columns = ("our service", "ready after", "first score after", "resident", "proportional", "starts")
    return Rows("Start and memory, one worker on one core", columns, rows, frozenset(range(1, 6)))


def floor(results: Results) -> Rows:
    found = results.floor
    title = "Our service and a constant answer by turns, one worker on one core"
    columns = ("server", "a second", "turns", "server's CPU", "ours over the constant")
    if found is None:
        return Rows(title, columns)
    shares = sorted(one / other for one, other in zip(found.ours, found.constant, strict=True))
    spread = f"{median(shares):.1%} ({shares[0]:.1%} to {shares[-1]:.1%})"
    rows = [
        (name, per_second(median(rates)), str(len(rates)), us(spent), share)
        for name, rates, spent, share in (
            ("our service", found.ours, found.server_ours, spread),
            ("the same stack, a constant", found.constant, found.server_constant, ""),
        )
    ]
    return Rows(title, columns, rows, frozenset(range(1, 5)))


def telemetry(results: Results) -> Rows:
    found = results.telemetry
    title = "Telemetry, one worker on one core"
    columns = ("telemetry", "a second", "turns", "server's CPU", "events", "in events", "traces")
    if found is None:
        return Rows(title, columns)

    def arrived(count: int) -> str:
        return f"{count / found.requests:.1%} of the requests" if found.requests else "-"

    off = ("off", per_second(median(found.off)), str(len(found.off)), us(found.server_off), "", "", "")
    on = ("on", per_second(median(found.on)), str(len(found.on)), us(found.server_on))
    rows = [off, (*on, f"{found.events:,}", arrived(found.told), arrived(found.traces))]
    return Rows(title, columns, rows, frozenset(range(1, 7)))


def parts(results: Results) -> Rows:
    rows = [
        (one.name, us(one.us), "" if one.alone is None else us(one.alone), one.how) for one in results.parts
    ]
    columns = ("part", "with others", "alone", "how it is known")
    return Rows("One request of one row", columns, rows, frozenset({1, 2}))


def soak(results: Results) -> Rows:
    found = results.soak
    title, columns = "Overload, open loop", ("what", "measured")
    if found is None:
        return Rows(title, columns)
    rows = [
        ("time", f"{found.seconds:g} s"),
        ("it takes, closed loop", f"{per_second(found.capacity)} a second"),
        ("due", f"{per_second(found.rate)} a second"),
        ("scored", f"{per_second(found.accepted_per_second)} a second"),
        ("refused with 429 or 503", f"{found.refused_share:.1%}"),
        ("not sent, as no connection was free", f"{found.unsent_share:.1%}"),
        ("neither scored nor refused", f"{found.failed:,}"),
        ("p99 as it takes them", us(found.p99_at_capacity)),
        ("p99 of the scored ones", us(found.p99_accepted)),
    ]
    if found.resident_mb:
        rows.append(("memory, begin and end", f"{found.resident_mb[0]:.0f}, {found.resident_mb[-1]:.0f} MB"))
    return Rows(title, columns, rows, frozenset({1}))
