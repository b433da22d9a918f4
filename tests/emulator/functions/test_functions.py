"""Function apps run with their own code: what triggers them, who may call them, what is refused."""

from __future__ import annotations

import base64
import json
import time

import pytest

from emulator.functions.apps import Apps
from emulator.functions.queue import Queue
from emulator.places import AZURE, OUTSIDE, Place
from emulator.principal import Principal
from tests.emulator.functions.conftest import AUDIENCE, MONITOR, SITE, World, package


def queue(world: World, name: str) -> Queue:
    def token() -> str:
        return world.emulator.identity.tokens.issue(world.identity, "https://storage.azure.com")[0]

    return Queue(world.emulator.hosts, "fnapp", name, AZURE, token)


def put(world: World, text: str) -> None:
    queue(world, "events").put(base64.b64encode(text.encode()).decode())


def test_a_message_of_the_queue_is_taken_once(world: World) -> None:
    put(world, "good")
    assert world.noted(lambda lines: "good 1" in lines)
    time.sleep(0.5)
    assert world.noted(lambda _: True).count("good 1") == 1
    assert queue(world, "events").take(1, 1) == []


def test_a_message_that_fails_is_delivered_again_and_then_put_aside(world: World) -> None:
    put(world, "bad")
    lines = world.noted(lambda lines: "bad 3" in lines)
    assert [line for line in lines if line.startswith("bad")] == ["bad 1", "bad 2", "bad 3"]
    until = time.monotonic() + 10
    while not (aside := queue(world, "events-poison").take(1, 1)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [one.body() for one in aside] == [b"bad"]


def test_http_reaches_the_function_of_the_route(world: World) -> None:
    answer = world.send("POST", "/api/hello/anna", b'{"n": 3}')
    assert (answer.status, answer.body) == (201, b"anna 3")
    assert world.send("GET", "/api/hello/anna").status == 405
    assert world.send("POST", "/api/nothing").status == 404
    assert world.send("POST", "/api/hello/anna", b"no JSON").status == 500


def test_a_function_that_asks_for_a_key_gets_one(world: World) -> None:
    assert world.send("GET", "/api/guarded").status == 401
    keys = world.owner.ok("POST", f"{SITE}/host/default/listkeys")
    assert world.send("GET", f"/api/guarded?code={keys['functionKeys']['default']}").status == 200
    headers = {"x-functions-key": keys["masterKey"]}
    assert world.send("GET", "/api/guarded", headers=headers).status == 200


def test_a_timer_is_called_by_hand_with_the_master_key(world: World) -> None:
    keys = world.owner.ok("POST", f"{SITE}/host/default/listkeys")
    headers = {"x-functions-key": keys["masterKey"]}
    assert world.send("POST", "/admin/functions/ticked").status == 401
    assert world.send("POST", "/admin/functions/ticked", headers=headers).status == 202
    assert world.noted(lambda lines: "tick False" in lines)


@pytest.mark.parametrize("place", [OUTSIDE, Place(address="198.51.100.7")])
def test_what_no_access_restriction_names_is_kept_out(world: World, place: Place) -> None:
    answer = world.send("POST", "/api/hello/anna", b'{"n": 3}', place=place)
    assert answer.status == 403
    assert b"Ip Forbidden" in answer.body


def test_whoever_may_not_publish_puts_no_code_there(world: World) -> None:
    answer = world.publish(package(), world.identity)
    assert answer.status == 403
    assert b"Microsoft.Web/sites/publish/Action" in answer.body


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip", "not a zip file"),
        (package(**{"../out.py": "x"}), "leads out of it"),
    ],
)
def test_what_is_no_package_is_refused(world: World, content: bytes, said: str) -> None:
    answer = world.publish(content)
    assert answer.status == 400
    assert said in json.loads(answer.body)["error"]["message"]


def test_where_sign_in_is_asked_azure_monitor_alone_comes_in(world: World) -> None:
    registration = {"clientId": AUDIENCE.removeprefix("api://")}
    policy = {"allowedApplications": [MONITOR]}
    directory = {
        "enabled": True,
        "registration": registration,
        "validation": {"allowedAudiences": [AUDIENCE], "defaultAuthorizationPolicy": policy},
    }
    properties = {
        "platform": {"enabled": True},
        "globalValidation": {"requireAuthentication": True, "unauthenticatedClientAction": "Return401"},
        "identityProviders": {"azureActiveDirectory": directory},
    }
    path = f"{SITE}/config/authsettingsV2"
    world.owner.ok("PUT", path, {"properties": properties})
    monitor = Principal(
        "461e8683-0000-4000-8000-000000000001", MONITOR, "ServicePrincipal", (), "Azure Monitor"
    )
    issue = world.emulator.identity.tokens.issue

    def status(principal: Principal, audience: str) -> int:
        headers = {"authorization": f"Bearer {issue(principal, audience)[0]}"}
        return world.send("POST", "/api/hello/anna", b'{"n": 3}', headers=headers).status

    try:
        assert world.send("POST", "/api/hello/anna", b'{"n": 3}').status == 401
        assert status(monitor, AUDIENCE) == 201
        assert status(monitor, "https://management.azure.com") == 401
        assert status(world.identity, AUDIENCE) == 403
    finally:
        properties["platform"]["enabled"] = False
        world.owner.ok("PUT", path, {"properties": properties})


UNKNOWN = """
import azure.functions as func
app = func.FunctionApp()
@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="C")
def other(m: func.ServiceBusMessage) -> None:
    pass
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (UNKNOWN, "the binding serviceBusTrigger of the function other"),
        ("raise RuntimeError('at import')", "see "),
        ("x = 1", "see "),
    ],
)
def test_an_app_that_cannot_run_says_why(world: World, code: str, said: str) -> None:
    try:
        assert world.publish(package(code)).status == 202
        told = world.state()
        assert told["status"] == 3
        assert said in told["status_text"]
        assert world.send("POST", "/api/hello/anna").status == 503
    finally:
        world.publish(package())
        assert world.state()["status"] == 4


def test_packages_that_are_not_here_are_named(world: World) -> None:
    try:
        world.publish(package(**{"requirements.txt": "azure-functions\nno-such-package==1\n"}))
        assert world.state()["status"] == 3
        (log,) = (world.emulator.home.root / "functions").glob("func-app-*/log")
        assert "no-such-package" in log.read_text()
    finally:
        world.publish(package())
        assert world.state()["status"] == 4


def test_without_its_role_the_app_takes_nothing_and_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    role = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
    world.owner.ok("DELETE", world.assigned[role])
    try:
        until = time.monotonic() + 10
        while "AuthorizationPermissionMismatch" not in caplog.text and time.monotonic() < until:
            time.sleep(0.05)
        assert "not authorized" in caplog.text
    finally:
        world.assign(1, role, world.assigned[role].split("/providers/Microsoft.Authorization")[0])
    put(world, "after")
    assert world.noted(lambda lines: "after 1" in lines)


def test_a_disabled_function_and_other_settings_are_taken_over_at_once(world: World) -> None:
    apps: Apps = world.emulator.function_apps
    before = apps.find(SITE)
    world.declare(**{"AzureWebJobs.taken.Disabled": "true"})
    try:
        after = apps.find(SITE)
        assert after is not None
        assert after is not before
        assert after.ready(20)
        put(world, "unseen")
        time.sleep(0.6)
        assert "unseen 1" not in world.noted(lambda _: True)
    finally:
        world.declare()
    assert world.noted(lambda lines: "unseen 1" in lines)


def test_apps_run_again_after_a_start_and_end_with_their_site(world: World) -> None:
    apps: Apps = world.emulator.function_apps
    apps.close()
    apps.settle_all()
    running = apps.find(SITE)
    assert running is not None
    assert running.ready(20)
    world.owner("DELETE", SITE)
    assert apps.find(SITE) is None
