"""The end of the story: all of production's requests go back to the release before, and how fast."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any, Final

REASON: Final = "the demo shows how long it takes"


def gone_back(run: Callable[..., str], steps: list[dict[str, Any]], **who: Any) -> dict[str, Any]:
    """Run the command, as `who`; the revision that has all requests then, and the seconds until that.

    From the command's start to its end: the weights are set before, and the emulator's gateway has them with
    the next request. steps: what `run` writes down, the last one this.
    """
    command = ("mlops", "rollback", "--env", "prod", "--reason", REASON, "--json")
    said = json.loads(run("all requests go back at once", *command, **who))
    return {"revision": said["serving"]["revision"], "seconds": steps[-1]["seconds"]}


def shown(found: dict[str, Any]) -> str:
    """For the page; nothing where production did not go back."""
    back = found.get("rollback")
    if not back:
        return ""
    revision = html.escape(str(back["revision"]))
    return (
        f"<h2>Going back</h2><p><code>mlops rollback</code>: all requests were with <code>{revision}</code> "
        f"again {back['seconds']:.1f} s after the command was given.</p>"
    )
