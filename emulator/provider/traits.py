"""The shape of what the provider knows about a type beyond the installed SDK and the catalog's row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Traits:
    """How the SDK's inputs of one type differ from the body that Azure speaks, and what Azure does with them.

    force_new: inputs whose change needs a new resource, dotted (`sku.name`), `[]` for any list item, besides
        the path parameters and `location`
    top: SDK inputs that stand at the top of the ARM body although others go into `properties`
    nested: SDK inputs that belong into `properties` although their names are those of envelope keys
    query: SDK inputs that Azure takes as query parameters, no part of the body
    wire: SDK name -> ARM name, where they differ
    secret: outputs that are secret whatever the inputs were, dotted
    computed: SDK inputs that Azure changes by itself; they are no drift unless the program sets them
    """

    force_new: tuple[str, ...] = ()
    top: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    wire: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
