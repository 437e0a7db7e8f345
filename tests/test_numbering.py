"""Versions in the order of their numbers."""

from screentime.numbering import next_name, number_of, versions


def test_versions_are_in_the_order_of_their_numbers_beyond_999_too(tmp_path):
    for name in ("v1000-b", "v999-a", "v002-c", "v010-d", ".making-x", "vacation-x", "v01-x"):
        (tmp_path / name).mkdir()
    assert [folder.name for folder in versions(tmp_path)] == ["v002-c", "v010-d", "v999-a", "v1000-b"]
    assert next_name(tmp_path, "e") == "v1001-e"
    assert (number_of("v1000-b"), number_of("v002-c"), number_of("other")) == (1000, 2, 0)


def test_the_first_version_is_number_one(tmp_path):
    assert versions(tmp_path / "none") == []
    assert next_name(tmp_path / "none", "0a") == "v001-0a"
