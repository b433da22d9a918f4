"""Approving a release, and asking whether one is approved."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from emulator.identity.directory import SIGNED_IN
from ml.approval import approved, envelope, keys
from ml.approval.approve import approve
from ml.errors import MlopsError
from tests.ml.approval.world import APPROVER, DIGEST, SECOND, World, record


def test_what_a_person_approves_is_approved(world: World) -> None:
    release = world.release()
    answer = approve(world.azure(APPROVER), world.root, release.id, "the canary of march", "72h")
    assert (answer["approver"], answer["requester"]) == (APPROVER.name, SIGNED_IN.object_id)
    given = approved(world.azure(SIGNED_IN), record(release), {"image": DIGEST}, root=world.root)
    assert (given.approver, given.requester) == (APPROVER.object_id, SIGNED_IN.object_id)
    assert (given.release, given.environment, given.reason) == (release.id, "prod", "the canary of march")
    assert timedelta(hours=71) < given.expires_at - datetime.now(UTC) <= timedelta(hours=72)
    assert given.digests.image == DIGEST


def test_the_record_is_an_in_toto_statement_that_anybody_can_verify(world: World) -> None:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    (content,) = world.records().values()
    pem = keys.pem(keys.public(world.azure(SIGNED_IN), "prod"))
    statement = json.loads(envelope.verified(content, envelope.public_key(pem, "key.pem")))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    subjects = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    assert subjects["image"] == "a" * 64 and subjects["model"] == "b" * 64
    assert set(subjects) == {"image", "model", "configuration", "evidence", "settings"}
    assert statement["predicate"]["approver"] == APPROVER.object_id


def test_a_second_approval_takes_the_place_of_an_expired_one(world: World) -> None:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "first", "30m")
    later = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(MlopsError, match="has expired"):
        approved(world.azure(SIGNED_IN), release.id, {"image": DIGEST}, root=world.root, at=later)
    approve(world.azure(SECOND), world.root, release.id, "again", "72h")
    given = approved(world.azure(SIGNED_IN), release.id, {"image": DIGEST}, root=world.root, at=later)
    assert given.approver == SECOND.object_id
    assert len(world.records()) == 2
