"""What production refuses: each attempt with its reason, exit code 1, and nothing changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from typer.testing import CliRunner

from emulator.identity.directory import APPROVERS, SIGNED_IN, Principal
from ml.approval import approved, envelope, holding, keys, people, statement
from ml.approval.approve import approve
from ml.approval.digests import Digests
from ml.errors import MlopsError
from ml.release import Release, proof, store
from ml.release.evidence import evidence_path
from ml.terminal.subjects import app
from tests.emulator.storage import estate
from tests.ml.approval.world import APPROVER, BOTH, CRYPTO_USER, DIGEST, ENGINEER, SECOND, World, found_out

Doing = Callable[[World], Any]


def ask(world: World, release: Release, **more: Any) -> Any:
    """What `promote` asks, as the identity that promotes."""
    digests = more.pop("digests", {"image": release.image_digest})
    return approved(world.azure(SIGNED_IN), release, digests, root=world.root, **more)


def forged(
    world: World, release: Release, who: Principal, *, sign_as: Principal | None = None, **changes: Any
) -> bytes:
    """An envelope that somebody made by hand. `changes`: of the statement's predicate."""
    case = holding.case(world.azure(SIGNED_IN), release.id, world.root)
    now = statement.now()
    predicate = {
        "release": release.id,
        "environment": "prod",
        "approver": who.object_id,
        "requester": SIGNED_IN.object_id,
        "reason": "forged",
        "approved_at": now,
        "expires_at": now + timedelta(hours=1),
        **changes,
    }
    payload = statement.stated(case.digests, statement.Predicate(**predicate))
    return keys.signed(world.azure(sign_as or who), "prod", payload)


def put(world: World, release: Release, content: bytes, who: Principal) -> None:
    world.container("approvals-prod", who).upload_blob(f"{release.id}/x.json", content)


# attempts at a promotion


def unapproved(world: World) -> Any:
    release = world.release()
    return lambda: ask(world, release)


def expired(world: World) -> Any:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "30m")
    return lambda: ask(world, release, at=datetime.now(UTC) + timedelta(minutes=31))


def other_digest(world: World) -> Any:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    return lambda: ask(world, release, digests={"image": "sha256:" + "f" * 64})


def other_release(world: World) -> Any:
    """An approval of one release, copied to another."""
    first, second = world.release(), world.release(model_version="2")
    approve(world.azure(APPROVER), world.root, first.id, "fine", "72h")
    (content,) = world.records().values()
    put(world, second, content, APPROVER)
    return lambda: ask(world, second)


def requester_wrote_it(world: World) -> Any:
    """By hand: the command refuses it before it writes."""
    release = world.release(BOTH)
    put(world, release, forged(world, release, BOTH, requester=BOTH.object_id), BOTH)
    return lambda: ask(world, release)


def requester_hides(world: World) -> Any:
    """The statement names another requester than storage does."""
    release = world.release(BOTH)
    put(world, release, forged(world, release, BOTH), BOTH)
    return lambda: ask(world, release)


def another_name(world: World) -> Any:
    """A member of the group signs and writes in a colleague's name."""
    release = world.release()
    put(world, release, forged(world, release, APPROVER, sign_as=SECOND), SECOND)
    return lambda: ask(world, release)


def service_principal_in_the_group(world: World) -> Any:
    release = world.release()
    robot = estate.identity(world.emulator, "robot")
    for role, scope in ((estate.CONTRIBUTOR, world.container_id("approvals-prod")), (CRYPTO_USER, world.key)):
        estate.grant(world.emulator, robot.object_id, role, scope)
    put(world, release, forged(world, release, robot), robot)
    return lambda: ask(world, release)


def red_evidence_since(world: World) -> Any:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    world.prove(release, passed=False, made_at="2")
    return lambda: ask(world, release)


def other_evidence_since(world: World) -> Any:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    world.prove(release, made_at="2")
    return lambda: ask(world, release)


def tampered(world: World) -> Any:
    """The statement was changed, the signature is a right one of what it was."""
    release = world.release()
    content = json.loads(forged(world, release, APPROVER))
    payload, _, _ = envelope.opened(json.dumps(content).encode())
    other = payload.replace(b'"reason":"forged"', b'"reason":"f0rged"')
    assert other != payload
    content["payload"] = base64.b64encode(other).decode()
    put(world, release, json.dumps(content).encode(), APPROVER)
    return lambda: ask(world, release)


def forged_signature(world: World) -> Any:
    """Signed by a key that nobody knows, under the right key's name."""
    release = world.release()
    right = forged(world, release, APPROVER)
    payload, key_id, _ = envelope.opened(right)
    own = ec.generate_private_key(ec.SECP256R1())
    signature = own.sign(envelope.to_be_signed(payload), ec.ECDSA(SHA256()))
    put(world, release, envelope.sealed(payload, key_id, signature), APPROVER)
    return lambda: ask(world, release)


def another_key(world: World) -> Any:
    release = world.release()
    payload, key_id, signature = envelope.opened(forged(world, release, APPROVER))
    other = key_id.replace("approvals-prod", "approvals-stage")
    put(world, release, envelope.sealed(payload, other, signature), APPROVER)
    return lambda: ask(world, release)


def no_envelope(world: World) -> Any:
    release = world.release()
    put(world, release, b'{"approved": true}', APPROVER)
    return lambda: ask(world, release)


def changed_evidence(world: World) -> Any:
    """Green evidence of another release, under this one's name."""
    release, other = world.release(green=None), world.release(model_version="2")
    evidence = found_out(other)
    path = evidence_path(release.id, evidence.digest)
    world.container("releases-stage", SIGNED_IN).upload_blob(path, evidence.model_dump_json().encode())
    return lambda: ask(world, release)


def stale_settings(world: World) -> Any:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    file = world.root / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("project: mlops", "project: other"))
    return lambda: ask(world, release)


def too_long(world: World) -> Any:
    release = world.release()
    late = statement.now() + timedelta(days=400)
    put(world, release, forged(world, release, APPROVER, expires_at=late), APPROVER)
    return lambda: ask(world, release)


def given_in_the_past(world: World) -> Any:
    release = world.release()
    early = statement.now() - timedelta(hours=2)
    put(world, release, forged(world, release, APPROVER, approved_at=early), APPROVER)
    return lambda: ask(world, release)


def container_is_open(world: World) -> Any:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    world.emulator.arm.delete(f"{world.container_id('approvals-prod')}/immutabilityPolicies/default")
    return lambda: ask(world, release)


def unknown_environment(world: World) -> Any:
    release = world.release()
    world.outputs["environment"] = "nowhere"
    return lambda: ask(world, release)


def unknown_release(world: World) -> Any:
    return lambda: approved(world.azure(SIGNED_IN), "r-" + "0" * 16, {"image": DIGEST}, root=world.root)


PROMOTIONS: dict[Doing, str] = {
    unapproved: "is not approved for prod",
    expired: "has expired",
    other_digest: "its image is sha256:ffff",
    other_release: "The approval is for the release r-",
    requester_wrote_it: "recorded the release and approved it",
    requester_hides: f"recorded the release; storage says {BOTH.object_id}",
    another_name: f"storage says that {SECOND.object_id} wrote it",
    service_principal_in_the_group: "who is no person of the directory",
    red_evidence_since: "in stage is red",
    other_evidence_since: "other evidence was found since",
    changed_evidence: "is about r-",
    tampered: "either of them was changed",
    forged_signature: "is not of the approvers' key",
    another_key: "which is not the approvers' key of prod",
    no_envelope: "no DSSE envelope",
    stale_settings: "Pulumi.prod.yaml was changed since",
    too_long: "longer than any may",
    given_in_the_past: "storage has it from",
    container_is_open: "has no policy of retention",
    unknown_environment: "There is no environment nowhere",
    unknown_release: "There is no record of the release",
}


@pytest.mark.parametrize("attempt", PROMOTIONS, ids=lambda attempt: attempt.__name__)
def test_production_takes_nothing_else(world: World, attempt: Doing) -> None:
    promote = attempt(world)
    before = world.everything()
    with pytest.raises(MlopsError) as refusal:
        promote()
    assert PROMOTIONS[attempt] in refusal.value.problem
    assert refusal.value.remedy
    assert world.everything() == before


# attempts at an approval, by the command


@dataclass(frozen=True)
class Attempt:
    who: Principal
    said: str
    release: dict[str, Any] | None = None  # how the release is made; None: there is none
    arguments: tuple[str, ...] = ("--reason", "fine")
    environment: str = "prod"


APPROVALS = {
    "service principal": Attempt(SIGNED_IN, "only a person can", {}),
    "requester": Attempt(BOTH, "and cannot approve it", {"who": BOTH}),
    "not in the group": Attempt(ENGINEER, "You may not sign with the approvers' key of prod", {}),
    "red evidence": Attempt(APPROVER, "is red", {"green": False}),
    "no evidence": Attempt(APPROVER, "Nothing was found out about", {"green": None}),
    "no release": Attempt(APPROVER, "There is no record of the release"),
    "no reason": Attempt(APPROVER, "--reason is empty", {}, ("--reason", "  ")),
    "for ever": Attempt(APPROVER, "--expires is '400d'", {}, ("--reason", "fine", "--expires", "400d")),
    "unknown environment": Attempt(APPROVER, "no Pulumi.nowhere.yaml", {}, environment="nowhere"),
    "no release's name": Attempt(APPROVER, "is no release", None, ("--reason", "fine")),
}


@pytest.mark.parametrize("name", APPROVALS)
def test_the_command_refuses_and_changes_nothing(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = APPROVALS[name]
    made = None if attempt.release is None else world.release(**attempt.release)
    release_id = made.id if made else "latest" if name == "no release's name" else "r-" + "0" * 16
    azure = world.azure(attempt.who)

    def estate_of(environment: str, root: Any = None) -> Any:
        return azure.estate

    monkeypatch.setattr("ml.release.place.estate_of", estate_of)
    monkeypatch.setattr("ml.estate.project_root", lambda: world.root)
    monkeypatch.setattr("ml.azure.clients.Azure", lambda estate, report: azure)
    before = world.everything()
    done = CliRunner().invoke(
        app,
        ["approve", release_id, "--env", attempt.environment, *attempt.arguments, "--json"],
        catch_exceptions=False,
    )
    assert done.exit_code == 1
    assert attempt.said in json.loads(done.stdout)["error"]["problem"]
    assert world.everything() == before


def test_a_token_without_a_person_is_told_apart_by_what_it_says(world: World) -> None:
    assert people.caller(world.azure(APPROVER)).name == APPROVER.name
    with pytest.raises(MlopsError, match="mlops-engineer cannot approve"):
        people.caller(world.azure(SIGNED_IN))
    assert APPROVERS in APPROVER.groups


@pytest.mark.parametrize("tries", [("1", "2"), ("2", "1"), ("3", "4"), ("4", "3")])
def test_of_evidence_of_one_second_what_is_red_counts(world: World, tries: tuple[str, str]) -> None:
    release = world.release(green=None)
    green, red = (
        world.prove(release, passed=ok, made_at=at) for ok, at in zip((True, False), tries, strict=True)
    )
    azure = world.azure(SIGNED_IN)
    second = datetime.now(UTC).replace(microsecond=0)
    held = [(second, evidence_path(release.id, one.digest)) for one in (green, red)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.Store, "listed", lambda *_: sorted(held, reverse=True))
        assert proof.newest(azure, release.id) == red


def test_every_field_of_the_digests_is_bound() -> None:
    assert set(Digests.model_fields) == {"image", "model", "configuration", "evidence", "settings"}
