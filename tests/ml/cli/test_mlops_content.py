import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.content import content_key, sha256_of_files, tar_gz

names = st.text(alphabet="abcdef/_.", min_size=1, max_size=12).filter(
    lambda name: not name.startswith("/") and "//" not in name and not name.endswith("/") and "." not in name
)
trees = st.dictionaries(names, st.binary(max_size=64), max_size=6)


@given(trees, st.randoms())
def test_the_order_of_files_does_not_count(files, random):
    shuffled = list(files.items())
    random.shuffle(shuffled)
    assert sha256_of_files(files) == sha256_of_files(dict(shuffled))
    assert tar_gz(files) == tar_gz(dict(shuffled))


@given(trees, trees)
def test_different_trees_have_different_digests(one, other):
    assert (sha256_of_files(one) == sha256_of_files(other)) == (one == other)


@given(trees)
def test_an_archive_gives_the_files_back_and_nothing_of_this_machine(files):
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(tar_gz(files)))) as archive:
        members = archive.getmembers()
        found = {m.name: archive.extractfile(m).read() for m in members}
    assert found == files
    assert all((m.mtime, m.uid, m.gid, m.uname, m.mode) == (0, 0, 0, "", 0o644) for m in members)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), json_values, max_size=5), st.randoms())
def test_a_key_does_not_know_the_order_of_an_object(value, random):
    items = list(value.items())
    random.shuffle(items)
    assert content_key(value) == content_key(dict(items))


def test_a_key_refuses_what_json_does_not_have():
    with pytest.raises(ValueError):
        content_key({"margin": float("nan")})
