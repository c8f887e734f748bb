"""From a query to a decision with its evidence, for every classifier of the table."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from classifiers.core.catalogue import CLASSIFIERS, WEIGHT_DECAY, parameters_resolved
from classifiers.core.chm.matcher_features import Targets
from classifiers.core.emd.emd import emd_scores, patch_pairs
from classifiers.core.gallery.index import Gallery
from classifiers.core.head import LinearHead
from classifiers.core.methods import QueryFeatures, Shortlist, classify
from classifiers.decision import Decision
from tests.core.toys import CHANNELS, toy_crops, toy_features, toy_matcher

VOTING = [name for name, each in CLASSIFIERS.items() if each.votes]


@pytest.fixture(scope="module")
def query() -> QueryFeatures:
    features = toy_features(1, seed=3)
    source = toy_matcher().encode(toy_crops(1, seed=3), "source")[0]
    return QueryFeatures(features.maps[0], features.vectors[0], source)


def decide(query: QueryFeatures, gallery: Gallery, name: str, **given: Any) -> Decision:
    """Classify; by CHM-Corr among six photos only, for its pairs take their time."""
    few: dict[str, Any] = (
        {"n_shortlist": 6, "n_voters": 6} if CLASSIFIERS[name].needs_matcher else {}
    )
    return classify(query, gallery, name, **few, **given)


@pytest.fixture(scope="module")
def head() -> LinearHead:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, CHANNELS, generator=generator, dtype=torch.float64)
    return LinearHead(weight, torch.zeros(3, dtype=torch.float64), 0, WEIGHT_DECAY)


@pytest.fixture(scope="module")
def gallery(shared_gallery: Gallery) -> Gallery:
    """Return the gallery of every test process: nothing here writes into it."""
    return shared_gallery


@pytest.fixture(scope="module")
def decisions(
    query: QueryFeatures, gallery: Gallery, head: LinearHead, shared_targets: Targets
) -> dict[str, Decision]:
    """Return the decision of each classifier on the query."""
    given = {"head": head, "targets": shared_targets}
    return {name: decide(query, gallery, name, **given) for name in CLASSIFIERS}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_same_input_gives_the_same_decision(
    query: QueryFeatures,
    gallery: Gallery,
    head: LinearHead,
    shared_targets: Targets,
    decisions: dict[str, Decision],
    name: str,
) -> None:
    again = decide(query, gallery, name, head=head, targets=shared_targets)
    assert again == decisions[name]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_decision_survives_json(decisions: dict[str, Decision], name: str) -> None:
    decision = decisions[name]
    assert Decision.from_json(json.loads(json.dumps(decision.to_json()))) == decision


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_table_says_what_a_decision_holds(decisions: dict[str, Decision], name: str) -> None:
    spec, decision = CLASSIFIERS[name], decisions[name]
    assert spec.name == name
    assert spec.votes == (decision.n_votes is not None) == bool(decision.neighbors)
    assert spec.has_matches == any(neighbor.matches for neighbor in decision.neighbors)
    assert spec.needs_matcher == ("matcher" in spec.parameters)


@pytest.mark.parametrize("name", VOTING)
def test_every_voter_is_listed_nearest_first(decisions: dict[str, Decision], name: str) -> None:
    decision = decisions[name]
    scores = [neighbor.score for neighbor in decision.neighbors]
    assert [neighbor.rank for neighbor in decision.neighbors] == list(range(decision.n_voters or 0))
    assert scores == sorted(scores, reverse=True)
    labels = [neighbor.label for neighbor in decision.neighbors]
    assert (
        decision.n_votes == labels.count(decision.label) == round(decision.confidence * len(labels))
    )


@pytest.mark.parametrize("name", VOTING)
def test_voters_are_images_of_the_gallery_with_their_class(
    gallery: Gallery, decisions: dict[str, Decision], name: str
) -> None:
    for neighbor in decisions[name].neighbors:
        assert neighbor.label == gallery.labels[neighbor.image - 1000]


def test_knn_scores_are_the_cosines(query: QueryFeatures, gallery: Gallery) -> None:
    for neighbor in classify(query, gallery, "knn").neighbors:
        cosine = float(gallery.vectors[neighbor.image - 1000] @ query.vector.numpy())
        assert neighbor.score == neighbor.similarity == pytest.approx(cosine, abs=1e-6)


def test_emd_ranks_the_shortlist_by_its_scores(query: QueryFeatures, gallery: Gallery) -> None:
    rows = gallery.nearest(query.vector[None], 50)[0][0]
    scores = emd_scores(query.map, gallery.maps_of(rows), stop="per_pair").scores
    best = scores.argsort(descending=True, stable=True)[:20]
    voters = classify(query, gallery, "emd-corr").neighbors
    assert [voter.image for voter in voters] == (rows[best] + 1000).tolist()
    assert [voter.score for voter in voters] == scores[best].tolist()


def test_equal_scores_keep_the_order_of_knn(gallery: Gallery) -> None:
    query = QueryFeatures(torch.zeros(24, 7, 7), gallery.vectors_all()[5])
    voters = classify(query, gallery, "emd-corr").neighbors
    knn = classify(query, gallery, "knn").neighbors
    assert [voter.image for voter in voters] == [item.image for item in knn]


def test_only_the_exemplars_that_are_shown_have_matches(
    query: QueryFeatures, gallery: Gallery
) -> None:
    decision = classify(query, gallery, "emd-corr")
    explained = [neighbor for neighbor in decision.neighbors if neighbor.matches]
    assert explained == list(decision.exemplars())
    assert [len(item.matches) for item in explained] == [5] * len(explained)


def test_matches_are_the_drawn_pairs_of_that_exemplar(
    query: QueryFeatures, gallery: Gallery
) -> None:
    exemplar = classify(query, gallery, "emd-corr").exemplars(1)[0]
    rows = gallery.nearest(query.vector[None], 50)[0][0]
    result = emd_scores(query.map, gallery.maps_of(rows), stop="per_pair")
    slot = rows.tolist().index(exemplar.image - 1000)
    pairs = list(patch_pairs(result.plan[slot], result.similarity[slot]))
    seen = [(m.query_cell, m.gallery_cell, m.weight, m.similarity) for m in exemplar.matches]
    assert seen == pairs


def test_the_scored_pairs_can_be_chosen(query: QueryFeatures, gallery: Gallery) -> None:
    exemplar = classify(query, gallery, "emd-corr", pairs="scored").exemplars(1)[0]
    assert sum(match.weight * match.similarity for match in exemplar.matches) == pytest.approx(
        exemplar.score, abs=1e-6
    )


def test_a_shortlist_found_before_is_used(query: QueryFeatures, gallery: Gallery) -> None:
    rows, cosines = (item[0] for item in gallery.nearest(query.vector[None], 60))
    near = Shortlist(rows, cosines)
    for name in ("knn", "emd-corr"):
        assert classify(query, gallery, name, shortlist=near) == classify(query, gallery, name)


def test_only_competing_classes_are_chosen(
    query: QueryFeatures, gallery: Gallery, head: LinearHead
) -> None:
    for name in ("softmax", "knn", "emd-corr"):
        decision = classify(query, gallery, name, head=head, classes="split", competing={2})
        assert decision.label == 2
        assert {neighbor.label for neighbor in decision.neighbors} <= {2}
    for given in ({"classes": "split"}, {"competing": {2}}):
        with pytest.raises(ValueError, match="expected classes='split' with the class indices"):
            classify(query, gallery, "knn", **given)


def test_paper_cuts_confidences_to_whole_per_cents(
    query: QueryFeatures, gallery: Gallery, head: LinearHead
) -> None:
    exact = classify(query, gallery, "softmax", head=head).confidence
    paper = classify(query, gallery, "softmax", head=head, paper=True).confidence
    assert paper == int(100 * exact) / 100 != exact


def test_an_own_head_reads_the_mean_of_the_map(query: QueryFeatures, gallery: Gallery) -> None:
    weight = torch.eye(CHANNELS, dtype=torch.float64)[:3]
    own = LinearHead(weight, torch.zeros(3, dtype=torch.float64))
    decision = classify(query, gallery, "softmax", head=own, own_head=True)
    means = query.map.mean((1, 2))[:3].double()
    assert decision.label == int(means.argmax())
    assert decision.confidence == pytest.approx(float(means.softmax(0).max()))
    with pytest.raises(ValueError, match=r"trained with {'own_head': True}; expected"):
        classify(query, gallery, "softmax", head=own)


def test_an_own_head_refuses_maps_of_other_statistics(
    query: QueryFeatures, gallery: Gallery
) -> None:
    own = LinearHead(torch.zeros(3, CHANNELS).double(), torch.zeros(3).double())
    half = replace(gallery, manifest=replace(gallery.manifest, grey="half"))
    with pytest.raises(ValueError, match="expected a gallery built with grey='backbone'"):
        classify(query, half, "softmax", head=own, own_head=True)


def test_a_small_gallery_lets_everyone_vote(query: QueryFeatures, gallery: Gallery) -> None:
    decision = classify(query, gallery, "emd-corr", n_shortlist=200, n_voters=100)
    assert (decision.n_voters, len(decision.neighbors)) == (60, 60)


def test_softmax_confidence_is_the_largest_probability(
    query: QueryFeatures, gallery: Gallery, head: LinearHead
) -> None:
    decision = classify(query, gallery, "softmax", head=head)
    labels, probabilities = head.predict(query.vector[None])
    assert (decision.label, decision.confidence) == (int(labels[0]), float(probabilities.max()))


def test_softmax_needs_a_head_of_the_same_parameters(
    query: QueryFeatures, gallery: Gallery, head: LinearHead
) -> None:
    with pytest.raises(ValueError, match="No head"):
        classify(query, gallery, "softmax")
    with pytest.raises(ValueError, match=r"trained with {.*'seed': 0.*expected {.*'seed': 1"):
        classify(query, gallery, "softmax", head=head, seed=1)


def test_an_unknown_classifier_lists_the_known_ones(query: QueryFeatures, gallery: Gallery) -> None:
    with pytest.raises(
        ValueError, match="'svm'; known: softmax, knn, emd-corr, chm-corr, chm-corr-plus"
    ):
        classify(query, gallery, "svm")


def test_an_unknown_parameter_lists_the_known_ones(query: QueryFeatures, gallery: Gallery) -> None:
    with pytest.raises(
        ValueError, match="knn has no parameter 'k'; known: n_voters, transform, classes"
    ):
        classify(query, gallery, "knn", k=3)


def test_all_parameters_are_resolved_in_one_type() -> None:
    assert parameters_resolved("knn", {"n_voters": 5}) == {
        "n_voters": 5,
        "transform": "crop",
        "classes": "all",
    }
    resolved = parameters_resolved("emd-corr", {"epsilon": 1, "stop": "exact"})
    assert json.dumps(resolved) == (
        '{"n_shortlist": 50, "n_voters": 20, "epsilon": 1.0, "tolerance": 0.1, '
        '"max_iterations": 100, "n_patches": 5, "stop": "exact", "pairs": "drawn", "paper": false, '
        '"transform": "crop", "classes": "all"}'
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n_voters", 0, "a whole number, at least 1"),
        ("n_voters", 2.0, "a whole number"),
        ("n_voters", True, "a whole number"),
        ("n_voters", 51, "51 of a shortlist of 50"),
        ("n_patches", "5", "a whole number"),
        ("epsilon", 0, "a number, at least 1e-12"),
        ("tolerance", float("nan"), "a number"),
        ("paper", 1, "expected true or false"),
        ("transform", "stretch", "known: crop, squash"),
        ("stop", "soon", "known: coupled, per_pair, converged, exact"),
    ],
)
def test_a_parameter_out_of_range_says_what_is_expected(
    name: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        parameters_resolved("emd-corr", {name: value})


def test_seed_zero_is_allowed() -> None:
    assert parameters_resolved("softmax", {"seed": 0})["seed"] == 0


@pytest.mark.parametrize("mask", ["", "1" * 48, "2" * 49, 1])
def test_a_mask_is_49_digits(mask: Any) -> None:
    with pytest.raises(ValueError, match=r"mask is .*; expected 49 digits 0 or 1, row by row"):
        parameters_resolved("chm-corr-plus", {"mask": mask})


def test_paper_sets_what_the_published_code_does() -> None:
    assert parameters_resolved("emd-corr", {"paper": True})["stop"] == "coupled"
    assert parameters_resolved("emd-corr", {"paper": False})["stop"] == "per_pair"
    with pytest.raises(ValueError, match="paper=True sets stop to 'coupled'; given 'exact'"):
        parameters_resolved("emd-corr", {"paper": True, "stop": "exact"})


def test_resolved_parameters_resolve_to_themselves() -> None:
    for name in CLASSIFIERS:
        for paper in ({"paper": True}, {}):
            given = paper if "paper" in CLASSIFIERS[name].parameters else {}
            resolved = parameters_resolved(name, given)
            assert parameters_resolved(name, resolved) == resolved
