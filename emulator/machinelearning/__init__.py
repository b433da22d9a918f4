"""Azure Machine Learning: workspaces, their assets, and jobs that really run."""
