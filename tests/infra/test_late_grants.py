"""What is refused because a role does not work yet is asked again, for as long as Azure may take."""

import asyncio

import pulumi
import pytest

from infra.components import late_grants
from infra.components.late_grants import EVERY_S, MOST_S, again, is_late

LATE = "InvalidRequest (400): The identity may not deliver: assign the role Storage Queue Data Message Sender"


@pytest.mark.parametrize(
    ("error", "late"),
    [
        (LATE, True),
        ('Code="LinkedAuthorizationFailed" Message="The identity has no permission on the subnet"', True),
        ("autorest/azure: Service returned an error. Status=403 Code=Forbidden", True),
        ("AuthorizationFailed: The client 'a' with object id 'b' does not have authorization", False),
        (
            "Status=403 Code=RequestDisallowedByPolicy Message=Resource 'mlw' was disallowed by policy.",
            False,
        ),
        ("InvalidParameter (400): sku is wrong", False),
        ("QuotaExceeded: 4030 cores", False),
    ],
)
def test_what_may_be_a_role_that_does_not_work_yet(error: str, late: bool) -> None:
    assert is_late(error) is late


def told(*errors: str, operation: str = "create") -> pulumi.ErrorHookArgs:
    return pulumi.ErrorHookArgs("urn", "", "name", "type", failed_operation=operation, errors=list(errors))


def test_it_is_asked_again_for_ten_minutes_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(late_grants.asyncio, "sleep", sleep)
    errors: list[str] = []
    while True:
        errors.insert(0, LATE)
        if not asyncio.run(again(told(*errors))):
            break
    assert sum(waited) == MOST_S == 600 and set(waited) == {EVERY_S}


def test_another_error_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_grants.asyncio, "sleep", None)
    assert not asyncio.run(again(told("InvalidParameter (400): sku is wrong", LATE)))


def test_a_deletion_is_asked_for_once_whether_the_program_runs_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`pulumi destroy` runs it only with --run-program."""
    monkeypatch.setattr(late_grants.asyncio, "sleep", None)
    assert not asyncio.run(again(told(LATE, operation="delete")))
