"""How often the signal-detection model finds what is not there."""

from __future__ import annotations

from collections import Counter

from analysis.power.simulated import Layout, simulated_responses
from analysis.stats.detection import detection_model
from trials.simulation.behaviour import Behaviour

BIASED = Behaviour(0.85, 0.55, sd_skill=0.3, sd_bias=0.7, sd_image=0.8)


def false_findings(
    n_studies: int, *, n_people: int, n_sets: int = 10, is_shared: bool = True
) -> tuple[Counter[str], int]:
    """Count what two equal arms seem to differ in at 5 %, and the fits that converged."""
    found: Counter[str] = Counter()
    n_fitted = 0
    layout = Layout(n_sets=n_sets, is_shared=is_shared)
    for seed in range(n_studies):
        frame = simulated_responses(
            {"a": BIASED, "b": BIASED}, n_participants=n_people, layout=layout, seed=seed
        )
        model = detection_model(frame, conditions=("a", "b"), pairs=(("a", "b"),), seed=seed)
        if model.problem:
            continue
        n_fitted += 1
        rows = model.table[model.table["kind"] == "contrast"]
        found.update(str(q) for q in rows.loc[rows["p"] <= 0.05, "quantity"])
    return found, n_fitted
