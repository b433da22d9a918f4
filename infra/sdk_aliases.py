"""Leaves out what the SDK says of each resource's former types, which takes a third of a preview's CPU time.

pulumi_azure_native gives every resource twenty or more aliases: its type in each API version that an older
release of the SDK had. They let a stack that was written with such a type go on without replacing anything.
No estate was: this program has never used a type with a version in its name.
"""

import re
from typing import Any, Final

import pulumi

VERSIONED: Final = re.compile(r"azure-native:[a-z]+(/v\d+(preview)?)?:\w+")


def install() -> None:
    """For every resource of the running program."""
    pulumi.runtime.register_stack_transformation(leave_out)


def leave_out(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """The same resource without the aliases that say nothing but a type of the SDK."""
    aliases = args.opts.aliases
    if not isinstance(aliases, list) or not any(map(is_former_type, aliases)):
        return None
    kept = [alias for alias in aliases if not is_former_type(alias)]
    opts = pulumi.ResourceOptions.merge(args.opts, None)
    opts.aliases = kept or None
    return pulumi.ResourceTransformationResult(args.props, opts)


def is_former_type(alias: Any) -> bool:
    """Whether an alias is one of the SDK's: a type alone, with no name, parent, stack or project."""
    if not isinstance(alias, pulumi.Alias) or not isinstance(alias.type_, str):
        return False
    others = [value for name, value in vars(alias).items() if name != "type_"]
    return all(value is ... for value in others) and VERSIONED.fullmatch(alias.type_) is not None
