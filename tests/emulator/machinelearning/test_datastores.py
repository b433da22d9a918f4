"""Datastores of accounts that are not here: taken as Azure takes them, and refused by what uses them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.arm.service import Action
from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.access import Access
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.references import References
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Json = dict[str, Any]
ELSEWHERE = {"datastoreType": "AzureBlob", "accountName": "stelsewhere", "containerName": "data"}
KEYED = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}}
PLACE = "azureml://datastores/elsewhere/paths/rows/"
LEADS = "datastore 'elsewhere' leads to storage account 'stelsewhere', which does not exist here"


def datastore(lab: Lab, name: str = "elsewhere", **properties: Any) -> Json:
    body = {"properties": {**ELSEWHERE, **properties}}
    return lab.write(f"{estate.WORKSPACE}/datastores/{name}", body, skipvalidation="True")


def secrets(lab: Lab, name: str, **asked: Any) -> Json:
    return lab.emulator.arm.act(
        Action(f"{estate.WORKSPACE}/datastores/{name}", "listSecrets", asked, {}, {}, None)
    )


@pytest.mark.parametrize("query", [{}, {"skipvalidation": "false"}])
def test_an_unknown_account_is_refused_when_it_is_validated(lab: Lab, query: dict[str, str]) -> None:
    with pytest.raises(
        AzureError, match=r"'stelsewhere', which does not exist. Create it first, or send skip"
    ):
        lab.write(f"{estate.WORKSPACE}/datastores/elsewhere", {"properties": ELSEWHERE}, **query)


@pytest.mark.parametrize("credentials", [{"credentialsType": "None"}, KEYED])
def test_an_unknown_account_is_taken_unvalidated_and_no_job_uses_it(lab: Lab, credentials: Json) -> None:
    datastore(lab, credentials=dict(credentials))
    asset = {"dataType": "uri_folder", "dataUri": PLACE}
    data = lab.write(f"{estate.WORKSPACE}/data/rows/versions/1", {"properties": asset})["id"]
    uses: list[tuple[str, Json]] = [
        ("inputs.i.uri", {"inputs": {"i": {"jobInputType": "uri_folder", "uri": PLACE}}}),
        ("inputs.i.uri", {"inputs": {"i": {"jobInputType": "uri_folder", "uri": data}}}),
        (
            "outputs.o.uri",
            {"outputs": {"o": {"jobOutputType": "uri_folder", "uri": f"{PLACE}${{{{name}}}}/"}}},
        ),
    ]
    for path, use in uses:
        with pytest.raises(AzureError) as caught:
            lab.command("uses", "true", **use)
        assert f"properties.{path}: " in caught.value.message and LEADS in caught.value.message
    step = {"type": "command", "command": "true", "environment": estate.ENVIRONMENT}
    with pytest.raises(AzureError, match=f"properties.settings.defaultDatastore: .*{LEADS}"):
        lab.pipeline("uses", {"a": step}, settings={"defaultDatastore": "azureml:elsewhere"})
    assert lab.emulator.arm.list(f"{estate.WORKSPACE}/jobs") == []


def test_an_address_in_an_unknown_account_is_refused_at_once(lab: Lab) -> None:
    uri = "https://stelsewhere.blob.core.windows.net/data/rows.csv"
    with pytest.raises(AzureError, match=r"inputs.i.uri: .* it leads to storage account 'stelsewhere'"):
        lab.command("uses", "true", inputs={"i": {"jobInputType": "uri_file", "uri": uri}})


def test_what_runs_already_is_told_that_the_account_is_gone(lab: Lab) -> None:
    """The account was deleted after the submission; a kept key opens nothing then."""
    datastore(lab, credentials=dict(KEYED))
    workspace = Workspace.of(estate.WORKSPACE)
    where = References(lab.emulator.store).locate(workspace, PLACE)
    emulator = lab.emulator
    access = Access(emulator.arm, emulator.store, emulator.identity, emulator.reach)
    with pytest.raises(AzureError, match="Storage account 'stelsewhere' does not exist"):
        access.require_data(None, lab.get("computes", "cpu"), workspace, where, "read")


def test_secrets_of_an_unknown_account_are_those_that_were_given(lab: Lab) -> None:
    datastore(lab, credentials=dict(KEYED))
    assert secrets(lab, "elsewhere") == {"secretsType": "AccountKey", "key": "a2V5"}
    with pytest.raises(AzureError, match="Datastore 'elsewhere' leads to storage account 'stelsewhere'"):
        secrets(lab, "elsewhere", expirableSecret=True)
    datastore(lab, "bare", credentials={"credentialsType": "AccountKey"})
    with pytest.raises(AzureError, match="Datastore 'bare' leads to storage account 'stelsewhere'"):
        secrets(lab, "bare")


def test_a_file_share_is_refused_in_words_where_files_are_wanted(lab: Lab) -> None:
    place = "azureml://datastores/workspacefilestore/paths/rows/"
    with pytest.raises(
        AzureError, match="'workspacefilestore' is a file share, whose files are not emulated"
    ):
        lab.command("uses", "true", inputs={"i": {"jobInputType": "uri_folder", "uri": place}})
    share = {"accountName": estate.ACCOUNT_NAME, "datastoreType": "AzureFile", "fileShareName": "share"}
    body = {**share, "credentials": {"credentialsType": "AccountKey"}}
    lab.write(f"{estate.WORKSPACE}/datastores/share", {"properties": body})
    with pytest.raises(NotEmulated, match="expiring secrets of file shares"):
        secrets(lab, "share", expirableSecret=True)
