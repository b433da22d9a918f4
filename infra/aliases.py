"""Without the aliases of other API versions, which are half of what a run of the program computes.

The SDK gives each resource an alias for every API version that it ever had, twenty on average, so that a
program may import another one: `azure-native:network/v20230201:Subnet` becomes `azure-native:network:Subnet`.
This program imports types without a version, and no state of it has others. An alias without a version, the
earlier name of a type, stays.
"""

import re
from typing import Final

import pulumi

VERSIONED: Final = re.compile(r"azure-native:\w+/v\d{8}\w*:\w+")


def leave_out(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """A transformation of the estate and of all in it."""
    given.opts.aliases = [alias for alias in given.opts.aliases or () if not _of_a_version(alias)]
    return pulumi.ResourceTransformationResult(given.props, given.opts)


def _of_a_version(alias: object) -> bool:
    kind = alias.type_ if isinstance(alias, pulumi.Alias) else None
    return isinstance(kind, str) and VERSIONED.fullmatch(kind) is not None
