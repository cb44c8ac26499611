"""What is read and run comes from folders that are this user's own; a user without a folder keeps nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from builders import spec_data

from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.spec import parse_spec
from UnifiedViTLib.trust import is_private_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are those of POSIX")
ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(getattr(os, "getuid", int)() != 0, reason="only root can give a folder to another user")


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "above" / "cache"
    path.mkdir(parents=True, mode=0o755)
    return path


def test_a_folder_of_ones_own_is_private(folder):
    assert is_private_folder(folder)
    folder.chmod(0o700)
    assert is_private_folder(folder)


def test_a_folder_that_is_not_there_or_is_a_file_is_not(folder):
    (folder / "file").touch()
    assert not is_private_folder(folder / "none") and not is_private_folder(folder / "file")


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o1777])
def test_a_folder_that_others_may_write_to_is_not(folder, mode):
    folder.chmod(mode)
    assert not is_private_folder(folder)


def test_a_folder_below_one_that_others_may_write_to_is_not(folder):
    folder.parent.chmod(0o777)
    assert not is_private_folder(folder)


def test_a_folder_of_ones_own_under_tmp_is_private_as_nobody_can_replace_it():
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        assert is_private_folder(Path(made))


@as_root
@pytest.mark.parametrize("place", ["itself", "above"])
def test_a_folder_of_another_user_is_not(folder, place):
    os.chown(folder if place == "itself" else folder.parent, 12345, 12345)
    assert not is_private_folder(folder)


@as_root
def test_a_folder_that_a_group_of_others_may_write_to_is_not(folder):
    os.chown(folder, 0, 12345)
    folder.chmod(0o775)
    assert not is_private_folder(folder)


def test_a_link_is_as_private_as_what_it_leads_to(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert is_private_folder(link)
    (tmp_path / "relative").symlink_to(Path("above") / ".." / "above" / "cache")
    assert is_private_folder(tmp_path / "relative")
    folder.chmod(0o777)
    assert not is_private_folder(link)


@as_root
def test_a_link_of_another_user_is_not_followed(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    os.lchown(link, 12345, 12345)
    assert not is_private_folder(link)


def test_a_link_in_a_circle_is_nobodys(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert not is_private_folder(tmp_path / "a")


@pytest.mark.parametrize("mode", [0o777, 0o757])
def test_what_is_kept_in_a_folder_that_others_may_write_to_is_not_read(tmp_path, mode):
    cache = DiskCache(tmp_path / "compiled", parse_spec(spec_data(), tmp_path))
    cache.write(b"a network", "key")
    assert cache.read("key") == b"a network"
    (tmp_path / "compiled").chmod(mode)
    assert cache.read("key") is None


@as_root
def test_a_user_without_a_home_has_the_bundled_model_and_keeps_nothing_in_a_place_that_others_can_guess():
    code = """
import os; os.setreuid(54321, 0)  # another user, who can read this interpreter
from UnifiedViTLib.errors import WeightsError
from UnifiedViTLib.service.store.cache import cache_bytes, cache_folder, clear_cache, compiled_folder, set_cache_folder
from UnifiedViTLib.service.store.catalogue import list_models
assert [entry.id for entry in list_models()] == ["brain-t1ce", "brain-t1ce-flair", "breast-ultrasound"]
assert compiled_folder() is None and cache_bytes() == 0 and clear_cache() is None
for refused in (cache_folder, lambda: set_cache_folder("/tmp")):
    try:
        refused()
    except WeightsError as error:
        assert "UNIFIEDVIT_MODELS" in str(error)
    else:
        raise AssertionError
"""
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "UNIFIEDVIT_MODELS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment | {"PYTHONPATH": str(ROOT)}, cwd=ROOT)
