"""How often the signal-detection model finds what is not there, and what is.

``python tests/bench/bench_verdicts.py --only detection`` prints the figures of docs/metrics.md.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from analysis.power.simulated import Layout, simulated_responses
from analysis.stats.detection import detection_model
from trials.simulation.behaviour import Behaviour

BIASED = Behaviour(0.85, 0.55, sd_skill=0.3, sd_bias=0.7, sd_image=0.8)
CAREFUL = replace(BIASED, accept_wrong=0.3)  # people who accept fewer wrong answers


def false_findings(
    n_studies: int,
    *,
    n_people: int,
    n_sets: int = 10,
    is_shared: bool = True,
    first_seed: int = 0,
) -> tuple[Counter[str], int]:
    """Count what two equal arms seem to differ in at 5 %, and the fits that converged."""
    layout = Layout(n_sets=n_sets, is_shared=is_shared)
    return findings(BIASED, n_studies, n_people=n_people, layout=layout, first_seed=first_seed)


def findings(
    other: Behaviour, n_studies: int, *, n_people: int, layout: Layout, first_seed: int = 0
) -> tuple[Counter[str], int]:
    """Count what differs at 5 % between biased and ``other`` people, and the fits that converged.

    The studies are drawn with the seeds from ``first_seed`` on.
    """
    found: Counter[str] = Counter()
    n_fitted = 0
    for seed in range(first_seed, first_seed + n_studies):
        frame = simulated_responses(
            {"a": BIASED, "b": other}, n_participants=n_people, layout=layout, seed=seed
        )
        model = detection_model(frame, conditions=("a", "b"), pairs=(("a", "b"),), seed=seed)
        if model.problem:
            continue
        n_fitted += 1
        rows = model.table[model.table["kind"] == "contrast"]
        found.update(str(q) for q in rows.loc[rows["p"] <= 0.05, "quantity"])
    return found, n_fitted
