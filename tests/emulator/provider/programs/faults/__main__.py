"""Inputs that only a dictionary can carry past the SDK's own types."""

import pulumi

VERSION = "3.29.0"


class Raw(pulumi.CustomResource):
    """A resource with inputs as they stand."""

    def __init__(self, token: str, name: str, inputs: dict[str, object]) -> None:
        super().__init__(f"azure-native:{token}", name, inputs, pulumi.ResourceOptions(version=VERSION))


Raw(
    "storage:StorageAccount",
    "account",
    {
        "resourceGroupName": "rg",
        "accountName": "Bad-Name",
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"nam": "Standard_LRS"},
        "networkRuleSet": {"defaultAction": "Deni"},
        "isHnsEnabled": pulumi.Output.secret("topsecret"),
    },
)
