"""The end of the demo's story: the command that goes back, and what the page says of it."""

from typing import Any

from demo import going_back


def test_production_goes_back_and_the_page_says_how_fast() -> None:
    steps: list[dict[str, Any]] = []

    def run(title: str, *command: str, as_: tuple[str, ...]) -> str:
        assert command[:2] == ("mlops", "rollback")
        assert as_ == ("--workflow", "ci")
        steps.append({"title": title, "seconds": 2.34})
        return '{"serving": {"revision": "rev-<1>"}}'

    back = going_back.gone_back(run, steps, as_=("--workflow", "ci"))
    assert back == {"revision": "rev-<1>", "seconds": 2.34}
    page = going_back.shown({"rollback": back})
    assert "rev-&lt;1&gt;" in page
    assert "2.3 s" in page
    assert going_back.shown({}) == ""
