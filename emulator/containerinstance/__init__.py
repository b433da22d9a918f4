"""Azure Container Instances: container groups that really run, as processes of their images."""
