"""Draws the page's pictures in the style of model cards. A picture of nothing is none."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from ml.quality.report import DailyReport
from ml.steps.card.drawing import INK, MAIN, SECOND, SOFT, WARN, Picture, canvas, picture, style
from ml.watch.facts import Block, Psi, Quality, Took, Traffic, Unread, Windows

MOST_FEATURES: Final = 12
BARS: Final = 100  # at the most; then longer blocks are drawn
HOURS: Final = (1, 3, 6, 12, 24)  # how long a drawn block may be
DRIFTED_PSI: Final = 0.2  # as it is usually read: from here on features have moved much


Span = tuple[dt.datetime, dt.datetime]
"""What the time axis of a picture reaches from and to: gaps of what is drawn are seen."""


def operations(traffic: Traffic, span: Span) -> list[Picture]:
    """Requests, latency and outliers over time."""
    with style():
        drawn = [
            _requests(traffic.blocks, span),
            _latency(traffic.took, span),
            _outliers(traffic.blocks, span),
        ]
    return [one for one in drawn if one is not None]


def drift(quality: Quality | Unread, windows: Windows | Unread) -> Picture | None:
    """Features by days: by the daily reports, else by the service's windows."""
    with style():
        if isinstance(quality, Quality) and (values := of_reports(quality.reports)):
            marks = {
                (report.date, one.name): one.status[0]
                for report in quality.reports
                for one in report.features
                if one.status in ("drifted", "broken", "season")
            }
            return _map(values, marks, "by daily report")
        if isinstance(windows, Windows) and windows.values:
            return _map(windows.values, {}, "by the service's windows")
    return None


def quality(reports: tuple[DailyReport, ...], span: Span) -> Picture | None:
    """ROC AUC by day: estimated, measured, and what the test rows had."""
    with style():
        return _quality(reports, span)


def of_reports(reports: Iterable[DailyReport]) -> list[Psi]:
    return [
        Psi(day=report.date, feature=one.name, psi=one.psi) for report in reports for one in report.features
    ]


def hourly(blocks: tuple[Block, ...]) -> list[Block]:
    """Sums over blocks of one of HOURS, the shortest that makes no more than BARS of the whole time."""
    if not blocks:
        return []
    whole = (blocks[-1].at - blocks[0].at) / dt.timedelta(hours=1)
    hours = next((each for each in HOURS if whole / each <= BARS), HOURS[-1])
    sums: dict[dt.datetime, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for block in blocks:
        seconds = block.at.timestamp() // (hours * 3600) * hours * 3600
        at = dt.datetime.fromtimestamp(seconds, dt.UTC)
        for name in ("requests", "failed", "away", "rows", "outliers"):
            sums[at][name] += getattr(block, name)
    return [Block(at=at, **values) for at, values in sorted(sums.items())]


def _legend(figure: Any) -> None:
    """Below the axes: within them it would hide what is drawn."""
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)


def _dates(axes: Any, span: Span) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.set_xlim(*span)
    locator = AutoDateLocator(maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _requests(blocks: tuple[Block, ...], span: Span) -> Picture | None:
    bars = hourly(blocks)
    if not any(one.requests for one in bars):
        return None
    width = min((b.at - a.at for a, b in itertools.pairwise(bars)), default=dt.timedelta(hours=1))
    figure, axes = canvas(2.6)
    times, without = [one.at for one in bars], [one.failed + one.away for one in bars]
    answered = [one.requests - lost for one, lost in zip(bars, without, strict=True)]
    axes.bar(times, answered, width=width, align="edge", color=MAIN, label="scored")
    axes.bar(times, without, width=width, align="edge", bottom=answered, color=WARN, label="no score")
    axes.set(title=f"Requests in {width / dt.timedelta(hours=1):g} h")
    _legend(figure)
    _dates(axes, span)
    total = sum(one.requests for one in bars)
    return picture(figure, f"Requests over time: {total:,.0f} in all, {sum(without):,.0f} without a score.")


def _latency(took: tuple[Took, ...], span: Span) -> Picture | None:
    if not took:
        return None
    figure, axes = canvas(2.6)
    for name, colour, label in (("p95_ms", SECOND, "95 of 100"), ("median_ms", MAIN, "half")):
        # Beyond the last class no figure is known: the line breaks there.
        values = [getattr(one, name) or math.nan for one in took]
        axes.plot([one.at for one in took], values, color=colour, marker=".", markersize=4, label=label)
    axes.set(title="Milliseconds of a score, at most")
    axes.set_ylim(bottom=0)
    _legend(figure)
    _dates(axes, span)
    last = took[-1].p95_ms
    said = "more than a second" if last is None else f"at most {last:g} milliseconds"
    return picture(figure, f"Latency over time; lately 95 of 100 scores took {said}.")


def _outliers(blocks: tuple[Block, ...], span: Span) -> Picture | None:
    bars = [one for one in hourly(blocks) if one.rows]
    if not bars:
        return None
    figure, axes = canvas(2.6)
    shares = [100 * one.outliers / one.rows for one in bars]
    axes.plot([one.at for one in bars], shares, color=MAIN, marker=".", markersize=4)
    axes.set(title="Rows unlike the training rows, %", ylim=(0, max(5.0, *shares) * 1.1))
    _dates(axes, span)
    return picture(figure, f"Share of outliers over time, lately {shares[-1]:.1f}%.")


def _map(values: Iterable[Psi], marks: dict[tuple[dt.date, str], str], source: str) -> Picture:
    found = {(one.day, one.feature): one.psi for one in values}
    days = sorted({day for day, _ in found})
    most = {name: max(psi for (_, n), psi in found.items() if n == name) for _, name in found}
    features = sorted(most, key=lambda name: -most[name])[:MOST_FEATURES]
    figure, axes = canvas(0.9 + 0.24 * len(features))
    cells = [[found.get((day, name), math.nan) for day in days] for name in features]
    drawn = axes.imshow(cells, aspect="auto", cmap="YlOrRd", vmin=0, vmax=max(DRIFTED_PSI * 2, 1e-9))
    axes.set_xticks(range(len(days)), [f"{day:%d %b}" for day in days], fontsize=8, rotation=45, ha="right")
    axes.set_yticks(range(len(features)), features, fontsize=8)
    axes.grid(False)
    for row, name in enumerate(features):
        for column, day in enumerate(days):
            if mark := marks.get((day, name)):
                axes.text(column, row, mark, ha="center", va="center", color=INK, fontsize=8)
    figure.colorbar(drawn, ax=axes, label="PSI", extend="max")
    axes.set(title=f"Drift by feature, {source}")
    moved = ", ".join(f"{name} {most[name]:.2f}" for name in features[:3])
    return picture(figure, f"Population stability index by feature and day; most moved: {moved}.")


def _quality(reports: tuple[DailyReport, ...], span: Span) -> Picture | None:
    figure, axes = canvas(3.0)
    drawn = 0
    kinds = (("estimated", MAIN, "o", "estimated, before labels"), ("measured", SECOND, "s", "by labels"))
    for number, (name, colour, marker, label) in enumerate(kinds):
        points = [
            (dt.datetime.combine(report.date, dt.time(8 + 8 * number), dt.UTC), value)
            for report in reports
            if (value := roc_auc(report, name)) is not None
        ]
        if not points:
            continue
        drawn += 1
        middle = [value.value for _, value in points]
        below = [max(0.0, value.value - value.low) for _, value in points]
        above = [max(0.0, value.high - value.value) for _, value in points]
        axes.errorbar(
            [at for at, _ in points],
            middle,
            yerr=[below, above],
            color=colour,
            marker=marker,
            markersize=4,
            elinewidth=1.2,
            label=label,
        )
    if not drawn:
        return None
    reference = reports[-1].reference.get("roc_auc")
    if reference is not None:
        axes.axhline(reference, color=SOFT, linestyle="--", linewidth=1, label="the model's test rows")
    axes.set(title="ROC AUC by day, with 95% intervals")
    _legend(figure)
    _dates(axes, span)
    return picture(figure, "ROC AUC by day, estimated and measured, beside that of the test rows.")


def roc_auc(report: DailyReport, kind: str) -> Any:
    """The `estimated` or `measured` value of a report; None where it has none."""
    if kind == "estimated":
        return report.estimated.get("roc_auc")
    return report.measured.metrics.get("roc_auc") if report.measured else None
