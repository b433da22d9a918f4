"""MLflow tracking of a workspace: experiments, runs, their parameters, metrics, tags and artifacts."""
