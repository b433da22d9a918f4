"""The training pipeline as Azure ML publishes it: a component under a batch endpoint, by which runs start."""
