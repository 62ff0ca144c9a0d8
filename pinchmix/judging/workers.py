"""Workers: processes that judge beside this one, and what is said where they cannot."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from pinchmix.errors import ArgumentError, WorkersFailed

GUARD = 'if __name__ == "__main__":'


@contextmanager
def workers_for(count: int, sent: Sequence[tuple[str, Any]]) -> Iterator[Executor | None]:
    """Give processes that start afresh, as a fork would share DuckDB's threads and locks; None for one.

    Args:
        count: How many.
        sent: What each of them is given with every task, and what to call it.

    Raises:
        ArgumentError: Something of that cannot be sent to a process, or this is such a process itself: a script that
            starts processes is read by each of them, and would start more.
        WorkersFailed: A process ended before it had answered.

    Example:
        >>> with workers_for(1, []) as workers:
        ...     workers is None
        True
    """
    if count == 1:
        yield None
        return
    # Set while a process that was started afresh still reads the script; without it there would be a RuntimeError.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise ArgumentError(f"workers={count}: {_guard('this script')}")
    for name, value in sent:
        _check_sent(name, value, count)
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise WorkersFailed(
                f"workers={count}: a process ended before it had answered. {_guard('a script')} Classes of "
                "one's own stand above that line. A script that is piped to Python cannot be read again at all, and "
                "the system ends a process when memory runs out: for these, workers=1 or fewer of them."
            ) from error


def _guard(script: str) -> str:
    return f"Each process reads {script} again: put what it does under {GUARD}, or say workers=1."


def _check_sent(name: str, value: Any, count: int) -> None:
    """Refuse what cannot be sent to a process, or what a process would not find the class of."""
    main = sys.modules["__main__"]
    kind = type(value)
    if kind.__module__ == "__main__" and not hasattr(main, "__file__"):
        raise ArgumentError(
            f"workers={count}: {name} is of the class {kind.__qualname__} of this session, which no other process "
            "knows. Put the class into a file and import it, or say workers=1."
        )
    try:
        pickle.dumps(value)
    except Exception as error:  # whatever the object's own methods raise
        raise ArgumentError(
            f"workers={count}: {name} cannot be sent to a process ({type(error).__name__}: {error}). Define its class "
            "at the top of a file, with attributes that can be pickled, or say workers=1."
        ) from error
