"""A web app on a plan, with its package in storage, telemetry and a database."""

import pulumi
from pulumi_azure_native import applicationinsights, operationalinsights, resources, sql, storage, web

config = pulumi.Config()
password = config.require_secret("password")
group = resources.ResourceGroup("site")

account = storage.StorageAccount(
    "sitefiles",
    resource_group_name=group.name,
    kind=storage.Kind.STORAGE_V2,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
)
packages = storage.BlobContainer("packages", account_name=account.name, resource_group_name=group.name)
package = storage.Blob(
    "package",
    resource_group_name=group.name,
    account_name=account.name,
    container_name=packages.name,
    source=pulumi.FileArchive("./content"),
)
plan = web.AppServicePlan(
    "plan",
    resource_group_name=group.name,
    kind="App",
    sku=web.SkuDescriptionArgs(tier="Basic", name=config.get("size") or "B1"),
)
logs = operationalinsights.Workspace("logs", resource_group_name=group.name, sku={"name": "PerGB2018"})
insights = applicationinsights.Component(
    "insights",
    resource_group_name=group.name,
    application_type=applicationinsights.ApplicationType.WEB,
    kind="web",
    ingestion_mode="LogAnalytics",
    workspace_resource_id=logs.id,
)
server = sql.Server(
    "server",
    resource_group_name=group.name,
    administrator_login="dba",
    administrator_login_password=password,
    version="12.0",
)
database = sql.Database(
    "data", resource_group_name=group.name, server_name=server.name, sku=sql.SkuArgs(name="S0")
)
app = web.WebApp(
    "app",
    resource_group_name=group.name,
    server_farm_id=plan.id,
    https_only=True,
    site_config=web.SiteConfigArgs(
        app_settings=[
            web.NameValuePairArgs(
                name="APPLICATIONINSIGHTS_CONNECTION_STRING", value=insights.connection_string
            ),
            web.NameValuePairArgs(name="WEBSITE_RUN_FROM_PACKAGE", value=package.url),
        ],
        connection_strings=[
            web.ConnStringInfoArgs(
                name="data",
                type=web.ConnectionStringType.SQL_AZURE,
                connection_string=pulumi.Output.format(
                    "Server={0};Database={1};User ID=dba;Password={2}",
                    server.fully_qualified_domain_name,
                    database.name,
                    password,
                ),
            )
        ],
    ),
)

pulumi.export("endpoint", app.default_host_name.apply(lambda name: f"https://{name}"))
pulumi.export("id", plan.id)
