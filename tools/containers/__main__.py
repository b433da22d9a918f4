"""``python -m tools.containers``: the engine and the base image that the container tests need."""

from pathlib import Path

from tools.bootstrap.cache import say
from tools.containers import base, engine

DOCKERFILE = Path(__file__).resolve().parents[2] / "environments" / "scoring" / "Dockerfile"

if __name__ == "__main__":
    engine.install()
    name = base.name_in(DOCKERFILE)
    say(f"the base image {name} is {base.ensure(engine.find(), name)}")
