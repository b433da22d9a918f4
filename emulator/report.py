"""The status as text."""

from __future__ import annotations

from typing import Any


def status_text(found: dict[str, Any]) -> str:
    """A few lines for a person."""
    ports = ", ".join(f"{name} {port}" for name, port in found["ports"].items())
    lines = [
        f"Azure on loopback runs: pid {found['pid']}, for {found['seconds']:.0f} s ({ports})",
        f"state: {found['home']}",
        _table("resources", {name: str(count) for name, count in found["resources"].items()}),
        _table(
            "soft-deleted vaults",
            {one["name"]: f"kept until {one['kept_until']}" for one in found["soft_deleted"]},
        ),
        _table("event subscriptions", {_name(one["subscription"]): _numbers(one) for one in found["events"]}),
        _table("jobs and containers", {one["name"]: f"pid {one['pid']}" for one in found["processes"]}),
        _table(
            "refused hosts",
            {one["name"]: f"{one['count']} times, last {one['last']}" for one in found["refused_hosts"]},
        ),
        _table("refused calls", {one["name"]: _refused(one) for one in found["refused_calls"]}),
    ]
    return "\n".join(lines)


def _refused(one: dict[str, Any]) -> str:
    """How often and when, and what of the call is not emulated."""
    what = f": {one['what']}" if one.get("what") else ""
    return f"{one['count']} times, last {one['last']}{what}"


def _name(subscription_id: str) -> str:
    """Topic and subscription."""
    return "/".join(subscription_id.split("/")[-3::2])


def _numbers(one: dict[str, Any]) -> str:
    return ", ".join(
        f"{end.replace('_', '-')} {number}" for end, number in one.items() if end != "subscription"
    )


def _table(title: str, rows: dict[str, str]) -> str:
    if not rows:
        return f"{title}: none"
    width = max(map(len, rows))
    return "\n".join([f"{title}:", *(f"  {name:<{width}}  {value}" for name, value in rows.items())])
