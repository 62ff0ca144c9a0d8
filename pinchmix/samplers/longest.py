"""The longest sampler: instructions with the longest responses first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pinchmix.canonical import key_of
from pinchmix.errors import ArgumentError
from pinchmix.exact.order import keyed
from pinchmix.plugins import Order
from pinchmix.pool import Pool
from pinchmix.text.wording import near

_MOST = 2**32 - 1  # half of a key is the length, half the hash that decides among equally long texts


@dataclass(frozen=True)
class Longest:
    """Serves the longest first, by the pivot's length in characters: one decision for all languages of an instruction.

    The longest responses make a strong baseline (Zhao et al. 2024, arXiv 2402.04833). Equally long ones stand in random
    order; instructions that the pivot lacks come last.

    Attributes:
        field: Whose length counts, ``"response"`` or ``"prompt"``.

    Raises:
        ArgumentError: ``field`` is neither.

    Example:
        >>> from pinchmix.testing import toy_pool
        >>> pool = toy_pool()
        >>> first = Longest().order(pool, 0).key.argmin()
        >>> bool(pool.length("response")[first] == pool.length("response").max())
        True
    """

    field: str = "response"
    name: str = dataclasses.field(default="longest", init=False, repr=False)
    version: str = dataclasses.field(default="1", init=False, repr=False)
    laws: frozenset[str] = dataclasses.field(default=frozenset({"stable"}), init=False, repr=False)

    def __post_init__(self) -> None:
        check_field(self.name, self.field)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters as plain data."""
        return {"field": self.field}

    def order(self, pool: Pool, seed: int) -> Order:
        """Return the order of descending length."""
        length = np.minimum(pool.length(self.field) + 1, _MOST).astype(np.uint64)
        tie = keyed(pool.grid.hashes, key_of(seed, "choose")) >> np.uint64(32)
        return Order(((np.uint64(_MOST) - length) << np.uint64(32)) | tie, ranked=True)


def check_field(name: str, field: str) -> None:
    """Refuse what is neither the prompt nor the response.

    Raises:
        ArgumentError: It is neither.

    Example:
        >>> check_field("longest", "prompt")
    """
    fields = ("prompt", "response")
    if field not in fields:
        raise ArgumentError(
            f"sampler {name}: field={field!r} is neither 'prompt' nor 'response'.{near(str(field), fields)}"
        )
