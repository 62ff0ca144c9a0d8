"""Progress bars for what takes more than a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm

Step = Callable[[int], object]


@contextmanager
def progress_bar(title: str, total: int, unit: str, show: bool | None = None) -> Iterator[Step]:
    """Yield a function that moves a bar on; the bar appears after a second and leaves nothing behind.

    Args:
        title: What is going on.
        total: How much there is to do.
        unit: What is counted; ``"B"`` is scaled.
        show: Always, never, or (None) where standard error is a terminal or a notebook.

    Example:
        >>> with progress_bar("reading", 2, "file", show=False) as step:
        ...     step(1)
    """
    disable = None if show is None else not show
    with tqdm(
        total=total, desc=title, unit=unit, unit_scale=unit == "B", delay=1, leave=False, disable=disable
    ) as shown:
        yield shown.update
