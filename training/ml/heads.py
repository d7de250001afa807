"""Linear heads: what turns a vector of a text into the probabilities of its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearHead:
    """Scores are x @ weight.T + bias; weight (k, d) and bias (k,), one row a label."""

    weight: Doubles
    bias: Doubles

    def scores(self, x: Any) -> Doubles:
        """Unnormalised log-probabilities, shape (n, k); `x` dense or sparse (n, d)."""
        return np.asarray(x @ self.weight.T + self.bias, dtype=np.float64)


def probabilities(scores: Doubles) -> Doubles:
    """Softmax over the labels, shape (n, k)."""
    return np.asarray(softmax(scores, axis=1), dtype=np.float64)
