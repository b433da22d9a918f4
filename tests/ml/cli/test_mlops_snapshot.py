import subprocess
from pathlib import Path

import pytest

from ml.errors import MlopsError
from ml.jobs import snapshot


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for path, text in {
        "ml/__init__.py": "",
        "ml/steps/train/main.py": "print('train')\n",
        "scoring/__init__.py": "",
        "infra/__init__.py": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(checkout: Path) -> Path:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "first")
    return checkout


def test_only_tracked_files_of_the_two_packages_are_taken(repository: Path):
    (repository / "ml" / "scratch.py").write_text("secret = 1")
    taken = snapshot.take(repository)
    assert sorted(taken.files) == ["ml/__init__.py", "ml/steps/train/main.py", "scoring/__init__.py"]
    assert taken.untracked == ("ml/scratch.py",)
    assert not taken.commit.endswith("-dirty")


def test_a_changed_file_changes_the_digest_and_says_so(repository: Path):
    before = snapshot.take(repository)
    (repository / "ml" / "steps" / "train" / "main.py").write_text("print('other')\n")
    after = snapshot.take(repository)
    assert after.sha256 != before.sha256
    assert after.commit == f"{before.commit}-dirty"


def test_a_commit_elsewhere_leaves_the_digest(repository: Path):
    before = snapshot.take(repository)
    (repository / "infra" / "__init__.py").write_text("x = 1\n")
    git(repository, "commit", "-q", "-am", "second")
    after = snapshot.take(repository)
    assert (after.sha256 == before.sha256, after.commit == before.commit) == (True, False)


def test_outside_git_every_file_but_caches_is_taken(checkout: Path):
    (checkout / "ml" / "__pycache__").mkdir()
    (checkout / "ml" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
    taken = snapshot.take(checkout)
    assert sorted(taken.files) == ["ml/__init__.py", "ml/steps/train/main.py", "scoring/__init__.py"]
    assert taken.commit == f"content-{taken.sha256[:40]}"


def test_inside_another_repository_its_git_is_not_asked(checkout: Path):
    git(checkout.parent, "init", "-q")
    assert len(snapshot.take(checkout).files) == 3


def test_the_same_files_give_the_same_snapshot_with_and_without_git(checkout: Path):
    before = snapshot.take(checkout).sha256
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "first")
    assert snapshot.take(checkout).sha256 == before


def test_a_missing_package_is_named(checkout: Path):
    (checkout / "scoring" / "__init__.py").unlink()
    with pytest.raises(MlopsError, match="scoring"):
        snapshot.take(checkout)


def test_the_real_checkout_has_its_steps():
    root = Path(snapshot.__file__).parents[2]
    assert "ml/steps/train/main.py" in snapshot.take(root).files
