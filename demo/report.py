"""The page of the demo: releases, the canary's curves as a caller saw them, and what each step took."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from demo import going_back

if TYPE_CHECKING:
    from demo.runner import Outcome

WIDTH, HEIGHT, LEFT = 900, 180, 46
PHASES: Final = "phases.json"
SEEN: Final = 4  # so high is the bar of a single failure, at least
PAUSE: Final = 5  # seconds without a request, after which the line begins anew
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #6b7280; --good: #2563eb;
--bad: #dc2626; --line: #e5e7eb }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #14171a; --soft: #9aa4af;
--good: #6ea8fe; --bad: #ff7b72; --line: #2b3138 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
margin: 2rem auto; padding: 0 1rem } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums } code { font-size: .85em; color: var(--soft) }
td:first-child code { white-space: nowrap }
svg { width: 100%; height: auto } svg text { fill: var(--soft); font-size: 11px }
.good { stroke: var(--good) } .bad { fill: var(--bad) } .mark { stroke: var(--soft); stroke-dasharray: 3 3 }
"""


def _curve(found: dict[str, Any]) -> str:
    """Requests a second as a line, failed ones as bars below it, and where each promotion began and ended."""
    lines: list[dict[str, Any]] = found["traffic"]
    if not lines:
        return "<p>No request was sent.</p>"
    first, last = lines[0]["at"], lines[-1]["at"] + 1
    most = max(one["requests"] for one in lines)

    def x(at: float) -> float:
        return LEFT + (at - first) / (last - first) * (WIDTH - LEFT - 10)

    def y(count: float) -> float:
        return HEIGHT - 22 - count / most * (HEIGHT - 40)

    curves = ""
    for run in _runs(lines):
        points = " ".join(f"{x(one['at']):.1f},{y(one['requests']):.1f}" for one in run)
        curves += f'<polyline class="good" fill="none" stroke-width="1.5" points="{points}"/>'
    bars = "".join(
        f'<rect class="bad" x="{x(one["at"]) - 1:.1f}" y="{y(one["failed"]) - SEEN:.1f}" width="3" '
        f'height="{y(0) - y(one["failed"]) + SEEN:.1f}"/>'
        for one in lines
        if one["failed"]
    )
    marks = "".join(
        f'<line class="mark" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="8" y2="{y(0):.1f}"/>'
        f'<text x="{x(at) + 3:.1f}" y="16">{html.escape(words)}</text>'
        for release in found["releases"][1:]
        for at, words in ((max(release["began"], first), release["release"]), (release["ended"], ""))
        if first <= at <= last + PAUSE
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="requests a second, and failed ones">'
        f"{marks}{curves}{bars}"
        f'<text x="0" y="{y(most):.0f}">{most}/s</text><text x="0" y="{y(0):.0f}">0</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 6}">requests of a caller each second; red: failed</text></svg>'
    )


def _runs(lines: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The seconds in which somebody called without a pause."""
    runs: list[list[dict[str, Any]]] = []
    for one in lines:
        if not runs or one["at"] - runs[-1][-1]["at"] > PAUSE:
            runs.append([])
        runs[-1].append(one)
    return runs


def _rows(rows: list[tuple[str, ...]], numbers: frozenset[int] = frozenset()) -> str:
    cells = (
        "".join(f'<td class="{"n" if at in numbers else ""}">{cell}</td>' for at, cell in enumerate(row))
        for row in rows
    )
    return "".join(f"<tr>{row}</tr>" for row in cells)


def _release(release: dict[str, Any]) -> tuple[str, ...]:
    said = release["said"]
    refused = (said.get("error") or {}).get("problem", "")
    end = (
        refused or f"answers all requests; approved by {(said.get('serving') or {}).get('approved_by', '-')}"
    )
    failed = f"{release['failed']} of {release['requests']}" if "requests" in release else "-"
    seconds = f"{release['ended'] - release['began']:.0f} s"
    name = f"<code>{html.escape(release['release'])}</code>"
    return name, html.escape(release["title"]), html.escape(end), failed, seconds


def _took(steps: list[dict[str, Any]]) -> str:
    rows: list[tuple[str, ...]] = [
        (
            html.escape(one["title"]),
            f"<code>{html.escape(one['command'][:120])}</code>",
            f"{one['seconds']:.1f}",
        )
        for one in steps
    ]
    head = "<tr><th>step</th><th>command</th><th>seconds</th></tr>"
    return f"<table>{head}{_rows(rows, frozenset({2}))}</table>"


def keep_phases(logs: Path, outcomes: Sequence[Outcome]) -> None:
    """Write down what the demo's phases took so far, for the page, which one of them writes."""
    rows = [
        {"title": one.phase.title, "command": one.phase.shown, "seconds": one.seconds} for one in outcomes
    ]
    (logs / PHASES).write_text(json.dumps(rows), encoding="utf-8")


def kept_phases(logs: Path) -> list[dict[str, Any]]:
    """What `keep_phases` wrote; nothing where a story was told without a demo."""
    file = logs / PHASES
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def write(found: dict[str, Any], file: Path) -> Path:
    """Write the page; its path."""
    phases: list[dict[str, Any]] = found.get("phases", [])
    before = f"<h2>What the phases before it took</h2>{_took(phases)}" if phases else ""
    head = "<tr><th>release</th><th>what</th><th>how it ended</th><th>failed meanwhile</th><th>took</th></tr>"
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Production</title>'
        f"<style>{STYLE}</style><h1>Production, in this demo</h1>"
        f"<h2>Releases</h2><table>{head}{_rows([_release(one) for one in found['releases']])}</table>"
        f"<h2>What a caller saw</h2>{_curve(found)}{going_back.shown(found)}"
        f"<h2>What each step of production took</h2><p>Stage works on a release while production takes the "
        f"one before.</p>{_took(found['steps'])}{before}</html>"
    )
    file.write_text(page, encoding="utf-8")
    return file
