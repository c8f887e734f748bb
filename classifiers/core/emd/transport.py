"""Transport plans between the patches of two images, with four stopping rules.

The scaling iteration is Sinkhorn's (Cuturi, "Sinkhorn distances: lightspeed computation of
optimal transport", NeurIPS 2013); the plan without regularisation is POT's network simplex.
M is the number of problems, R of cells of a map. Without mass there is nothing to move: such a
problem's plan is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import torch
from torch import Tensor

CONVERGED_ERROR: Final = 1e-9  # of a total mass of 1
CONVERGED_MAX_ITERATIONS: Final = 10_000
CONVERGED_MIN_EPSILON: Final = 0.005  # below this, float64 cannot represent the scalings


class Problem(NamedTuple):
    """M problems: similarity (M, R, R), masses of gallery cells and of query cells (M, R)."""

    similarity: Tensor
    gallery_mass: Tensor
    query_mass: Tensor


class Settings(NamedTuple):
    """The temperature of the iterations, and the stop of the rules "coupled" and "per_pair"."""

    epsilon: float
    tolerance: float
    max_iterations: int


class Solution(NamedTuple):
    """Plans (M, R, R), iterations (M,), and whether each problem stopped by itself (M,)."""

    plan: Tensor
    iterations: Tensor
    has_converged: Tensor


def solve_coupled(problem: Problem, settings: Settings) -> Solution:
    """Stop all problems together, when the row scalings' mean change is below tolerance."""
    step = _Step(problem, settings.epsilon)
    rows, columns = torch.ones_like(problem.gallery_mass), torch.ones_like(problem.query_mass)
    previous = torch.empty_like(rows)
    count, has_converged = 0, False
    while count < settings.max_iterations and not has_converged:
        previous, rows = rows, previous
        step.rows(columns, out=rows)
        step.columns(rows, out=columns)
        count += 1
        change = float(torch.dist(rows, previous, 1)) / rows.numel()  # twice as fast as l1_loss
        has_converged = change < settings.tolerance
    shared = torch.tensor([count, has_converged], device=rows.device).expand(len(rows), 2)
    return Solution(step.plan(rows, columns), shared[:, 0], shared[:, 1].bool())


def solve_per_pair(problem: Problem, settings: Settings) -> Solution:
    """Stop each problem when its own row scalings change by less than tolerance in the mean."""

    def change(mass: Tensor, rows: Tensor, new_rows: Tensor) -> Tensor:
        return (new_rows - rows).abs().mean(1)

    return _solve_each(problem, settings, change)


def solve_converged(problem: Problem, settings: Settings) -> Solution:
    """Stop each problem when its plan's rows carry their mass to ``CONVERGED_ERROR``, in float64.

    The columns always do. The error is the sum over the rows, of a total mass of 1.
    """
    if settings.epsilon < CONVERGED_MIN_EPSILON:
        raise ValueError(
            f"epsilon is {settings.epsilon:g}; the converged plan needs at least "
            f"{CONVERGED_MIN_EPSILON:g}. stop='exact' is the limit without regularisation."
        )

    def row_error(mass: Tensor, rows: Tensor, new_rows: Tensor) -> Tensor:
        # new_rows = mass / row sums of K c, so the plan of rows and c has these sums of rows:
        sums = mass * rows / new_rows.clamp_min(torch.finfo(rows.dtype).tiny)
        return (sums - mass).abs().sum(1)

    tight = Settings(settings.epsilon, CONVERGED_ERROR, CONVERGED_MAX_ITERATIONS)
    solution = _solve_each(_balanced(problem), tight, row_error)
    return solution._replace(plan=solution.plan.to(problem.similarity.dtype))


def solve_exact(problem: Problem, settings: Settings) -> Solution:
    """Return the plans of the least cost 1 - S, without regularisation; no iterations count."""
    import ot  # here, because it costs a second and only this rule needs it

    similarity, u, v = (item.cpu().numpy() for item in _balanced(problem))
    plan = torch.zeros(similarity.shape, dtype=torch.float64)
    for i in range(len(plan)):
        if u[i].any():
            plan[i] = torch.from_numpy(ot.emd(u[i], v[i], 1 - similarity[i]))
    iterations = torch.zeros(len(plan), dtype=torch.int64, device=problem.similarity.device)
    return Solution(plan.to(problem.similarity), iterations, torch.ones_like(iterations).bool())


SOLVERS: Final[Mapping[str, Callable[[Problem, Settings], Solution]]] = {
    "coupled": solve_coupled,
    "per_pair": solve_per_pair,
    "converged": solve_converged,
    "exact": solve_exact,
}


def _balanced(problem: Problem) -> Problem:
    """Return the problem in float64, with both masses of a pair equal to the last digit.

    They are the same number but for float32 rounding, which would keep a plan from having
    both marginals.
    """
    similarity, u, v = (item.double() for item in problem)
    total = v.sum(1, keepdim=True)  # (M, 1), 0 without mass
    return Problem(similarity, u, v * torch.where(total > 0, u.sum(1, keepdim=True) / total, 1))


class _Step:
    """Half a Sinkhorn iteration at a time, on kernels K = exp((S - 1) / epsilon)."""

    def __init__(self, problem: Problem, epsilon: float) -> None:
        self.problem = problem
        self.kernel = problem.similarity.sub(1).div_(epsilon).exp_()  # (M, R, R)
        # A row vector times a contiguous matrix is the fast form of a batched product on a CPU
        # (7 times faster than the column form), so the transpose is worth its memory.
        self.kernel_t = self.kernel.transpose(1, 2).contiguous()
        self.tiny = torch.finfo(self.kernel.dtype).tiny  # no mass: 0 / tiny instead of 0 / 0

    def rows(self, columns: Tensor, *, out: Tensor) -> Tensor:
        """Write the row scalings (M, R) that give gallery cells their mass."""
        return self._scaled(self.problem.gallery_mass, columns, self.kernel_t, out)

    def columns(self, rows: Tensor, *, out: Tensor) -> Tensor:
        """Write the column scalings (M, R) that give query cells their mass."""
        return self._scaled(self.problem.query_mass, rows, self.kernel, out)

    def _scaled(self, mass: Tensor, other: Tensor, kernel: Tensor, out: Tensor) -> Tensor:
        torch.bmm(other[:, None], kernel, out=out[:, None])  # (M, 1, R) x (M, R, R)
        return torch.div(mass, out.clamp_min_(self.tiny), out=out)

    def plan(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the plans (M, R, R); the kernels are used up."""
        return self.kernel.mul_(rows[:, :, None]).mul_(columns[:, None])


def _solve_each(
    problem: Problem, settings: Settings, measure: Callable[[Tensor, Tensor, Tensor], Tensor]
) -> Solution:
    """Freeze a problem once ``measure(gallery mass, rows, new rows)`` is below tolerance."""
    step = _Step(problem, settings.epsilon)
    rows, columns = torch.ones_like(problem.gallery_mass), torch.ones_like(problem.query_mass)
    new_rows, new_columns = torch.empty_like(rows), torch.empty_like(columns)
    is_active = torch.ones(len(rows), 1, dtype=torch.bool, device=rows.device)
    iterations = torch.zeros_like(is_active, dtype=torch.int64)
    count = 0
    while count < settings.max_iterations and is_active.any():
        step.rows(columns, out=new_rows)
        step.columns(new_rows, out=new_columns)
        error = measure(problem.gallery_mass, rows, new_rows)[:, None]  # (M, 1)
        rows = torch.where(is_active, new_rows, rows)
        columns = torch.where(is_active, new_columns, columns)
        iterations += is_active
        is_active &= error >= settings.tolerance
        count += 1
    return Solution(step.plan(rows, columns), iterations[:, 0], ~is_active[:, 0])
