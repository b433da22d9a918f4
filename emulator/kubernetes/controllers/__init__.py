"""What Kubernetes' controllers decide: planners without effects, and the loop that carries them out."""
