"""What the estate tells the rest of the repository: the stack's outputs, typed. Imports nothing of Pulumi."""

from pydantic import BaseModel, ConfigDict, Field


class Predictions(BaseModel):
    """The server of predictions by key. Roles are those of Microsoft Entra ID, by their names there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    host: str = Field(description="NAME.postgres.database.azure.com")
    port: int
    database: str
    administrators: str = Field(description="the engineers' group")
    writer: str = Field(description="the training identity: it loads batches")
    writer_object_id: str
    reader: str = Field(description="the scoring identity: it looks up")
    reader_object_id: str
    eraser: str | None = Field(default=None, description="the group that erases people's rows; None: none")
    eraser_object_id: str | None = None


class ScoringFunction(BaseModel):
    """The function app that scores."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    app: str = Field(description="name")
    url: str = Field(description="https://NAME.azurewebsites.net")
    models: str = Field(description="container of released models in storage_account, name")
    key_secret: str = Field(description="secret of key_vault with the callers' key, name")
    gated: bool = Field(default=False, description="whether the promoting identity alone puts code there")


class EstateOutputs(BaseModel):
    """The outputs of a stack, under the same names. Ids are ARM resource ids, `*_client_id` are UUIDs."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    environment: str = Field(description="the stack's name, as in stage")
    location: str = Field(description="Azure region, as in westeurope")
    tenant_id: str
    subscription_id: str
    resource_group: str = Field(description="name")
    workspace: str = Field(description="Azure ML workspace, name")
    compute_cluster: str = Field(description="name in the workspace")
    compute_clusters: dict[str, str] = Field(default={}, description="all of them: name by key, as cpu, gpu")
    datastore: str = Field(description="identity-based datastore on data_container, name in the workspace")
    storage_account: str = Field(description="name")
    data_container: str = Field(description="blob container, name")
    data_lake: str | None = Field(default=None, description="account with a hierarchical namespace, name")
    data_lake_datastores: dict[str, str] = Field(
        default={},
        description="by container of the data lake: name of its datastore, identity-based",
    )
    data_lake_soft_delete_days: int | None = Field(
        default=None, description="how long what is deleted there can be restored, and by no role made to go"
    )
    release_account: str | None = Field(
        default=None, description="account of releases and approvals, name; None: there is none"
    )
    release_vault: str | None = Field(default=None, description="vault with the approvers' key, name")
    key_vault: str = Field(description="name")
    key_vault_uri: str = Field(description="https://NAME.vault.azure.net/")
    registry: str = Field(description="name")
    registry_login_server: str = Field(description="NAME.azurecr.io")
    build_agent_pool: str | None = Field(default=None, description="name; None: builds run without one")
    base_image: str | None = Field(
        default=None,
        description="REGISTRY/NAME:TAG@DIGEST that images are built on, or the Dockerfile's own",
    )
    telemetry_connection_string: str = Field(description="of Application Insights; opens nothing by itself")
    log_analytics_id: str
    application_insights_id: str | None = Field(default=None, description="None: a stack of before it told")
    training_identity_id: str
    training_identity_client_id: str
    scoring_identity_id: str
    scoring_identity_client_id: str
    inference_subnet_id: str
    kubernetes_cluster: str | None = Field(default=None, description="name; None: there is none")
    kubernetes_subnet: str | None = Field(default=None, description="of its nodes and load balancers, name")
    subnet_ranges: dict[str, str] = Field(
        default={}, description="by key of the address plan, as in {'gateway': '10.20.4.0/26'}"
    )
    gateway: str | None = Field(default=None, description="API Management, name; None: there is none")
    gateway_url: str | None = Field(default=None, description="https://NAME.azure-api.net")
    gateway_audience: str | None = Field(
        default=None, description="of tokens that it takes beside keys; None: keys alone"
    )
    gateway_pool: str | None = Field(default=None, description="backend whose members the release sets, name")
    predictions: Predictions | None = Field(default=None, description="by key; None: there are none")
    data_lake_id: str | None = Field(
        default=None, description="ARM id, for retraining.pushTo of an estate that trains elsewhere"
    )
    training_identity_principal_id: str | None = Field(
        default=None, description="object id, for retraining.pushedBy of the environment that trains"
    )
    training_subnet_id: str | None = Field(default=None, description="for the same")
    pushes_to: str | None = Field(
        default=None, description="data lake of the environment that trains, name; None: nothing is pushed"
    )
    scoring_function: ScoringFunction | None = Field(default=None, description="None: there is none")
    retraining_app: str | None = Field(
        default=None, description="function app that starts trainings, name; None: there is none"
    )
    retraining_storage: str | None = Field(default=None, description="its storage account, name")
    retraining_alerts_url: str | None = Field(
        default=None, description="where it takes alerts, for retraining.endpoint of another environment"
    )
