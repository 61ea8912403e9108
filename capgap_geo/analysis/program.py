"""Linear and mixed-integer programs in arrays, solved by HiGHS without a modelling layer in between."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Vector = NDArray[np.float64]

#: A row or a whole number may be missed by this much.
TOLERANCE = 1e-9
_INFINITY = highspy.kHighsInf


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """What the solver found.

    Attributes
    ----------
    solution
        Best solution, None if none was found in time.
    reduced_costs
        Of a linear program, None otherwise.
    bound
        No solution is better than this; infinite if nothing is proven.
    optimal, infeasible
        What is proven; neither if the time ran out.
    """

    solution: Vector | None
    reduced_costs: Vector | None
    bound: float
    optimal: bool
    infeasible: bool


class Program:
    """Minimise ``cost @ x`` subject to ``row_lower <= matrix @ x <= row_upper`` and ``0 <= x <= upper``.

    The solver is deterministic: the same arrays give the same answer.

    Parameters
    ----------
    cost, upper
        One entry per variable.
    matrix, row_lower, row_upper
        One row per constraint; infinite sides are open.
    """

    def __init__(
        self, cost: Vector, *, upper: Vector, matrix: sparse.csr_array, row_lower: Vector, row_upper: Vector
    ) -> None:
        # The base class: `highspy.Highs` writes a banner to standard output on its first use.
        self._highs = highspy._Highs()  # type: ignore[attr-defined]
        for option, value in _OPTIONS.items():
            self._highs.setOptionValue(option, value)
        self._integer = False
        self._highs.passModel(_linear_program(cost, upper, matrix, row_lower, row_upper))

    def add_rows(self, matrix: sparse.csr_array, *, lower: Vector) -> None:
        """Add the constraints ``matrix @ x >= lower``."""
        open_side = np.full(len(lower), _INFINITY)
        starts, columns = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        self._highs.addRows(len(lower), lower, open_side, matrix.nnz, starts, columns, matrix.data)

    def limit(self, columns: NDArray[np.intp], *, lower: Vector, upper: Vector) -> None:
        """Change the bounds of some variables."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def require_whole(self, columns: NDArray[np.intp]) -> None:
        """Ask for whole numbers in some variables."""
        kinds = np.full(len(columns), highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        self._highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kinds)
        self._integer = True

    def solve(self, *, start: Vector | None = None, seconds: float | None = None) -> Answer:
        """Solve, from a known solution if one is given, for at most so many seconds."""
        limit = _INFINITY if seconds is None else max(seconds, 0.0) + self._highs.getRunTime()
        self._highs.setOptionValue("time_limit", limit)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = start.tolist()
            self._highs.setSolution(known)
        self._highs.run()
        return self._answer()

    def _answer(self) -> Answer:
        status, info = self._highs.getModelStatus(), self._highs.getInfo()
        found = self._highs.getSolution()
        optimal = status == highspy.HighsModelStatus.kOptimal
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if self._integer:
            bound = info.mip_dual_bound
        else:
            bound = info.objective_function_value if optimal else -np.inf
        return Answer(
            solution=np.asarray(found.col_value) if feasible and found.value_valid else None,
            reduced_costs=np.asarray(found.col_dual) if found.dual_valid else None,
            bound=float(bound),
            optimal=optimal,
            infeasible=status == highspy.HighsModelStatus.kInfeasible,
        )


_OPTIONS: dict[str, bool | float | int | str] = {
    "output_flag": False,
    "random_seed": 0,
    # HiGHS stops at a gap of 0.01 % unless told otherwise; an answer called proven has none.
    "mip_rel_gap": 0.0,
    "mip_abs_gap": TOLERANCE,
    "mip_feasibility_tolerance": TOLERANCE,
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
}


def _linear_program(
    cost: Vector, upper: Vector, matrix: sparse.csr_array, row_lower: Vector, row_upper: Vector
) -> highspy.HighsLp:
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_, program.col_lower_, program.col_upper_ = cost, np.zeros_like(cost), upper
    program.row_lower_, program.row_upper_ = row_lower, row_upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.num_row_, program.a_matrix_.num_col_ = matrix.shape
    program.a_matrix_.start_ = matrix.indptr
    program.a_matrix_.index_ = matrix.indices
    program.a_matrix_.value_ = matrix.data
    return program
