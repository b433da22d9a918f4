"""docs/emulator/outputs.md: which outputs and functions of the SDK have no value here, from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator.arm import catalog, computed
from emulator.home import REPOSITORY
from emulator.provider.actions import ACTIONS
from emulator.provider.refused_functions import REFUSED

PAGE = REPOSITORY / "docs" / "emulator" / "outputs.md"
HEAD = """# Outputs and functions
Written by `make docs` from the tables `computed.py` of the services and from
emulator/provider/actions.py and refused_functions.py; a test fails when it is stale.

What Azure computes of a resource (host names, times, counts, what uses it) is computed here too, for
each kept type; a test puts one of each type and holds its outputs to what the SDK says is always there.
Named below is what is left out all the same. Pulumi reads it as `None`.

A function that is refused is refused before Azure is asked, so in the preview. Where its arguments are
not known yet, Pulumi asks nobody before `up`: then `python -m emulator run -- pulumi preview` warns of
each such function that the Python files of another project's program name.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    parts += ["## Not computed", "Azure gives a value; a warning says so when such a resource is made.", ""]
    parts += _types("NOT_COMPUTED")
    parts += ["", "## Left out", "Nearly all of it as Azure does; the reason stands behind it.", ""]
    parts += _types("ABSENT")
    parts += ["", "## Functions that are answered", "Besides the reading of every kept type (`get…`).", ""]
    parts += [f"- `{module}`: {', '.join(names)}" for module, names in _modules(ACTIONS)]
    parts += ["", "## Functions that are refused", ""]
    by_advice: dict[str, list[str]] = {}
    for token, advice in REFUSED.items():
        by_advice.setdefault(advice, []).append(token)
    for advice, tokens in sorted(by_advice.items()):
        parts.append(f"- {', '.join(f'`{token}`' for token in sorted(tokens))}: {advice}")
    return "\n".join(parts) + "\n"


def _types(name: str) -> Iterator[str]:
    for kind, rows in sorted(computed.tables(name).items()):
        row = catalog.find(kind.replace("{recordtype}", "a"))
        by_reason: dict[str, list[str]] = {}
        for place, reason in rows.items():
            by_reason.setdefault(str(reason), []).append(f"`{place}`")
        reasons = (f"{', '.join(places)} ({reason})" for reason, places in by_reason.items())
        yield f"- `{row.arm_type if row else kind}`: {'; '.join(reasons)}"


def _modules(tokens: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for token in sorted(tokens):
        module, _, name = token.partition(":")
        found.setdefault(module, []).append(f"`{name}`")
    yield from found.items()
