"""A static website in a storage account, behind a content delivery network."""

import pulumi
from pulumi_azure_native import cdn, resources, storage

group = resources.ResourceGroup("pages")
account = storage.StorageAccount(
    "pages",
    resource_group_name=group.name,
    kind=storage.Kind.STORAGE_V2,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
    enable_https_traffic_only=True,
    network_rule_set=storage.NetworkRuleSetArgs(
        bypass=storage.Bypass.AZURE_SERVICES, default_action=storage.DefaultAction.ALLOW
    ),
)
website = storage.StorageAccountStaticWebsite(
    "website",
    resource_group_name=group.name,
    account_name=account.name,
    index_document="index.html",
    error404_document="404.html",
)
title = pulumi.Config().get("title") or "Hello"
for name, text in {"index.html": f"<h1>{title}</h1>", "404.html": "<h1>Not here</h1>"}.items():
    storage.Blob(
        name,
        resource_group_name=group.name,
        account_name=account.name,
        container_name=website.container_name,
        source=pulumi.StringAsset(text),
        content_type="text/html",
    )
origin = account.primary_endpoints.apply(lambda found: found.web.split("/")[2])
profile = cdn.Profile(
    "profile",
    resource_group_name=group.name,
    location="global",
    sku=cdn.SkuArgs(name=cdn.SkuName.STANDARD_MICROSOFT),
)
endpoint = cdn.Endpoint(
    "endpoint",
    resource_group_name=group.name,
    profile_name=profile.name,
    endpoint_name=account.name.apply(lambda name: f"cdn-{name}"),
    is_http_allowed=False,
    origin_host_header=origin,
    origins=[cdn.DeepCreatedOriginArgs(name="pages", host_name=origin, https_port=443)],
)

pulumi.export("site", account.primary_endpoints.web)
pulumi.export("id", account.id)
