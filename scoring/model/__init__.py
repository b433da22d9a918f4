"""The model: its composite, the contract of its rows, its explanations, and the drift of its inputs."""
