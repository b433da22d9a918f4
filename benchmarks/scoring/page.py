"""docs/benchmarks.md and its pictures, written from the results."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from benchmarks.scoring import charts, tables
from benchmarks.scoring.cache import ROOT
from benchmarks.scoring.goals import Verdict, verdicts
from benchmarks.scoring.results import TOGETHER, Results, write
from benchmarks.scoring.servers import KINDS
from benchmarks.scoring.tables import Rows, us

PAGE = ROOT / "docs" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"
HEAD = """# What a score costs
Prediction, outlier flag and drift in one answer: in process, over HTTP beside other servers, with
telemetry, at the start and under too much load. This page was written by the benchmark; all its figures
come from one run.

```sh
make bench-scoring                      # print the figures, and goals met or not
make bench-scoring ARGS="--quick"       # the short form, for a look
make bench-scoring ARGS="--soak 600 --page"   # the long form, and this page anew
```
"""
METHOD = """## How it is measured
- **The model** is trained by the pipeline's own steps on `data/credit_default.parquet`; requests are real
  test rows, 1,000 different ones in turn. Before a server is loaded its first answer is held against the
  composite's own.
- **In process**: the bytes of a request's JSON in, the bytes of the answer's JSON out.
- **The build before** is the last one without machine code, its `scoring` and its locked packages in an
  environment of their own, loaded with the same rows by turns with ours. Arrow it does not know: its row is
  compared with that build's JSON in columns.
- **What evaluates trees** is measured in an environment with all these libraries, one thread each; each
  evaluates both sums of trees. Where a difference is large, the library takes the model for another one.
- **The naive composite** is the usual design on scikit-learn: a pandas table from the JSON, a
  ColumnTransformer with gradient boosting, an isolation forest, and for each feature a test of the
  request's rows against the 24,000 training rows (14 Kolmogorov-Smirnov, 9 chi-squared). It is written as
  well as the design allows: rows are encoded once for both models, the reference is kept as arrays,
  categories are counted beforehand.
- **HTTP**: every server answers `POST /score` with the same rows. All are started, then loaded in turns,
  several rounds; the table shows the round with the median throughput. On one core the server is pinned to
  the first core and the load generator to the last. With several cores, workers and generator share all of
  them.
- **The constant** is our server's own stack with everything of ours taken out: the same event loop, HTTP
  parser and settings; it reads the body and answers bytes made beforehand. It checks no key and has no
  routes.
- **By turns** means: two services are loaded for a second or two in turns, and the ratio is the median over
  neighbouring turns. A virtual machine's speed changes by half within minutes; it does so for both.
- **The other servers** run in environments of their own (`benchmarks/scoring/peers/*/requirements.txt`,
  hashed), each by its shortest way from bytes to answer, with our composite's own code and artifact. Ours
  checks the caller's key, they do not.
- **The load generator** is `tools/load`, a Go program of a few hundred lines without dependencies that does
  closed and open loops. The column *generator* is the share of one core that it used. `hey`, which is
  better known, took some 130 us of processor time for a request on two busy cores, three times what the
  server of the constant answer took.
- **Telemetry** goes over TLS to a stand-in of the ingestion endpoint on the generator's core, with a
  managed identity; *events* are those that arrived, *in events* the requests whose rows were in them.
- **Resident memory** is that of all of a server's processes, shared pages counted in each; *proportional*
  counts them once.
"""
FLOOR = """## Where the remaining time goes
Requests that come together are answered together, the rows of all in one run of the model. So the parts
are timed in process twice, from a request's bytes to its answer's: *with others* is one of {together}
requests that came in the same turn of the event loop, as they do at the largest number of connections;
*alone* is one that came by itself. Kernel is the processor time at that load, on one core, as far as the
constant answer takes it too and above that. What ours takes in user space above the parts is the event
loop's and left over.
"""


def markdown(rows: Rows, level: str = "###") -> str:
    """A table, with its title as heading."""
    alignment = ["--:" if number in rows.numeric else "---" for number in range(len(rows.columns))]
    lines = [f"{level} {rows.title}", _line(rows.columns), _line(alignment), *map(_line, rows.rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def text(results: Results, pictures: Iterable[str]) -> str:
    """The page. `pictures`: the names of those that were drawn."""
    drawn = set(pictures)

    def picture(name: str) -> str:
        chart = next(chart for chart in charts.CHARTS if chart.name == name)
        return f"![{chart.caption}](images/{name}.svg)\n" if name in drawn else ""

    own = tables.all_tables(results)
    by_title = {rows.title: markdown(rows) for rows in own}

    def table(rows: Rows) -> str:
        return by_title.get(rows.title, "")

    found = verdicts(results)
    parts = [
        HEAD,
        _short(results),
        markdown(tables.goal_rows(found), "##"),
        _summary(found),
        "## In process\n",
        picture("scoring-in-process"),
        table(tables.in_process(results)),
        table(tables.before(results)),
        table(tables.compilers(results)),
        "## Over HTTP\n",
        picture("scoring-throughput"),
        picture("scoring-latency"),
        *(table(rows) for rows in tables.served(results)),
        _notes(results),
        table(tables.memory(results)),
        "## Our service by itself\n",
        table(tables.floor(results)),
        table(tables.starts(results)),
        picture("scoring-telemetry"),
        table(tables.telemetry(results)),
        table(tables.soak(results)),
        picture("scoring-soak"),
        FLOOR.format(together=TOGETHER),
        picture("scoring-parts"),
        table(tables.parts(results)),
        _floor(results),
        METHOD,
        _machine(results),
    ]
    return "\n".join(part for part in parts if part)


def _short(results: Results) -> str:
    if not results.quick:
        return ""
    load = results.machine.get("load before")
    return f"This was a quick run{f' on a machine with {load}' if load else ''}: its figures are rough.\n"


def _summary(found: list[Verdict]) -> str:
    missed = [one for one in found if one.met is False]
    absent = [one for one in found if one.met is None]
    lines = [f"{sum(one.met is True for one in found)} of {len(found)} goals are met."]
    if missed:
        lines.append("Not met: " + "; ".join(f"{one.goal.title} ({one.shown})" for one in missed) + ".")
    if absent:
        lines.append("Not measured in this run: " + "; ".join(one.goal.title for one in absent) + ".")
    return " ".join(lines) + "\n"


def _notes(results: Results) -> str:
    """What is particular about each server that was measured, and what is absent."""
    present = {one.key for one in results.served}
    lines = [f"- {kind.title}: {kind.note}." for kind in KINDS if kind.key in present]
    absent = {one.title: one.absent for one in results.served if one.absent}
    absent |= {f"the section {name}": reason for name, reason in results.problems.items()}
    lines += [f"- {title} could not be measured: {reason}" for title, reason in absent.items()]
    return "\n".join(lines) + "\n" if lines else ""


def _floor(results: Results) -> str:
    """What is left to gain."""
    if (found := results.floor) is None:
        return ""
    total, bottom = found.server_ours, found.server_constant
    known = {part.name: part.us for part in results.parts}
    model = known.get("composite and thresholds")
    share = f" The model itself takes {us(model)} of it." if model else ""
    best, most = median(found.ours), median(found.constant)
    which = "more" if total >= bottom else "less"
    return (
        f"The constant answer of this stack takes {us(bottom)} of processor time for a request, "
        f"{most:,.0f} a second on one core. Our service takes {us(total)}, {best:,.0f} a second: "
        f"{us(abs(total - bottom))} {which}.{share} "
        "The constant goes through uvicorn's parser, a task and ASGI, which a request to score is spared. "
        "The floor below both is the kernel's sockets, the event loop's turn and the JSON of the request.\n"
    )


def _machine(results: Results) -> str:
    rows = [(name, value) for name, value in results.machine.items()]
    rows.append(("the benchmark took", f"{results.seconds / 60:.0f} minutes"))
    return markdown(Rows("The machine", ("", ""), rows), "##")


def write_page(results: Results, page: Path = PAGE, images: Path = IMAGES) -> Path:
    """The page and its pictures."""
    drawn = charts.write(results, images)
    relative = os.path.relpath(images, page.parent)
    content = text(results, drawn)
    write(page, content if relative == "images" else content.replace("(images/", f"({relative}/"))
    return page
