"""Work a few steps ahead in threads, in order and in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

STEPS = 3  # results that may wait; each is a block of rows


def work_ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield the result of each item in order, while the next few are being worked on.

    Worth it where the work releases the interpreter's lock, as Arrow's and DuckDB's does.

    Args:
        work: What to do with an item; must be safe to run beside itself.
        items: Taken one by one, never more than a few before their results are asked for.

    Example:
        >>> list(work_ahead(str, range(5)))
        ['0', '1', '2', '3', '4']
    """
    with ThreadPoolExecutor(max_workers=STEPS, thread_name_prefix="pinchmix-ahead") as pool:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > STEPS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
