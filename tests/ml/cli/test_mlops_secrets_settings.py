"""The scoring stack's secrets are sealed as the main stack's are."""

from pathlib import Path

import pytest

from ml.deploy import group, secrets_settings
from ml.errors import MlopsError

VAULT_KEY = "azurekeyvault://state.vault.azure.net/keys/pulumi"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(secrets_settings.CONFIG_FILE, raising=False)
    monkeypatch.setattr(secrets_settings, "project_root", lambda: tmp_path)
    return tmp_path


def test_a_key_of_key_vault_is_passed_on(checkout: Path):
    (checkout / "Pulumi.stage.yaml").write_text(f"secretsprovider: {VAULT_KEY}\nencryptedkey: c2VhbGVk\n")
    options = secrets_settings.workspace_options("stage")
    assert options.secrets_provider == VAULT_KEY
    settings = (options.stack_settings or {})["stage"]
    assert (settings.secrets_provider, settings.encrypted_key) == (VAULT_KEY, "c2VhbGVk")
    assert settings.config is None  # the main stack's settings stay the main stack's


def test_the_file_that_pulumi_is_told_to_use_counts(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    other = checkout / "elsewhere.yaml"
    other.write_text("encryptionsalt: v1:abc\n")
    monkeypatch.setenv(secrets_settings.CONFIG_FILE, str(other))
    options = secrets_settings.workspace_options("stage")
    assert options.secrets_provider is None
    assert (options.stack_settings or {})["stage"].encryption_salt == "v1:abc"


def test_without_a_file_pulumi_chooses(checkout: Path):
    assert secrets_settings.workspace_options("stage").secrets_provider is None


def test_a_broken_file_is_named(checkout: Path):
    (checkout / "Pulumi.stage.yaml").write_text("config: [")
    with pytest.raises(MlopsError, match=r"Pulumi\.stage\.yaml is not YAML"):
        secrets_settings.workspace_options("stage")


@pytest.mark.e2e
def test_pulumi_takes_the_settings(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    """A stack with a secret in its settings has a salt; the other stack gets the same one."""
    from pulumi import automation

    state = checkout / "state"
    state.mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", state.as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    options = automation.LocalWorkspaceOptions(work_dir=str(checkout))
    main = automation.create_stack("stage", "main", program=lambda: None, opts=options)
    main.workspace.set_config("stage", "secret", automation.ConfigValue("x", secret=True))
    salt = main.workspace.stack_settings("stage").encryption_salt
    assert salt
    own = automation.create_stack(
        "stage", group.PROJECT, program=lambda: None, opts=secrets_settings.workspace_options("stage")
    )
    assert own.workspace.stack_settings("stage").encryption_salt == salt
