"""Where the emulator's API server is known to answer otherwise than was recorded: scenario -> why -> steps.

A row goes when the emulator answers as recorded (`make test-all` says so); a new one needs its reason.
"""

from __future__ import annotations

from typing import Final

_REFUSED = "what is not emulated is refused by that name (501), not as if it did not exist"
_WORDS = "other words for the same refusal"
_DETAILS = "`details` of a refusal that has none is left out, not empty"
_EMPTY = "a map whose last entry went stays as an empty one"
_SCALE = "the owner of `replicas` that /scale leaves: the real one leaves none where there was none"
_ALLOWED = "not refused yet"

DIFFERING: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "applying": {
        _SCALE: ("after-scale", "null-replicas"),
        _WORDS: ("unknown", "unknown-strict", "untyped", "env-twice"),
        "a wrong type is 400; the real one answers 500": ("wrong-type",),
    },
    "defaults": {
        "healthCheckNodePort of a balancer with local traffic is missing": ("service-balancer",),
        "pods get no token of the API server: none would open anything": ("pod",),
    },
    "invalid": {
        _WORDS: ("name", "sleep", "budget-both", "policy-type"),
        "only the first of several causes": ("no-selector", "token", "scaler-none", "policy-block"),
        "refused; the real one warns and takes it for 1": ("grace",),
        _ALLOWED: ("service-policy", "scaler-metric"),
    },
    "objects": {_WORDS: ("other-kind", "delete-other", "wrong-dry-run")},
    "parts": {
        "ipMode of a balancer's address is not defaulted": (
            "service-status",
            "service-told",
            "status-ignored",
        ),
        _REFUSED: ("no-status",),
    },
    "patching": {
        _EMPTY: (
            "merge-null",
            "strategic",
            "strategic-delete",
            "strategic-order",
            "strategic-retain",
            "json",
        ),
        _DETAILS: ("json-test", "json-path"),
        _WORDS: ("json-operation", "json-object", "merge-text", "merge-array", "strategic-text"),
        "404; the real one sees the other name first": ("renamed",),
        "a wrong type is 400; the real one answers 422": ("wrong-type",),
    },
    "pod-security": {_WORDS: ("root",)},
    "production": {
        "healthCheckNodePort of a balancer with local traffic is missing": (
            "Service-rev-0123456789abcdef-first",
            "Service-rev-0123456789abcdef-again",
        ),
        _SCALE: ("after",),
    },
    "reading": {
        _EMPTY: ("c", "unlabelled"),
        _WORDS: ("labels-bad", "page-bad", "watch-bad"),
        _ALLOWED: ("version-bad", "accept"),
        "counts in a table are integers": ("table", "table-deployment"),
        "a watch goes on from any version since the start": ("watch-expired",),
    },
    "requests": {
        _WORDS: ("no-json", "empty", "yaml", "patch-type"),
        _DETAILS: ("method", "put-collection"),
        _REFUSED: ("no-resource", "no-version", "no-subresource"),
        "duplicate keys are not noticed": ("twice-strict", "twice-warn"),
    },
}


def known(scenario: str) -> set[str]:
    """The steps of a scenario that may differ."""
    return {step for steps in DIFFERING.get(scenario, {}).values() for step in steps}
