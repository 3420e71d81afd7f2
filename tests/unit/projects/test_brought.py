"""What the copy of a project that an image is made of has in place of packages in Git, and of a lock."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from projects.brought import bring, check_lock
from projects.packages import entries
from tests.unit.projects.repository import Repository

UTILS = {"package": "dbt-labs/dbt_utils", "version": [">=1.0.0", "<2.0.0"]}


def project(folder: Path, packages: list[dict[str, Any]], locked: list[dict[str, Any]] | None = None) -> Path:
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: shop")
    (folder / "packages.yml").write_text(yaml.safe_dump({"packages": packages}))
    if locked is not None:
        (folder / "package-lock.yml").write_text(yaml.safe_dump({"packages": locked, "sha1_hash": "of packages.yml"}))
    return folder


@pytest.fixture
def units(tmp_path: Path) -> Repository:
    """A private package."""
    return Repository(tmp_path / "units.git")


def test_a_private_package_lies_in_the_image_as_files(tmp_path: Path, units: Repository, monkeypatch: pytest.MonkeyPatch):
    """An image is built without credentials: `dbt deps` would end there, or the credentials would be in a layer."""
    deeper = Repository(tmp_path / "deeper.git")
    deeper.commit({"dbt_project.yml": "name: deeper"})
    nested = yaml.safe_dump({"packages": [{"git": deeper.address, "revision": "main"}, UTILS]})
    units.commit({"dbt/dbt_project.yml": "name: units", "dbt/packages.yml": nested}, tag="v1")
    monkeypatch.setenv("DBT_ENV_SECRET_PLACE", units.address.removesuffix("/units.git"))
    address = "{{ env_var('DBT_ENV_SECRET_PLACE') }}/units.git"
    shop = project(tmp_path / "shop", [{"git": address, "revision": "v1", "subdirectory": "dbt"}, UTILS])

    bring(shop, tmp_path / "cache")

    [local, utils] = entries(shop)
    assert utils == UTILS
    assert local["local"].startswith(".packages/units-")
    assert local["local"].endswith("/dbt")
    [nested_local, _] = entries(shop / local["local"])
    assert (shop / nested_local["local"] / "dbt_project.yml").read_text() == "name: deeper"
    texts = [path.read_text() for path in shop.rglob("*") if path.is_file()]
    assert not [text for text in texts if str(tmp_path) in text], "an address, with whatever credentials it holds"


def test_the_lock_says_which_versions_run(tmp_path: Path, units: Repository):
    """The newest that packages.yml allows is another one on another day; a branch moves with every push."""
    first = units.commit({"dbt_project.yml": "name: units\nversion: 1"})
    units.commit({"dbt_project.yml": "name: units\nversion: 2"})
    locked = [
        {"name": "dbt_utils", "package": "dbt-labs/dbt_utils", "version": "1.1.1"},
        {"name": "units", "git": units.address, "revision": first},
        {"name": "from_a_package", "package": "dbt-labs/codegen", "version": "0.12.1"},
    ]
    shop = project(tmp_path / "shop", [UTILS, {"git": units.address, "revision": "main"}], locked)

    bring(shop, tmp_path / "cache")

    utils, local, other = entries(shop)
    assert (utils, other) == (
        {"package": "dbt-labs/dbt_utils", "version": "1.1.1"},
        {"package": "dbt-labs/codegen", "version": "0.12.1"},
    )
    assert "version: 1" in (shop / local["local"] / "dbt_project.yml").read_text()
    assert not (shop / "package-lock.yml").exists(), "dbt would not find its own hash in it, and write another"


@pytest.mark.parametrize(
    ("wanted", "locked"),
    [
        (UTILS, None),
        (UTILS, {"package": "dbt-labs/dbt_utils", "version": "2.0.0"}),
        ({"package": "dbt-labs/dbt_utils", "version": "1.3.0"}, {"package": "dbt-labs/dbt_utils", "version": "1.1.1"}),
        ({"local": "../units"}, {"local": "../others"}),
        ({"git": "https://host/a.git", "revision": "x"}, {"git": "https://host/b.git", "revision": "x"}),
    ],
)
def test_a_lock_of_another_packages_yml_is_refused(tmp_path: Path, wanted: dict[str, Any], locked: dict[str, Any] | None):
    """dbt writes another lock without a word: what a team has tested is not what runs."""
    shop = project(tmp_path / "shop", [wanted], [locked] if locked else [])

    with pytest.raises(ValueError, match=r"package-lock.yml does not match packages.yml: it has no .* Run `dbt deps --upgrade`"):
        check_lock(shop)


def test_a_tag_that_the_lock_does_not_mean_is_refused(tmp_path: Path, units: Repository):
    """Somebody raised the version in packages.yml and forgot the lock: the old one would go on running."""
    first = units.commit({"dbt_project.yml": ""}, tag="v1")
    units.commit({"dbt_project.yml": "name: units"}, tag="v2")
    locked = [{"git": units.address, "revision": first}]

    check_lock(project(tmp_path / "right", [{"git": units.address, "revision": "v1"}], locked))
    with pytest.raises(ValueError, match=r"it has no .*units\.git v2"):
        check_lock(project(tmp_path / "wrong", [{"git": units.address, "revision": "v2"}], locked))


@pytest.mark.parametrize("version", ["1.3.0", "=1.3.0", ">=1.0.0,<2.0.0", [">=1.0.0", "<2.0.0"], "1.3.0-beta"])
def test_a_lock_that_matches_is_taken_however_the_version_is_written(tmp_path: Path, version: object):
    """As dbt's own documentation writes them."""
    locked = {"name": "dbt_utils", "package": "dbt-labs/dbt_utils", "version": "1.3.0-beta" if "beta" in str(version) else "1.3.0"}

    check_lock(project(tmp_path / "shop", [{"package": "dbt-labs/dbt_utils", "version": version}], [locked]))


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ({"git": "{{ env_var('NOT_SET_ANYWHERE') }}/a.git"}, "needs the variable NOT_SET_ANYWHERE, where you deploy"),
        ({"git": "ext::sh -c id"}, "none of https://"),
        ({"private": "team/units", "provider": "azure_devops"}, "name it by `git:`"),
    ],
)
def test_what_can_not_be_fetched_is_told_with_its_fix(tmp_path: Path, package: dict[str, Any], said: str):
    """Git's own words come without the package's name."""
    with pytest.raises(ValueError, match=said):
        bring(project(tmp_path / "shop", [package]), tmp_path / "cache")


def test_a_repository_that_is_no_package_is_told(tmp_path: Path, units: Repository):
    """dbt would say that a folder of the image lacks a file."""
    units.commit({"dbt/dbt_project.yml": ""})

    with pytest.raises(ValueError, match=r"units\.git has no dbt_project\.yml\. If it lies deeper there: `subdirectory:`"):
        bring(project(tmp_path / "shop", [{"git": units.address}]), tmp_path / "cache")
