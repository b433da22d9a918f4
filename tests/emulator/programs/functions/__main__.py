"""A function app: consumption plan, its storage by connection string, an identity with a role."""

import pulumi
from pulumi_azure_native import authorization, resources, storage, web

READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"  # Storage Blob Data Reader
group = resources.ResourceGroup("functions")
account = storage.StorageAccount(
    "funcfiles",
    resource_group_name=group.name,
    kind=storage.Kind.STORAGE_V2,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
)
code = storage.BlobContainer("code", account_name=account.name, resource_group_name=group.name)
blob = storage.Blob(
    "app.zip",
    resource_group_name=group.name,
    account_name=account.name,
    container_name=code.name,
    source=pulumi.AssetArchive({"host.json": pulumi.StringAsset('{"version": "2.0"}')}),
)
plan = web.AppServicePlan(
    "plan",
    resource_group_name=group.name,
    kind="Linux",
    reserved=True,
    sku=web.SkuDescriptionArgs(name="Y1", tier="Dynamic"),
)
keys = storage.list_storage_account_keys_output(account_name=account.name, resource_group_name=group.name)
connection = pulumi.Output.format(
    "DefaultEndpointsProtocol=https;AccountName={0};AccountKey={1}", account.name, keys.keys[0].value
)
app = web.WebApp(
    "app",
    resource_group_name=group.name,
    kind="functionapp,linux",
    server_farm_id=plan.id,
    identity=web.ManagedServiceIdentityArgs(type=web.ManagedServiceIdentityType.SYSTEM_ASSIGNED),
    site_config=web.SiteConfigArgs(
        linux_fx_version=f"Python|{pulumi.Config().get('python') or '3.11'}",
        app_settings=[
            web.NameValuePairArgs(name="FUNCTIONS_WORKER_RUNTIME", value="python"),
            web.NameValuePairArgs(name="AzureWebJobsStorage", value=connection),
            web.NameValuePairArgs(name="WEBSITE_RUN_FROM_PACKAGE", value=blob.url),
        ],
    ),
)
authorization.RoleAssignment(
    "reader",
    scope=account.id,
    principal_id=app.identity.apply(lambda identity: identity.principal_id if identity else None),
    principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
    role_definition_id=f"/providers/Microsoft.Authorization/roleDefinitions/{READER}",
)

pulumi.export("endpoint", app.default_host_name)
pulumi.export("id", account.id)
