"""The steps, as data: a person's commands, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

QUIET: Final = ("--non-interactive", "--color", "never")
When = Literal["well", "always"]


@dataclass(frozen=True, slots=True)
class Step:
    """key: its name in the report. argv: {env}, {out} and {release} are filled in.

    proves: what is seen by it that no machine without Azure can show, in words. needs: keys of steps that
    have to have ended well. when: `always` is run whatever failed since `up` began: it takes away what costs
    money.
    """

    key: str
    argv: tuple[str, ...]
    proves: str
    needs: tuple[str, ...] = ()
    when: When = "well"


STEPS: Final = (
    Step(
        "stack",
        ("pulumi", "stack", "--stack", "{env}", "--show-name", "--non-interactive"),
        "the bootstrap's state, and that whoever is signed in may open it",
    ),
    Step(
        "doctor",
        ("mlops", "doctor", "--env", "{env}", "--json"),
        "the subscription's quotas, providers, sizes and names",
        ("stack",),
    ),
    Step(
        "up",
        ("pulumi", "up", "-s", "{env}", "--yes", "--skip-preview", *QUIET),
        "that Azure takes each body, and how long it takes to make them",
        ("doctor",),
    ),
    Step(
        "unchanged",
        ("pulumi", "preview", "-s", "{env}", "--refresh", "--expect-no-changes", *QUIET),
        "that what Azure keeps is what it was given",
        ("up",),
    ),
    Step(
        "train",
        ("mlops", "train", "--env", "{env}", "--json"),
        "the training image, nodes in the network, mounts, how late grants are",
        ("up",),
    ),
    Step(
        "deploy",
        ("mlops", "deploy", "--env", "{env}", "--json"),
        "builds by the registry's agents, the container group, the way through the gateway",
        ("train",),
    ),
    Step(
        "score",
        ("mlops", "score", "--env", "{env}", "--rows", "300", "--json"),
        "answers through the gateway, by its own clock",
        ("deploy",),
    ),
    Step(
        "release-test",
        ("mlops", "release", "test", "{release}", "--env", "{env}", "--json"),
        "throughput and latency of a real gateway, cores and memory of a real container",
        ("deploy",),
    ),
    Step(
        "monitor",
        ("mlops", "monitor", "--env", "{env}", "--to", "{out}/monitor.html", "--json"),
        "how late telemetry is, whether queries and alerts are taken",
        ("score",),
    ),
    Step(
        "undeploy",
        ("mlops", "undeploy", "--env", "{env}", "--workspace", "--json"),
        "that nothing holds what is taken away",
        when="always",
    ),
    Step(
        "destroy",
        ("pulumi", "destroy", "-s", "{env}", "--yes", "--skip-preview", *QUIET),
        "the order in which Azure lets go",
        when="always",
    ),
)
