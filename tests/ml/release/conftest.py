from tests.scoring.conftest import artifact, model, serve

__all__ = ["artifact", "model", "serve"]
