"""Random mixtures for regression searches: Dirichlet draws in decimal arithmetic, the same on every machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from pinchmix.budget import Budget
from pinchmix.budget.amounts import read_number
from pinchmix.canonical import key_of
from pinchmix.errors import ArgumentError
from pinchmix.exact.apportion import apportion
from pinchmix.family import Family
from pinchmix.recipes.parts import family_of, read_draw, read_languages, read_whole
from pinchmix.text.wording import listing

STEPS = 10**6  # shares are whole millionths
LEVELS = 15  # strengths between the weakest and the strongest, as in RegMix's code
MOST_MEMBERS = 100_000
MOST_ATTEMPTS = 100  # a member, before it is said that there are too few different draws

# Every operation used rounds correctly, in a context of our own: neither the platform nor the caller changes a draw.
_EXACT = Context(prec=30, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)
_ONE = Decimal(1)
_SQUEEZE = Decimal("0.0331")  # below it the exact test, which needs logarithms, would accept too


def draws(
    languages: Sequence[str],
    total: int,
    *,
    members: int = 64,
    prior: Mapping[str, Any] | None = None,
    strengths: tuple[Any, Any] = (0.1, 5),
    draw: int = 0,
    **recipe: Any,
) -> Family:
    """Return random mixtures, to fit a regression of results on shares.

    As RegMix draws them (Liu et al. 2025, arXiv 2407.01492, and synthesize_mixture.py of their code): shares follow a
    Dirichlet distribution with parameters ``strength * prior``, where the strength is one of 15 between the two given,
    evenly spaced by their logarithm and equally likely. Weak ones give nearly one language alone, strong ones shares
    near the prior. Draws that were met before are left out. Members are ``d001``, ``d002``, ...

    Shares are exact: whole millionths, apportioned from draws in 30-digit decimals that follow BLAKE2b hashes of the
    draw, the member and the language. They depend on no generator, platform or order of languages. More members only
    add to fewer.

    Args:
        languages: The languages, two or more.
        total: The size of every member.
        members: How many mixtures.
        prior: Language → weight of each, above 0; all alike if None.
        strengths: The weakest and the strongest, above 0.
        draw: What keys the shares; the seed of the recipes is another.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: There are not so many different draws, or a strength is not above 0.
        BudgetError: The prior, the total or the list of languages makes no sense.

    Example:
        >>> family = draws(["en", "fi", "sw"], 1000, members=3)
        >>> family["d001"].budget.for_languages(["en", "fi", "sw"])
        {'en': 9, 'fi': 660, 'sw': 331}
    """
    tags = read_languages(languages, least=2)
    count = read_whole("members", members)
    if count > MOST_MEMBERS:
        raise ArgumentError(f"members={count:,}: no more than {MOST_MEMBERS:,} are drawn.")
    weights, levels, keyed_by = _read_prior(prior, tags), _levels(strengths), read_draw(draw)
    found: dict[tuple[int, ...], None] = {}
    for attempt in itertools.count():
        if len(found) == count:
            break
        if attempt == MOST_ATTEMPTS * count:
            raise ArgumentError(
                f"members={count:,}: {attempt:,} draws gave no more than {len(found):,} different mixtures. "
                "Ask for fewer members, or for larger strengths."
            )
        found[_millionths(tags, weights, levels, keyed_by, attempt)] = None
    width = max(3, len(str(count)))
    budgets = {
        f"d{number:0{width}}": Budget.shares(
            {tag: Fraction(part, STEPS) for tag, part in zip(tags, parts, strict=True)}, total=total
        )
        for number, parts in enumerate(found, 1)
    }
    source = "after RegMix, Liu et al. 2025 (arXiv 2407.01492), and their code's synthesize_mixture.py"
    return family_of(draws, budgets, tags, recipe, source=source, constant=True)


def _read_prior(prior: Any, languages: tuple[str, ...]) -> list[Fraction]:
    if prior is None:
        return [Fraction(1, len(languages))] * len(languages)
    if not isinstance(prior, Mapping):
        raise ArgumentError(f"prior={prior!r}: give a mapping of languages to weights, such as {{'en': 9, 'sw': 1}}.")
    known = {tag: prior[said] for tag, said in zip(read_languages([*prior]), prior, strict=True)}
    if {*known} != {*languages}:
        raise ArgumentError(
            f"prior: it weighs {listing([*known], 40)}, and the languages are {listing(languages, 40)}."
        )
    weights = [read_number(f"prior of {tag}", known[tag], "a weight is a number above 0") for tag in languages]
    if below := [tag for tag, weight in zip(languages, weights, strict=True) if weight <= 0]:
        raise ArgumentError(f"prior of {below[0]}={known[below[0]]}: a weight is a number above 0.")
    return [weight / sum(weights) for weight in weights]


def _levels(strengths: Any) -> list[Decimal]:
    """Return the strengths, evenly spaced by their logarithm."""
    if not isinstance(strengths, (tuple, list)) or len(strengths) != 2:
        raise ArgumentError(f"strengths={strengths!r}: give the weakest and the strongest, such as (0.1, 5).")
    low, high = (read_number("strengths", one, "a strength is a number above 0") for one in strengths)
    if not 0 < low <= high:
        raise ArgumentError(f"strengths={strengths!r}: the weakest is above 0, and the strongest no less.")
    first, last = (_EXACT.ln(_decimal(one)) for one in (low, high))
    steps = [_EXACT.multiply(_EXACT.subtract(last, first), _decimal(Fraction(k, LEVELS - 1))) for k in range(LEVELS)]
    return [_EXACT.exp(_EXACT.add(first, step)) for step in steps]


def _decimal(value: Fraction) -> Decimal:
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _uniforms(draw: int, *purpose: Any) -> Iterator[Decimal]:
    """Yield independent numbers between 0 and 1, neither of them, keyed by the draw and a purpose."""
    for number in itertools.count():
        bits = key_of(draw, " ".join(map(str, ("dirichlet", *purpose, number))))
        for half in (bits >> 64, bits & (2**64 - 1)):
            yield _EXACT.divide(Decimal(2 * half + 1), Decimal(2**65))


def _millionths(
    languages: tuple[str, ...], prior: list[Fraction], levels: list[Decimal], draw: int, attempt: int
) -> tuple[int, ...]:
    """Return the shares of a draw."""
    strength = levels[int(_EXACT.multiply(next(_uniforms(draw, attempt)), Decimal(len(levels))))]
    amounts = [
        gamma(_EXACT.multiply(strength, _decimal(weight)), _uniforms(draw, attempt, tag))
        for tag, weight in zip(languages, prior, strict=True)
    ]
    # What is so small beside the largest gets no share; as an exact fraction it could have thousands of digits.
    largest = max(amounts)
    parts = [Fraction(_EXACT.quantize(_EXACT.divide(amount, largest), Decimal("1e-20"))) for amount in amounts]
    return tuple(apportion(parts, STEPS).tolist())


def gamma(shape: Decimal, uniforms: Iterator[Decimal]) -> Decimal:
    """Return a draw from the gamma distribution of scale 1.

    Marsaglia & Tsang, "A simple method for generating gamma variables" (ACM TOMS 26, 2000), with normal variates by
    Marsaglia's polar method; for shapes below 1 that of one more, times a uniform to the power of 1 / shape.

    Args:
        shape: Above 0.
        uniforms: Independent numbers between 0 and 1.

    Example:
        >>> gamma(Decimal(1), _uniforms(0, "example")) == gamma(Decimal(1), _uniforms(0, "example"))
        True
    """
    if shape < 1:
        less = _EXACT.exp(_EXACT.divide(_EXACT.ln(next(uniforms)), shape))
        return _EXACT.multiply(gamma(_EXACT.add(shape, _ONE), uniforms), less)
    third = _EXACT.subtract(shape, _EXACT.divide(_ONE, Decimal(3)))
    spread = _EXACT.divide(_ONE, _EXACT.sqrt(_EXACT.multiply(Decimal(9), third)))
    while True:
        normal = _normal(uniforms)
        root = _EXACT.add(_ONE, _EXACT.multiply(spread, normal))
        if root <= 0:
            continue
        cube = _EXACT.multiply(_EXACT.multiply(root, root), root)
        square, uniform = _EXACT.multiply(normal, normal), next(uniforms)
        if uniform < _EXACT.subtract(_ONE, _EXACT.multiply(_SQUEEZE, _EXACT.multiply(square, square))):
            return _EXACT.multiply(third, cube)
        bound = _EXACT.divide(square, Decimal(2))
        for part in (third, _EXACT.multiply(_EXACT.minus(third), cube), _EXACT.multiply(third, _EXACT.ln(cube))):
            bound = _EXACT.add(bound, part)
        if _EXACT.ln(uniform) < bound:
            return _EXACT.multiply(third, cube)


def _normal(uniforms: Iterator[Decimal]) -> Decimal:
    while True:
        across, up = (_EXACT.subtract(_EXACT.multiply(Decimal(2), next(uniforms)), _ONE) for _ in range(2))
        radius = _EXACT.fma(across, across, _EXACT.multiply(up, up))
        if 0 < radius < 1:
            logarithm = _EXACT.divide(_EXACT.multiply(Decimal(-2), _EXACT.ln(radius)), radius)
            return _EXACT.multiply(across, _EXACT.sqrt(logarithm))
