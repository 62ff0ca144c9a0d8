"""Allocation: weights from sizes, as the field's recipes say: temperature, UniMax."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import gcd

DIGITS = 60


@lru_cache(maxsize=64)
def powers(sizes: tuple[int, ...], alpha: Fraction) -> tuple[Fraction, ...]:
    """Return weights in the proportions of ``size ** alpha``, the same on every platform.

    Where the ratio of two of them is a rational number, such as 3 for sizes 9 and 1 and alpha 1/2, it is that number,
    so ties between seats are true ties. Otherwise a weight is correct to 58 significant digits: it is made by
    logarithm and exponential of 60 digits, each of which Python's ``decimal`` rounds correctly.

    Args:
        sizes: Whole numbers, not negative. A size of zero weighs nothing, whatever ``alpha``.
        alpha: 0 (all the same) or more; 1 is proportional.

    Returns:
        Weights in the order of the sizes.

    Raises:
        ValueError: A size or ``alpha`` is negative.

    Example:
        >>> [str(weight) for weight in powers((9, 1, 0), Fraction(1, 2))]
        ['3', '1', '0']
    """
    if alpha < 0 or any(size < 0 for size in sizes):
        raise ValueError("sizes and alpha must not be negative")
    if alpha.denominator == 1:
        return tuple(Fraction(size**alpha.numerator if size else 0) for size in sizes)
    weights = {0: Fraction(0), 1: Fraction(1)}
    bases = [1]  # sizes whose weights are no rational multiples of each other
    rational = alpha.denominator < max(sizes, default=0).bit_length()  # else only equal sizes are
    for size in sizes:
        if size not in weights:
            base, ratio = next(
                ((base, ratio) for base in bases if (ratio := _ratio(size, base, alpha.denominator))), (0, None)
            )
            if ratio:
                weights[size] = weights[base] * ratio**alpha.numerator
            else:
                weights[size] = Fraction(_power(size, alpha))
                bases.extend([size] * rational)
    return tuple(weights[size] for size in sizes)


def _power(size: int, alpha: Fraction) -> Decimal:
    # A context of our own: the caller's may round otherwise.
    context = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)
    logarithm = context.multiply(context.ln(Decimal(size)), Decimal(alpha.numerator))
    return context.exp(context.divide(logarithm, Decimal(alpha.denominator)))


def _ratio(size: int, base: int, degree: int) -> Fraction | None:
    """Return the root of the ratio of two sizes where it is rational, else None."""
    shared = gcd(size, base)
    over = _root(size // shared, degree)
    under = _root(base // shared, degree) if over else None
    return Fraction(over, under) if over and under else None


def _root(number: int, degree: int) -> int | None:
    """Return the root of a positive whole number where it is whole, else None."""
    if number == 1:
        return 1
    if degree >= number.bit_length():  # 2 to this power is already more
        return None
    if number < 2**50:  # a float is close enough to a root this small
        low = round(number ** (1 / degree))
        return low if low**degree == number else None
    low, high = 1, 2 << (number.bit_length() // degree)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle)
    return low if low**degree == number else None


def unimax(capacities: Sequence[int], total: int) -> list[Fraction]:
    """Return UniMax's allocation: as even as capacities allow.

    Algorithm 1 of Chung et al., "UniMax: Fairer and more effective language sampling" (2023, arXiv 2304.09151): by
    capacity ascending, each gets the smaller of its capacity and an even part of what is left.

    Args:
        capacities: The most that each may get (its size times the epochs), not negative.
        total: What is to be allocated, at most their sum.

    Returns:
        Exact amounts in the order of the capacities, summing to the total.

    Raises:
        ValueError: The total is negative or more than the capacities.

    Example:
        >>> [str(amount) for amount in unimax([100, 2, 100], 9)]
        ['7/2', '2', '7/2']
    """
    if not 0 <= total <= sum(capacities):
        raise ValueError("the total must not be negative or more than the capacities")
    amounts = [Fraction(0)] * len(capacities)
    left = Fraction(total)
    ascending = sorted(range(len(capacities)), key=lambda place: capacities[place])
    for done, place in enumerate(ascending):
        amounts[place] = min(left / (len(capacities) - done), Fraction(capacities[place]))
        left -= amounts[place]
    return amounts
