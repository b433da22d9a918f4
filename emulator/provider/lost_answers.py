"""Creates of a random name whose answer the engine never got: found again by what asked for them.

Azure's own provider would make them twice, and refuses those that the program names: what exists is imported
(`mlops recover`). The provider keeps nothing from run to run. It tells Azure with each create whose it is
(URN and a digest of the inputs, `emulator.arm.creations`); asked again by the same URN for the same, Azure
names what there is. What the engine has in its state is left out: a replacement is a new resource although
all that is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict

from emulator.arm.creations import Creation
from emulator.arm.ids import fold
from emulator.provider import defaults, resource_ids
from emulator.provider.arm_client import ArmClient
from emulator.provider.defaults import RANDOM_NAME
from emulator.provider.kinds import Kind, Values
from emulator.provider.values import has_unknown, plain


class LostAnswers:
    """Of one run of the engine."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._known: defaultdict[str, set[str]] = defaultdict(set)

    def remember(self, urn: str, resource_id: str) -> None:
        """The engine has this id in its state."""
        if urn and resource_id:
            self._known[urn].add(fold(resource_id))

    def id_of(self, kind: Kind, inputs: Values) -> str:
        """The id that the inputs give; empty when they give none."""
        try:
            return resource_ids.build(kind.row, self._client.subscription, plain(inputs))
        except resource_ids.IdError:
            return ""

    def creation(self, kind: Kind, inputs: Values, urn: str) -> Creation | None:
        """Whose create this is; None where the name is the program's own, and while inputs are unknown.

        A random name is no part of the digest.
        """
        if not urn or RANDOM_NAME not in inputs or has_unknown(inputs):
            return None
        own = defaults.own_input(kind.schema, kind.row)
        asked = {name: value for name, value in inputs.items() if name not in (RANDOM_NAME, own)}
        text = json.dumps(plain(asked), sort_keys=True, default=str)
        return Creation(urn, hashlib.sha256(text.encode()).hexdigest())

    def taken(self, kind: Kind, resource_id: str, creation: Creation | None) -> bool:
        """Whether the id belongs to another than this create."""
        if creation is None:
            return self._client.get(resource_id, kind.api_version) is not None
        exists, earlier = self._client.created(resource_id, kind.api_version, creation)
        return exists and fold(resource_id) not in self._lost(earlier, creation.urn)

    def name(self, kind: Kind, inputs: Values, urn: str) -> str | None:
        """The random name that an earlier create of the same chose; None when there was none."""
        creation, resource_id = self.creation(kind, inputs, urn), self.id_of(kind, inputs)
        own = defaults.own_input(kind.schema, kind.row)
        if creation is None or not resource_id or own is None or kind.row.presence != "explicit":
            return None
        _, earlier = self._client.created(resource_id, kind.api_version, creation)
        lost = self._lost(earlier, urn)
        for candidate in (one for one in earlier if fold(one) in lost):
            found = candidate.rsplit("/", 1)[-1]
            if fold(self.id_of(kind, {**inputs, own: found})) == fold(candidate):
                return found
        return None

    def _lost(self, earlier: list[str], urn: str) -> set[str]:
        return {fold(one) for one in earlier} - self._known[urn]
