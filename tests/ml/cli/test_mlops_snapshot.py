"""The code that leaves this machine: what its programs need, and only what git tracks."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ml.errors import MlopsError
from ml.jobs import snapshot

FILES = {
    "ml/__init__.py": "",
    "ml/cli.py": "",
    "ml/steps/__init__.py": "",
    "ml/steps/train/__init__.py": "",
    "ml/steps/train/component.yml": "name: train\n",
    "ml/steps/train/main.py": "from scoring import encode\n",
    "scoring/__init__.py": "",
    "scoring/__main__.py": "",
    "scoring/encode.py": "",
    "scoring/kernel/__init__.py": "",
    "scoring/kernel/build.py": "",
    "infra/__init__.py": "",
}
SENT = sorted(
    FILES.keys()
    - {
        "ml/cli.py",
        "scoring/__main__.py",
        "scoring/kernel/__init__.py",
        "scoring/kernel/build.py",
        "infra/__init__.py",
    }
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files, in no repository."""
    root = tmp_path / "checkout"
    for path, text in FILES.items():
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


def take(root: Path) -> snapshot.Snapshot:
    return snapshot.of_steps(root, ("train",))


def change(root: Path, path: str) -> None:
    with (root / path).open("a") as file:
        file.write("# a comment\n")


@pytest.mark.parametrize("path", FILES)
def test_what_is_needed_decides_the_digest_and_nothing_else_does(repository: Path, path: str):
    before = take(repository)
    assert sorted(before.files) == SENT
    change(repository, path)
    after = take(repository)
    assert (after.sha256 != before.sha256) is (path in SENT)
    assert after.commit == before.commit + ("-dirty" if path in SENT else "")


def test_a_change_of_the_steps_alone_leaves_the_scoring_image(repository: Path):
    before = snapshot.of_scoring(repository)
    own = ("__init__.py", "__main__.py", "kernel/__init__.py", "kernel/build.py")
    assert sorted(before.files) == [f"scoring/{name}" for name in own]
    change(repository, "ml/steps/train/main.py")
    change(repository, "scoring/encode.py")
    assert snapshot.of_scoring(repository) == before
    change(repository, "scoring/__main__.py")
    assert snapshot.of_scoring(repository).sha256 != before.sha256


def test_a_commit_elsewhere_leaves_the_digest(repository: Path):
    before = take(repository)
    change(repository, "infra/__init__.py")
    git(repository, "commit", "-q", "-am", "second")
    after = take(repository)
    assert (after.sha256 == before.sha256, after.commit == before.commit) == (True, False)


def test_the_same_files_give_the_same_snapshot_with_and_without_git(checkout: Path):
    before = take(checkout)
    assert before.commit == f"content-{before.sha256[:40]}"
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    assert take(checkout).commit == before.commit  # there is no commit yet
    git(checkout, "commit", "-q", "-m", "first")
    assert take(checkout).sha256 == before.sha256


def test_code_that_is_sent_anew_is_other_code_for_azure_ml_and_the_same_for_a_job(
    checkout: Path, tmp_path: Path
):
    made = take(checkout)
    sent = [made.write(tmp_path / name, anew=name != "plain") for name in ("plain", "one", "two")]
    plain, one, two = (
        {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in sent
    )
    assert plain == made.files
    assert one != two and {**one, **made.files} == one
    assert one.keys() - plain.keys() == {snapshot.SENT_ANEW}


def test_a_file_beside_them_that_is_not_tracked_is_not_sent(repository: Path):
    (repository / "scoring" / ".env").write_text("KEY=1")
    (repository / "ml" / "scratch.py").write_text("")
    assert sorted(take(repository).files) == SENT
    assert not any(".env" in path for path in snapshot.of_scoring(repository).files)


def test_a_file_that_is_needed_and_not_tracked_is_refused(repository: Path):
    (repository / ".gitignore").write_text("local.py\n")
    (repository / "scoring" / "local.py").write_text("KEY = 1")
    (repository / "ml" / "steps" / "train" / "main.py").write_text("from scoring import local\n")
    with pytest.raises(MlopsError, match=r"1 file\(s\) that git does not track: scoring/local\.py") as caught:
        take(repository)
    assert "git add" in caught.value.remedy


def in_a_subfolder(root: Path) -> Path:
    """A repository whose subfolder the checkout is."""
    (root / ".git").rename(root.parent / "aside")
    git(root.parent, "init", "-q")
    (root.parent / ".gitignore").write_text("aside\n.env\n")
    git(root.parent, "add", ".")
    git(root.parent, "commit", "-q", "-m", "first")
    return root


def in_a_worktree(root: Path) -> Path:
    git(root, "worktree", "add", "-q", "../worktree")
    return root.parent / "worktree"


@pytest.mark.parametrize("kind", [in_a_subfolder, in_a_worktree])
def test_what_git_tracks_is_known_wherever_the_repository_begins(
    repository: Path, kind: Callable[[Path], Path]
):
    root = kind(repository)
    assert sorted(take(root).files) == SENT
    assert not take(root).commit.startswith("content-")
    (root / "scoring" / "new.py").write_text("")
    (root / "ml" / "steps" / "train" / "main.py").write_text("import scoring.new\n")
    with pytest.raises(MlopsError, match=r"git does not track: scoring/new\.py"):
        take(root)


def test_a_repository_that_tracks_none_of_the_packages_is_refused_unless_it_ignores_the_folder(
    checkout: Path,
):
    for top in (checkout, checkout.parent):
        git(top, "init", "-q")
        with pytest.raises(MlopsError, match="tracks none of its folders ml, scoring") as caught:
            take(checkout)
        assert "`git add`" in caught.value.remedy
        shutil.rmtree(top / ".git")
    git(checkout.parent, "init", "-q")
    (checkout.parent / ".gitignore").write_text(f"/{checkout.name}\n")
    assert take(checkout).commit.startswith("content-")


def test_without_git_a_repository_is_refused_and_a_folder_is_not(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(MlopsError, match="there is no git to say which of its files are tracked"):
        take(repository)
    (repository / ".git").rename(repository / "aside")
    assert take(repository).commit.startswith("content-")


def test_a_checkout_of_another_owner_is_refused_with_gits_words(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own tests do so
    with pytest.raises(MlopsError, match="it is not known which files may leave this machine") as caught:
        take(repository)
    assert f"safe.directory {repository}" in caught.value.remedy
    assert "dubious ownership" in caught.value.details[0]


def test_a_repository_that_git_cannot_read_is_refused_with_gits_words(repository: Path):
    (repository / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(MlopsError, match=r"`git ls-files` in .* failed") as caught:
        take(repository)
    assert "not a git repository" in caught.value.details[0]


def test_a_component_that_is_gone_is_named(checkout: Path):
    (checkout / "ml" / "steps" / "train" / "component.yml").unlink()
    with pytest.raises(MlopsError, match=r"component\.yml cannot be read: No such file"):
        take(checkout)


@pytest.mark.parametrize("linked", ["ml/steps/train/component.yml", "ml/steps/train", "scoring"])
def test_what_leads_out_of_the_checkout_is_refused_by_name(checkout: Path, tmp_path: Path, linked: str):
    outside = tmp_path / "outside"
    (checkout / linked).rename(outside)
    (checkout / linked).symlink_to(outside)
    with pytest.raises(MlopsError, match="leads out of the checkout") as caught:
        take(checkout)
    assert linked in str(caught.value) and str(outside) in str(caught.value)


def test_a_link_within_the_checkout_is_its_file(checkout: Path, tmp_path: Path):
    before = take(checkout)
    (checkout / "scoring/encode.py").rename(checkout / "elsewhere.py")
    (checkout / "scoring/encode.py").symlink_to("../elsewhere.py")
    through = tmp_path / "through"
    through.symlink_to(checkout)
    assert take(checkout) == take(through) == before
