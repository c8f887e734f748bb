"""What a run is called if nobody names it."""

from __future__ import annotations

from classifiers.core.catalogue import parameters_resolved
from classifiers.run_names import MAX_NAME, is_name, run_name


def test_the_defaults_are_not_in_the_name() -> None:
    assert run_name("knn", parameters_resolved("knn", {})) == "knn"
    assert run_name("emd-corr", parameters_resolved("emd-corr", {"paper": True})) == (
        "emd-corr-paper=true"
    )


def test_backbone_split_and_parameters_follow_and_a_number_makes_it_unique() -> None:
    given = parameters_resolved("knn", {"n_voters": 5})
    name = run_name("knn", given, backbone="resnet50", split="night")
    assert name == "knn-resnet50-night-n_voters=5"
    assert run_name("knn", given, taken={"knn-n_voters=5"}) == "knn-n_voters=5-2"


def test_every_default_name_is_a_name() -> None:
    odd = {"mask": "1" * 400, "masks": "a" * 64}
    name = run_name("-ünknown", odd, split="a b/c")
    assert is_name(name)
    assert len(run_name("chm-corr-plus", odd)) <= MAX_NAME
    assert not is_name("x" * (MAX_NAME + 1))
