"""The certificate: why a budget is impossible, in figures, and how they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pinchmix.text.wording import number_of


class Certificate(NamedTuple):
    """Why a budget is impossible, in figures that can be checked by counting, with no trust in a solver.

    Attributes:
        languages: A set of languages (of splits, as ``"sw in test"``) from which none can be left out.
        asked: What each of them asks, in the budget's unit.
        available: In how many instructions each of them exists.
        supply: The most that they can be given together, in the budget's unit. Under ``disjoint`` without repeats, how
            many instructions exist in any of them.
        largest_total: The largest feasible total at the same shares; 0 where there is none.
        rejected: Check → how many cells of these languages it took away for a mismatch, and under :func:`in_doubt` of
            its name for a doubt alone; ``"bad rows"`` stands for dropped rows.
        smallest_repeat: The smallest ``repeat`` with which the budget is feasible, or None.
        smallest_overlap: The smallest k with which ``overlap(k)`` is, or None; only where fewer languages an
            instruction were allowed.
        content: The content policy.
        repeat: How often a cell was allowed to appear.
        unit: The budget's unit.
        counted: False where only a search through all choices shows that it is impossible.
    """

    languages: tuple[str, ...]
    asked: tuple[int, ...]
    available: tuple[int, ...]
    supply: int
    largest_total: int
    rejected: Mapping[str, int] = {}
    smallest_repeat: int | None = None
    smallest_overlap: int | None = None
    content: str = "disjoint"
    repeat: int = 1
    unit: str = "examples"
    counted: bool = True

    @property
    def shortfall(self) -> int:
        """By how much these languages together ask for more than they can be given."""
        return sum(self.asked) - self.supply


DOUBT = " (in doubt)"


def in_doubt(check: str) -> str:
    """Return the key under which a certificate counts what a check took away for a doubt.

    Example:
        >>> in_doubt("language")
        'language (in doubt)'
    """
    return f"{check}{DOUBT}"


def _exist(count: int) -> str:
    return "none exists" if not count else f"only {count:,} {'exists' if count == 1 else 'exist'}"


def clash(certificate: Certificate, who: str) -> str:
    """Return the one sentence that says what is asked and what there is."""
    one = len(certificate.languages) == 1
    subject = f"{who}{'' if one else ' together'} {'asks' if one else 'ask'} for"
    total, short = sum(certificate.asked), f"({certificate.shortfall:,} short)"
    unit = certificate.unit.removesuffix("s")
    where = "it" if one else "them"
    if certificate.shortfall < 0:
        there = f"{certificate.supply:,} {'exists' if certificate.supply == 1 else 'exist'} in no language but {who}"
        return (
            f"content='cover' uses every instruction: {there}, which {'asks' if one else 'ask'} for {total:,} "
            f"({-certificate.shortfall:,} left over)."
        )
    split = any(" in " in name for name in certificate.languages)
    if certificate.content == "same" and not split:
        if len(set(certificate.asked)) > 1:
            return f"content='same' gives every language the same instructions, so {who} must ask for the same."
        each = certificate.supply // len(certificate.languages)
        where = "it" if one else "all of them"
        return f"{subject} the same {number_of(certificate.asked[0], unit)}; {_exist(each)} in {where} {short}."
    if certificate.unit == "examples" and certificate.content in ("disjoint", "cover") and certificate.repeat == 1:
        exist = f"{_exist(certificate.supply)} in {'it' if one else 'any of them'}"
        return f"{subject} {number_of(total, 'instruction')}; {exist} {short}."
    rules = [] if certificate.content == "disjoint" else [f"content={certificate.content!r}"]
    rules += [f"repeat={certificate.repeat}"] if certificate.repeat > 1 else []
    given = (
        f"no more than {certificate.supply:,} can be given to {where}" if certificate.supply else "none can be given"
    )
    how = f" with {' and '.join(rules)}" if rules else ""
    proof = "" if certificate.counted else " A search through all choices shows it."
    return f"{subject} {number_of(total, unit)}; {given}{how} {short}.{proof}"


def ways_out(certificate: Certificate, who: str) -> list[str]:
    """Return what would make the budget possible, each with its figure."""
    names = certificate.languages
    if certificate.shortfall < 0:
        together = names[0] if len(names) == 1 else f"these {len(names)} together"
        return [f"at least {certificate.supply:,} for {together}", "content='disjoint', which may leave some out"]
    split = any(" in " in name for name in names)
    if certificate.content == "same" and not split and len(set(certificate.asked)) > 1:
        least = min(certificate.asked)
        return [f"{least:,} for each" if least else "the same count for each", "content='overlap(k)'"]
    ways = [f"at most {certificate.supply:,} for {names[0] if len(names) == 1 else f'these {len(names)} together'}"]
    if certificate.content == "same" and not split:
        ways = [f"at most {certificate.supply // len(names):,} for each language"]
    if not certificate.supply:
        ways = [f"leave {who} out, or add data in {'it' if len(names) == 1 else 'them'}"]
    if certificate.largest_total:
        ways.append(f"a total of at most {certificate.largest_total:,} at the same shares")
    if certificate.smallest_repeat:
        ways.append(f"repeat={certificate.smallest_repeat}")
    if certificate.smallest_overlap:
        ways.append(f"content='overlap({certificate.smallest_overlap})'")
    return [*ways, *_ways_back(certificate.rejected, who)]


def _ways_back(rejected: Mapping[str, int], who: str) -> Iterator[str]:
    """Yield what gives back cells that were taken away, each with its figure."""
    for check in dict.fromkeys(name.removesuffix(DOUBT) for name in rejected):
        wrong, doubtful = rejected.get(check, 0), rejected.get(in_doubt(check), 0)
        count = wrong + doubtful
        if not count:
            continue
        lost = "the one cell" if count == 1 else f"some of the {count:,} cells"
        by = f"rejected by the {check} check"
        if check == "bad rows":
            by = "dropped as bad rows"
        elif not doubtful:
            by += f", which can flag them: validate={{{check!r}: 'flag'}}"
        elif not wrong:
            by += f", which is in doubt of them and can keep them: validate={{{check!r}: {{'unsure': 'keep'}}}}"
        else:
            by += (
                f" ({doubtful:,} for a doubt alone), which can flag and keep them: "
                f"validate={{{check!r}: {{'mismatch': 'flag', 'unsure': 'keep'}}}}"
            )
        yield f"get back {lost} of {who} {by}"
