"""Linear and mixed-integer programs in arrays, solved by HiGHS without a modelling layer in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Vector = NDArray[np.float64]

#: A row or a whole number may be missed by this much.
TOLERANCE = 1e-9
#: A stated objective further from that of its own solution is wrong.
CONSISTENT = 1e-6
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
    optimal
        Whether the solver finished.
    """

    solution: Vector | None
    reduced_costs: Vector | None
    bound: float
    optimal: bool


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
        self._highs = _solver(_linear_program(cost, upper, matrix, row_lower, row_upper))
        self._whole: NDArray[np.intp] | None = None

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
        self._whole = columns

    def solve(self, *, seconds: float | None = None) -> Answer:
        """Solve, for at most so many seconds."""
        # HiGHS 1.16 reports a wrong objective if it has solved the relaxation of the same model before,
        # or if it is given a start: every mixed-integer run begins from the bare arrays.
        highs = self._highs if self._whole is None else _solver(self._highs.getLp(), whole=self._whole)
        limit = _INFINITY if seconds is None else max(seconds, 0.0) + highs.getRunTime()
        highs.setOptionValue("time_limit", limit)
        highs.run()
        return _answer(highs, whole=self._whole is not None)


def _answer(highs: Any, *, whole: bool) -> Answer:
    status, info, found = highs.getModelStatus(), highs.getInfo(), highs.getSolution()
    optimal = status == highspy.HighsModelStatus.kOptimal
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    solution = np.asarray(found.col_value) if feasible and found.value_valid else None
    if whole:
        bound = info.mip_dual_bound if _consistent(highs, solution) else -np.inf
    else:
        bound = info.objective_function_value if optimal else -np.inf
    reduced_costs = np.asarray(found.col_dual) if found.dual_valid and not whole else None
    return Answer(solution, reduced_costs, bound=float(bound), optimal=optimal)


def _consistent(highs: Any, solution: Vector | None) -> bool:
    """Return whether the objective is that of the solution; a bound beside a wrong one proves nothing."""
    if solution is None:
        return True
    stated, found = highs.getInfo().objective_function_value, float(highs.getLp().col_cost_ @ solution)
    return bool(abs(stated - found) <= CONSISTENT * max(1.0, abs(found)))


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


def _solver(program: highspy.HighsLp, *, whole: NDArray[np.intp] | None = None) -> Any:
    # The base class: `highspy.Highs` writes a banner to standard output on its first use.
    highs = highspy._Highs()  # type: ignore[attr-defined]
    for option, value in _OPTIONS.items():
        highs.setOptionValue(option, value)
    highs.passModel(program)
    if whole is not None:
        kinds = np.full(len(whole), highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        highs.changeColsIntegrality(len(whole), whole.astype(np.int32), kinds)
    return highs


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
