"""What the scoring service is told of its release and estate, wherever it runs."""

from typing import TYPE_CHECKING

from ml.lake.answers import PARTS_CONTAINER
from ml.precomputed.place import for_readers
from ml.release import Release

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs


def variables(estate: "EstateOutputs", made: Release) -> dict[str, str]:
    """The variables that a container group and a pod have alike. Neither a secret nor the callers' key."""
    configuration = made.configuration
    return {
        **configuration.variables,
        **_kept(estate),
        **_predictions(estate),
        "PORT": str(configuration.port),
        "MODEL_DIR": "model",
        "SCORING_WORKERS": str(max(1, int(configuration.cpu))),  # the container's cores, not the host's
        "AZURE_CLIENT_ID": estate.scoring_identity_client_id,
        "ESTATE_ENVIRONMENT": estate.environment,
        "OTEL_METRIC_EXPORT_INTERVAL": str(configuration.metric_seconds * 1000),
        "MODEL_NAME": made.model_name,
        "MODEL_VERSION": made.model_version,
        "IMAGE_DIGEST": made.image_digest,
        "RELEASE_ID": made.id,
    }


def _kept(estate: "EstateOutputs") -> dict[str, str]:
    """Where answers are kept: the data lake lets the network in, in which every service stands."""
    if estate.data_lake is None:
        return {}
    return {"SCORING_KEEP_URL": f"https://{estate.data_lake}.blob.core.windows.net/{PARTS_CONTAINER}"}


def _predictions(estate: "EstateOutputs") -> dict[str, str]:
    """Where predictions by key are looked up; no password is in the address."""
    found = for_readers(estate)
    return {} if found is None else {"SCORING_PREDICTIONS_DATABASE": found}
