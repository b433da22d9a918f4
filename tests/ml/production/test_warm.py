"""What a new revision must answer before a caller's request reaches it: against the service itself."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ml.errors import MlopsError
from ml.production import warm

OPENAPI = {
    "components": {
        "schemas": {
            "Record": {
                "properties": {
                    "sex": {"enum": ["female", "male"]},
                    "age": {"type": "integer", "minimum": 21, "maximum": 79},
                    "limit": {"type": "number", "minimum": 0.5},
                }
            }
        }
    }
}
MODEL = {"name": "credit", "version": "3", "digest": "d", "image": "sha256:a"}


class Service:
    """An endpoint; `wrong` replaces one answer."""

    address = "http://10.0.0.1"

    def __init__(self, **wrong: Any) -> None:
        self.wrong, self.scored = wrong, list[Any]()

    def get(self, path: str) -> Any:
        if isinstance(failure := self.wrong.get(path), Exception):
            raise failure
        return SimpleNamespace(status_code=self.wrong.get(path, 200), json=lambda: OPENAPI)

    def score(self, body: Any, key: str | None = None, synthetic: bool = False) -> Any:
        assert synthetic
        if key == "":
            return SimpleNamespace(status_code=self.wrong.get("unsigned", 401))
        self.scored.append(body)
        model = self.wrong.get("model", MODEL)
        if "members" in self.wrong:
            member = body.get("member")
            model = {**MODEL, "fleet": "d", "member": member}
            model |= {"digest": self.wrong["members"][member]} if member else {}
        return SimpleNamespace(
            status_code=self.wrong.get("score", 200), text="no", json=lambda: {"model": model}
        )


def record() -> Any:
    release = SimpleNamespace(model_name="credit", model_version="3", image_digest="sha256:a")
    return SimpleNamespace(release=release, evidence=SimpleNamespace(artifact_digest="d", members=()))


def test_of_a_fleet_it_is_the_fleets_digest_that_has_to_be_the_released_one() -> None:
    released = record()
    released.evidence.members = {"a": "of the member"}
    answering: Any = Service(model={**MODEL, "digest": "of the member", "fleet": "d", "member": "a"})
    warm.check(answering, released)
    for model in ({**MODEL, "fleet": "another"}, MODEL):
        another: Any = Service(model=model)
        with pytest.raises(MlopsError, match=r"another model answers: .*'fleet'"):
            warm.check(another, released)


def test_a_release_that_answers_is_warm_afterwards() -> None:
    service: Any = Service()
    warm.check(service, record())
    assert service.scored == [{"records": [{"sex": "female", "age": 21, "limit": 0.5}]}] * warm.REQUESTS


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"/readyz": 503}, "GET /readyz is not 200"),
        ({"unsigned": 200}, "without a key gives 200"),
        ({"score": 500}, "POST /score gives 500: no"),
        ({"model": {**MODEL, "version": "2"}}, "another model answers"),
        ({"/healthz": httpx.ConnectError("refused")}, "ConnectError: refused"),
    ],
)
def test_anything_else_is_named(wrong: dict[str, Any], words: str) -> None:
    service: Any = Service(**wrong)
    call: Callable[[], None] = lambda: warm.check(service, record())  # noqa: E731
    with pytest.raises(MlopsError, match=words):
        call()


MEMBERS = {str(number): f"sha256:{number}" for number in range(100)}


def fleet(**changes: str) -> tuple[Any, Any]:
    """A service of a fleet in which these members have other models, and the fleet's record."""
    found = record()
    found.evidence.members = MEMBERS
    return Service(members={**MEMBERS, **changes}), found


def test_members_all_over_a_fleet_answer_by_their_models_before_it_gets_a_request() -> None:
    service, released = fleet()
    warm.check(service, released)
    named = [body.get("member") for body in service.scored]
    assert len(named) == warm.REQUESTS and named[0] is None
    members = {int(name) for name in named if name is not None}
    assert len(members) > 30 and max(members) > 90


def test_a_member_with_another_model_than_was_approved_is_found_out() -> None:
    service, released = fleet(**{"3": "sha256:other"})
    with pytest.raises(MlopsError, match=r"another model answers: .*sha256:other.*sha256:3"):
        warm.check(service, released)
