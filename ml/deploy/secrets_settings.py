"""How the stacks of mlops seal their secrets: as the main stack of the environment does.

Otherwise Pulumi would ask for a passphrase, which nobody has when a Key Vault key seals the main stack.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError
from ml.estate import project_root

if TYPE_CHECKING:
    from pulumi.automation import LocalWorkspaceOptions

CONFIG_FILE = "PULUMI_OPTION_CONFIG_FILE"  # Pulumi's own name for "this file instead of Pulumi.STACK.yaml"


def main_stack_file(environment: str) -> Path:
    """The main stack's settings file. Raises MlopsError outside a checkout."""
    given = os.environ.get(CONFIG_FILE)
    root = project_root()
    return root / given if given else root / f"Pulumi.{environment}.yaml"


def workspace_options(environment: str) -> "LocalWorkspaceOptions":
    """Options for the automation API. Raises MlopsError when the main stack's file is not YAML."""
    import yaml
    from pulumi.automation import LocalWorkspaceOptions, StackSettings

    file = main_stack_file(environment)
    try:
        found: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    except yaml.YAMLError as error:
        raise MlopsError(f"{file} is not YAML: {error}.", "Correct the line that it names.") from error
    main: dict[str, Any] = found if isinstance(found, dict) else {}
    settings = StackSettings(
        secrets_provider=main.get("secretsprovider"),
        encrypted_key=main.get("encryptedkey"),
        encryption_salt=main.get("encryptionsalt"),
    )
    return LocalWorkspaceOptions(
        secrets_provider=settings.secrets_provider, stack_settings={environment: settings}
    )
