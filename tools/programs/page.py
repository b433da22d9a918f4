"""The page of results."""

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

from tools.programs.life import Result

HEAD = """# Public programs
Written by `python -m tools.programs FOLDER --page docs/emulator/programs.md`: the public Pulumi programs of
github.com/pulumi/examples (`azure-py-*`, `classic-azure-py-*`; not kept here), each copied, given values for
its settings and an emulator of its own, then `up`, `up` again without a change, `refresh` without a change,
`destroy`, and nothing left. They ran with pulumi-azure-native {sdk}, whatever their requirements pin.

{counts}.

| program | result | why |
|---|---|---|
"""


def text(results: Sequence[Result]) -> str:
    """The whole page."""
    counts = Counter(result.verdict for result in results)
    told = f"{len(results)} programs: " + ", ".join(
        f"{number} {name}" for name, number in counts.most_common()
    )
    head = HEAD.format(sdk=version("pulumi-azure-native"), counts=told)
    rows = (f"| {one.program} | {one.verdict} | {_cell(one)} |\n" for one in results)
    return head + "".join(rows)


def _cell(result: Result) -> str:
    reason = result.reason.replace("|", "\\|").replace("\n", " ")
    return f"{result.step}: {reason}" if result.step and reason else reason
