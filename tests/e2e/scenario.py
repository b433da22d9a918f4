"""A scenario of settings on an emulator of its own, and Pulumi's commands with them."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emulator.identity.directory import SIGNED_IN
from tests.e2e.world import World
from tests.infra.scenarios import NAMESPACE, SCENARIOS

QUIET: Final = ("--yes", "--suppress-progress", "--suppress-outputs", "--color", "never")
IMPORT: Final = Path(__file__).parent / "programs" / "import_key.py"


class Scenario:
    """One scenario's stack in a world of its own."""

    def __init__(self, world: World, stack: str, config: dict[str, Any], folder: Path) -> None:
        self.world, self.stack, self.config = world, stack, config
        self.settings = folder / f"Pulumi.{stack}.yaml"

    def pulumi(self, verb: str, *argv: str, check: bool = True) -> str:
        """What the command says, with the scenario's settings."""
        done = self.attempt(verb, *argv, check=check)
        return done.stdout + done.stderr

    def up(self, faults: tuple[str, ...] = ()) -> Counter[str]:
        """The estate goes up: without runners first, whose key has to be in the vault before they are made.

        faults: of `emulator faults`, while Pulumi runs; each of both may then fail once. What happened is
        counted.
        """
        key = f"{NAMESPACE}runners"
        chosen = self.config.pop(key, None)
        happened = self._up(faults)
        if chosen is not None:
            self.import_key(chosen["key"])
            self.config[key] = chosen
            happened += self._up(faults)
        return happened

    def _up(self, faults: tuple[str, ...]) -> Counter[str]:
        run = ("up", *QUIET, "--skip-preview")
        if not faults:
            self.attempt(*run, check=True)
            return Counter()
        self.world.pulumi("stack", self.stack)  # made beforehand: the estate is put to the test
        self.world.emulator("faults", *faults)
        first = self.attempt(*run)
        if first.returncode:
            print(first.stdout, first.stderr)
            self.attempt(*run, check=True)
        happened = self.world.status()["faults"]["happened"]
        self.world.emulator("faults")
        return Counter(happened)

    def import_key(self, name: str) -> None:
        """A GitHub App's private key comes into the estate's vault."""
        outputs = json.loads(self.world.pulumi("stack output", self.stack, "--json").stdout)
        group = f"/subscriptions/{outputs['subscription_id']}/resourceGroups/{outputs['resource_group']}"
        private = rsa.generate_private_key(65537, 2048)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        vault = f"{group}/providers/Microsoft.KeyVault/vaults/{outputs['key_vault']}"
        self.world.emulator(
            "run", "--", sys.executable, str(IMPORT), vault, name, given=f"{SIGNED_IN.object_id}\n{pem}"
        )

    def attempt(self, verb: str, *argv: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """The command with the scenario's settings, and the salt of the stack's own copy."""
        copy = self.world.home / "pulumi" / "config" / f"Pulumi.{self.stack}.yaml"
        salt = yaml.safe_load(copy.read_text())["encryptionsalt"] if copy.exists() else None
        if salt is None:
            self.world.pulumi("stack", self.stack)  # makes the stack, and its copy
            return self.attempt(verb, *argv, check=check)
        text = yaml.safe_dump({"config": self.config, "encryptionsalt": salt})
        self.settings.write_text(text)
        return self.world.pulumi(verb, self.stack, "--config-file", str(self.settings), *argv, check=check)


@contextmanager
def standing(folder: Path, name: str) -> Generator[Scenario]:
    """The scenario of a name, with its emulator running in a folder; the emulator ends with the context."""
    folder.mkdir(exist_ok=True)
    stack, config = SCENARIOS[name]()
    world = World(folder / "home")
    world.emulator("up")
    try:
        if "groupId" in config.get(f"{NAMESPACE}releases", {}):
            world.bootstrap()  # where they are recorded: the estate has endpoints there
        yield Scenario(world, stack, config, folder)
    finally:
        world.emulator("down")
