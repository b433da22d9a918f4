"""What Pulumi's command line is asked, and what is made of its answers."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ml.errors import MlopsError
from ml.recovery.adopted import within
from ml.recovery.existing import api_version
from ml.recovery.plan import Create, Plan
from ml.recovery.stack import State, import_file, opened

HEAD = "urn:pulumi:stage::estate::"
STACK = f"{HEAD}pulumi:pulumi:Stack::estate-stage"
ESTATE = f"{HEAD}mlops:Estate::estate"
NETWORK = f"{HEAD}mlops:Estate$mlops:Network::network"
SUBNET = f"{HEAD}mlops:Estate$mlops:Network$azure-native:network:Subnet::all"
DEFAULT = f"{HEAD}pulumi:providers:azure-native::default_3_29_0"
HUB = f"{HEAD}pulumi:providers:azure-native::hub"
PLAN = Plan(
    [
        Create(STACK, "pulumi:pulumi:Stack", "", "", False, {}),
        Create(ESTATE, "mlops:Estate", STACK, "", False, {}),
        Create(NETWORK, "mlops:Network", ESTATE, "", False, {}),
        Create(SUBNET, "azure-native:network:Subnet", NETWORK, DEFAULT, True, {"subnetName": "all"}),
    ]
)


def test_the_components_that_the_state_does_not_have_come_along_without_the_stack() -> None:
    """Pulumi makes that itself."""
    assert import_file({SUBNET: "/id"}, PLAN, State([], [], {})) == {
        "nameTable": {},
        "resources": [
            {"type": "mlops:Estate", "name": "new-0", "logicalName": "estate", "component": True},
            {"type": "mlops:Network", "name": "new-1", "logicalName": "network", "parent": "new-0",
             "component": True},
            {"type": "azure-native:network:Subnet", "name": "new-2", "logicalName": "all", "parent": "new-1",
             "id": "/id", "version": "3.29.0"},
        ],
    }  # fmt: skip


def test_a_parent_and_a_provider_that_the_state_has_are_named_by_their_urns() -> None:
    plan = Plan([Create(SUBNET, "azure-native:network:Subnet", NETWORK, HUB, True, {})])
    made = import_file({SUBNET: "/id"}, plan, State([], [STACK, ESTATE, NETWORK, HUB], {HUB: "s"}))
    assert made == {
        "nameTable": {"known-2": NETWORK, "known-3": HUB},
        "resources": [
            {"type": "azure-native:network:Subnet", "name": "new-0", "logicalName": "all",
             "parent": "known-2", "id": "/id", "provider": "known-3"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("there", "asked", "left"),
    [
        ({"a": 1, "b": 2}, {"a": 9}, {"a": 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"c": 2}}),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, {"a": [{"b": 1}]}),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [1, 2]}),
        ({"a": {"4dabf18193072939515e22adb298388d": "1b4", "ciphertext": "x"}}, {"a": {"b": 1}}, None),
        ({"a": None}, {"a": {"b": 1}}, {"a": None}),
        ({}, {"a": 1}, {}),
    ],
)
def test_of_what_azure_has_the_part_that_the_program_sets(there: Any, asked: Any, left: Any) -> None:
    """A value that is another one stays as Azure has it, so that a preview shows the change."""
    assert within(there, asked) == (there if left is None else left)


@pytest.mark.parametrize(
    ("type_", "version"),
    [
        ("azure-native:network:Subnet", "2024"),
        ("azure-native:network:PublicIPAddress", "2024"),
        ("azure-native:web:WebAppAuthSettingsV2", "202"),
    ],
)
def test_the_api_version_is_the_sdks(type_: str, version: str) -> None:
    assert api_version(type_).startswith(version)


def test_each_form_has_an_api_version() -> None:
    from infra.arm_ids import FORMS, PREFIX

    assert all(api_version(PREFIX + key) for key in FORMS)


PROGRAM = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "asked").open("a") as asked:
    asked.write(json.dumps([sys.argv[1:], os.environ.get("PULUMI_OPTION_CONFIG_FILE")]) + "\\n")
answers = json.loads((folder / "answers.json").read_text())
code, out, err = answers[" ".join(sys.argv[1:3])]
(folder / "given").write_text(sys.stdin.read())
sys.stdout.write(out if isinstance(out, str) else json.dumps(out))
sys.stderr.write(err)
sys.exit(code)
"""


class Cli:
    """A `pulumi` on PATH that answers as told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        file = folder / "bin" / "pulumi"
        file.parent.mkdir()
        file.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("PULUMI_OPTION_CONFIG_FILE", raising=False)
        (folder / "Pulumi.stage.yaml").write_text("config: {}\n")

    def answers(self, **by_words: tuple[int, Any, str]) -> None:
        named = {words.replace("_", " ", 1).replace("__", "--"): said for words, said in by_words.items()}
        (self.folder / "answers.json").write_text(json.dumps(named))

    def given(self) -> dict[str, Any]:
        """What stood on the standard input of the last call: no file holds a state with its secrets."""
        return json.loads((self.folder / "given").read_text())

    def asked(self) -> list[list[str]]:
        return [json.loads(line)[0] for line in (self.folder / "asked").read_text().splitlines()]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, monkeypatch)


def test_the_state_is_read(cli: Cli) -> None:
    resources = [
        {"urn": STACK, "type": "pulumi:pulumi:Stack"},
        {"urn": HUB, "type": "pulumi:providers:azure-native", "inputs": {"subscriptionId": "s"}},
    ]
    pending = [{"type": "creating", "resource": {"urn": SUBNET}}]
    deployment = {"resources": resources, "pending_operations": pending}
    cli.answers(stack_export=(0, {"version": 3, "deployment": deployment}, ""))
    with opened(cli.folder, "stage") as stack:
        state = stack.state()
    assert (state.root, state.subscriptions) == (STACK, {HUB: "s"})
    assert [(one.operation, one.urn) for one in state.pending] == [("creating", SUBNET)]


def test_the_stack_file_is_not_written_into(cli: Cli) -> None:
    cli.answers(stack_export=(0, {"deployment": {}}, ""))
    with opened(cli.folder, "stage") as stack:
        stack.state()
    [line] = (cli.folder / "asked").read_text().splitlines()
    given = Path(json.loads(line)[1])
    assert given.name == "Pulumi.stage.yaml" and given.parent != cli.folder
    assert not given.exists()


def test_an_import_keeps_of_the_inputs_what_the_program_sets(cli: Cli) -> None:
    there = {
        "urn": SUBNET,
        "type": "azure-native:network:Subnet",
        "inputs": {"subnetName": "all", "etag": "1"},
    }
    other = {"urn": HUB, "type": "pulumi:providers:azure-native", "inputs": {"subscriptionId": "s"}}
    export = {"version": 3, "deployment": {"resources": [there, other]}}
    (cli.folder / "answers.json").write_text(
        json.dumps(
            {"import --file": (0, "", ""), "stack export": (0, export, ""), "stack import": (0, "", "")}
        )
    )
    with opened(cli.folder, "stage") as stack:
        stack.take({SUBNET: "/id"}, PLAN, State([], [], {}))
        [took, _, gave] = cli.asked()
        written = cli.given()
    assert gave[:2] == ["stack", "import"] and "--file" not in gave
    assert took[0] == "import" and "--protect=false" in took and took[-2:] == ["--stack", "stage"]
    assert [one["inputs"] for one in written["deployment"]["resources"]] == [
        {"subnetName": "all"},
        {"subscriptionId": "s"},
    ]


def test_what_an_import_took_before_it_failed_is_the_programs_all_the_same(cli: Cli) -> None:
    there = {"urn": SUBNET, "type": "azure-native:network:Subnet", "inputs": {"subnetName": "all", "etag": 1}}
    export = {"version": 3, "deployment": {"resources": [there]}}
    said = {"import --file": (1, "", "no"), "stack export": (0, export, ""), "stack import": (0, "", "")}
    (cli.folder / "answers.json").write_text(json.dumps(said))
    with opened(cli.folder, "stage") as stack:
        with pytest.raises(MlopsError, match="`pulumi import` of the stack stage failed"):
            stack.take({SUBNET: "/id", NETWORK: "/other"}, PLAN, State([], [], {}))
        written = cli.given()
    assert written["deployment"]["resources"][0]["inputs"] == {"subnetName": "all"}


def test_after_an_import_that_took_nothing_the_state_is_not_written(cli: Cli) -> None:
    said = {"import --file": (1, "", "no"), "stack export": (0, {"deployment": {}}, "")}
    (cli.folder / "answers.json").write_text(json.dumps(said))
    with opened(cli.folder, "stage") as stack, pytest.raises(MlopsError, match="`pulumi import`"):
        stack.take({SUBNET: "/id"}, PLAN, State([], [], {}))
    assert [asked[0] for asked in cli.asked()] == ["import", "stack"]


@pytest.mark.parametrize(("before", "after"), [("", ""), ("warning: {a}\n", "\nA new version\n")])
def test_words_around_the_answer_are_no_part_of_it(cli: Cli, before: str, after: str) -> None:
    cli.answers(preview___json=(0, before + json.dumps({"config": {"a": "b"}}, indent=4) + after, ""))
    with opened(cli.folder, "stage") as stack:
        assert stack.plan().config == {"a": "b"}


def test_an_answer_without_json_is_shown(cli: Cli) -> None:
    cli.answers(preview___json=(0, "Previewing update (stage)\n", ""))
    with opened(cli.folder, "stage") as stack, pytest.raises(MlopsError, match="answered no JSON") as raised:
        stack.plan()
    assert raised.value.details == ["Previewing update (stage)"]


def test_nothing_that_pulumi_asks_waits_for_an_answer(cli: Cli) -> None:
    cli.answers(stack_export=(0, {"deployment": {}}, ""))
    with opened(cli.folder, "stage") as stack:
        stack.state()
    assert all("--non-interactive" in asked for asked in cli.asked())


def test_what_was_pending_is_cleared_without_reading_the_estate(cli: Cli) -> None:
    from ml.recovery.stack import Pending

    cli.answers(refresh___yes=(0, "", ""))
    state = State([Pending("creating", SUBNET), Pending("updating", NETWORK)], [STACK, NETWORK], {})
    with opened(cli.folder, "stage") as stack:
        stack.settle(state)
    [asked] = cli.asked()
    assert "--clear-pending-creates" in asked
    assert [asked[number + 1] for number, word in enumerate(asked) if word == "--target"] == [STACK, NETWORK]


@pytest.mark.parametrize(
    ("out", "err", "problem", "remedy"),
    [
        (
            "",
            "error: the stack is currently locked by 1 lock(s).",
            "is locked",
            "pulumi cancel -C {folder} -s stage",
        ),
        ("", "error: PULUMI_ACCESS_TOKEN must be set for login", "exit code 255", "Set PULUMI_BACKEND_URL"),
        ("", "error: no stack named 'stage' found", "exit code 255", "pulumi stack init stage"),
        (
            json.dumps({"diagnostics": [{"message": "the setting x is wrong"}]}),
            "",
            "exit code 255",
            "Correct",
        ),
    ],
)
def test_pulumis_words_are_shown(cli: Cli, out: str, err: str, problem: str, remedy: str) -> None:
    cli.answers(preview___json=(255, out, err))
    with opened(cli.folder, "stage") as stack, pytest.raises(MlopsError, match=problem) as raised:
        stack.plan()
    assert remedy.format(folder=cli.folder) in raised.value.remedy
    assert (err or "the setting x is wrong") in raised.value.details


def test_without_the_command_line_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.stage.yaml").write_text("config: {}\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with opened(tmp_path, "stage") as stack, pytest.raises(MlopsError, match="not on PATH"):
        stack.state()
