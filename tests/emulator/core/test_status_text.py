"""The status as a person reads it."""

from __future__ import annotations

from typing import Any

from emulator.report import status_text


def test_a_refused_call_says_what_of_it_is_not_emulated() -> None:
    refused = {
        "name": "alert rule nodes-busy",
        "what": "metrics of managedClusters",
        "count": 2,
        "first": "2026-11-30T20:00:00+00:00",
        "last": "2026-11-30T21:00:06+00:00",
    }
    found: dict[str, Any] = {
        "pid": 1,
        "seconds": 2.0,
        "ports": {},
        "home": "here",
        "resources": {},
        "soft_deleted": [],
        "events": [],
        "processes": [],
        "refused_hosts": [],
        "refused_calls": [refused, {**refused, "name": "GET /", "what": ""}],
    }
    assert status_text(found).splitlines()[-2:] == [
        "  alert rule nodes-busy  2 times, last 2026-11-30T21:00:06+00:00: metrics of managedClusters",
        "  GET /                  2 times, last 2026-11-30T21:00:06+00:00",
    ]
