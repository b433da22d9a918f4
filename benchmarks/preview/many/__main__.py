"""As many resource groups as RESOURCES says, written as in the SDK's own first example."""

import os

from pulumi_azure_native import resources

for number in range(int(os.environ["RESOURCES"])):
    resources.ResourceGroup(f"group-{number}", location="westeurope")
