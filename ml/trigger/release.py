"""From a registered model to the workflow `release`: once for each model, whoever is killed in between."""

from ml.trigger.github import Workflow


def begin(model: str, workflow: Workflow) -> bool:
    """Start the workflow for NAME:VERSION; False where there is a run of it already. Raises Refused.

    The run's name is the model's, so a repeat after a lost answer finds the run that there is.
    """
    if workflow.is_started(model):
        return False
    workflow.start(model)
    return True
