import time
from pathlib import Path

from tests.e2e.world import World


def test_it(model_world: World, tmp_path: Path) -> None:
    w = model_world
    t = time.time()
    done = w.run("mlops", "monitor", "--env", "stage", "--to", str(tmp_path / "m.html"), check=False)
    print(done.stdout, done.stderr, time.time() - t)
    w.run("mlops", "deploy", "--env", "stage", "--json", check=False)
    w.run("mlops", "score", "--env", "stage", "--rows", "300", "--json", check=False)
    time.sleep(12)
    t = time.time()
    done = w.run("mlops", "monitor", "--env", "stage", "--to", "/tmp/mon_real.html", check=False)
    print(done.stdout, done.stderr, time.time() - t)
    t = time.time()
    done = w.run("mlops", "monitor", "--env", "prod", "--to", "/tmp/mon_prod.html", check=False)
    print(done.stdout, done.stderr, time.time() - t)
    assert 0
