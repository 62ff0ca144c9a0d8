"""Weighted draws as clocks: the thing whose clock rings first is drawn; the same to the last bit on every machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LN2 = 0.6931471805599453
_TERMS = 12  # of the series; what is left out is below 2**-60 of the sum


def natural_log(values: Floats) -> Floats:
    """Return natural logarithms of positive finite numbers, to about one unit in the last place.

    Libraries of mathematics differ in the last bits of their logarithm, by platform and by processor. This one is made
    of additions, multiplications and divisions of whole arrays, which IEEE 754 defines to the last bit:
    ln(m · 2**e) = e · ln 2 + 2 · artanh((m - 1) / (m + 1)), m near 1.

    Example:
        >>> natural_log(np.array([1.0, 2.0, 1e-300])).round(6).tolist()
        [0.0, 0.693147, -690.775528]
    """
    mantissa, exponent = np.frexp(values)
    low = mantissa < 0.7071067811865476
    mantissa = np.where(low, mantissa * 2.0, mantissa)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = np.full(len(values), 1.0 / (2 * _TERMS + 1))
    for term in range(_TERMS - 1, -1, -1):
        series *= square
        series += 1.0 / (2 * term + 1)
    logarithms: Floats = (exponent - low) * _LN2 + 2.0 * ratio * series
    return logarithms


def clocks(hashes: npt.NDArray[np.uint64]) -> Floats:
    """Return an exponentially distributed time for each uniformly distributed hash, all positive.

    Example:
        >>> clocks(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64)).round(4).tolist()
        [36.7368, 0.6931, 0.0]
    """
    uniform = ((hashes >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52  # exact, and neither 0 nor 1
    return -natural_log(uniform)


def sortable(values: Floats) -> npt.NDArray[np.uint64]:
    """Return whole numbers in the order of finite or infinite numbers: the bits, turned so that they ascend.

    Example:
        >>> sortable(np.array([-1.0, 0.0, 1.0])).argsort().tolist()
        [0, 1, 2]
    """
    bits = (values + 0.0).view(np.uint64)  # adding zero makes -0.0 plain zero
    top = np.uint64(1 << 63)
    return np.where(bits & top, ~bits, bits | top)
