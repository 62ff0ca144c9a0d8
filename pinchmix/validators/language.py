"""The language check: is each prompt and each response in the language that it is said to be in?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pinchmix.errors import ArgumentError
from pinchmix.plugins import Cells, Cost, Findings, Verdict
from pinchmix.text.wording import near
from pinchmix.validators.foreign_tasks import about_another
from pinchmix.validators.langid import REASONS, Backend, judge_texts
from pinchmix.validators.langid.record import check_asked, open_backend, record_of
from pinchmix.validators.langid.verdict import check_candidates, check_thresholds

_MODES = ("fast", "exact")
# Changes whenever some text may get another verdict from the same backend; manifests and caches record it.
RULES = "rules4"


class LanguageValidator:
    """Judges prompt and response each against its own language, by script and by the words.

    Short texts, numbers, names and code are unsure, and so is every language that the backend does not know, and an
    answer in the language that the task is about.

    Args:
        backend: Who tells languages apart: ``"langdetect"``, ``"py3langid"``, ``"lingua"``, ``"cld2"``, ``"fasttext"``,
            a name that an installed package declares, or a :class:`pinchmix.validators.langid.Backend`. What
            ``settings`` record of such an object stands for it where a package declares its name.
        mode: ``"fast"``, or ``"exact"`` for what langdetect itself says with seed 0; of langdetect only.
        cascade: Another backend, asked about texts that the first is unsure of; it can only accept.
        strict: Whether Bosnian is no Croatian, as far as the backend can tell, and Traditional Chinese no Simplified.
        candidates: Which languages compete: ``"neighbours"`` for those of the data, English and whatever is easily
            taken for the expected one, ``"open"`` for all, tags for others beside the neighbours; "" for what suits the
            backend.
        thresholds: Language, or ``"*"``, → [accept, reject], instead of the backend's.
        options: What a named backend is made with, such as ``{"model": "lid.176.bin"}``.

    Attributes:
        name: ``"language"``.
        version: That of the rules and those of the backends.

    Raises:
        ArgumentError: An option means nothing, or a backend needs a library that is not installed.
        UnknownPlugin: There is no backend of that name.

    Example:
        >>> prompt, response = "Habari ya leo ni ipi, rafiki yangu mpendwa?", "The weather is fine today."
        >>> cells = Cells(["a"], ["sw"], ["sw"], [prompt], [response])
        >>> LanguageValidator().judge(cells, ["en", "sw"]).field
        ['response']
    """

    name: str = "language"
    cost = Cost.MODEL
    needs_pivot = capped = True

    def __init__(
        self,
        backend: str | Backend | Mapping[str, Any] = "langdetect",
        mode: str = "fast",
        cascade: str | Backend | Mapping[str, Any] | None = None,
        strict: bool = False,
        candidates: str | Sequence[str] = "",
        thresholds: Mapping[str, Sequence[float]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        check_asked(backend, cascade, strict, candidates, thresholds, options)
        if not isinstance(mode, str) or mode not in _MODES:
            said = f"validator language: mode={mode!r} is neither 'fast' nor 'exact'."
            raise ArgumentError(f"{said}{near(str(mode), _MODES)}")
        if mode == "exact" and backend != "langdetect":
            raise ArgumentError(f"validator language: mode='exact' is of langdetect, and backend={backend!r}.")
        self._backend = open_backend("langdetect-exact" if mode == "exact" else backend, options)
        self._cascade = None if cascade is None else open_backend(cascade)
        self._candidates = check_candidates(candidates)
        self._thresholds = check_thresholds(thresholds or {})
        self._strict = strict
        self._plain = {
            "backend": backend if isinstance(backend, str) else record_of(self._backend),
            "mode": mode,
            "cascade": cascade if cascade is None or isinstance(cascade, str) else record_of(self._cascade),
            "strict": strict,
            "candidates": list(self._candidates) if isinstance(self._candidates, tuple) else self._candidates,
            "thresholds": {tag: [one.accept, one.reject] for tag, one in self._thresholds.items()},
            "options": dict(options or {}),
        }
        self.version = "|".join((RULES, *(one.version for one in (self._backend, self._cascade) if one is not None)))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters as plain data; of a backend given as an object, all that it declares."""
        return self._plain

    @property
    def parts(self) -> Mapping[str, Backend]:
        """The backends that were given as objects, by parameter."""
        both = {"backend": self._backend, "cascade": self._cascade}
        return {
            name: one
            for name, one in both.items()
            if one is not None and not isinstance(self._plain[name], (str, type(None)))
        }

    def __repr__(self) -> str:
        return f"LanguageValidator({self.version})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Detectors of other libraries cannot be sent to a process, but what was asked for can.
        return _again, (type(self), {**self._plain, **self.parts})

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return what is not plainly in its language among these cells."""
        count = len(cells.ids)
        # Both fields at once: what stands in several places is looked at once.
        found = judge_texts(
            [*cells.prompts, *cells.responses],
            [*cells.prompt_languages, *cells.response_languages],
            languages=languages,
            backend=self._backend,
            cascade=self._cascade,
            strict=self._strict,
            candidates=self._candidates,
            thresholds=self._thresholds,
        )
        verdict = found.verdict.copy()
        wrong = np.flatnonzero(verdict == Verdict.MISMATCH)
        # Where the prompt itself is in another language nothing in it says what the task is about.
        wrong = wrong[(wrong >= count) & (verdict[wrong - count] != Verdict.MISMATCH)]
        seen = [str(tag) for tag in found.top[wrong].tolist()]
        tasks = wrong[about_another(cells, (wrong - count).tolist(), seen, languages, self._backend)]
        verdict[tasks] = Verdict.UNSURE
        of_task = frozenset(tasks.tolist())
        wrong = np.flatnonzero(verdict)
        wrong = wrong[np.lexsort((wrong // max(count, 1), wrong % max(count, 1)))]
        return Findings(
            place=(wrong % max(count, 1)).astype(np.int64),
            field=["response" if flag else "prompt" for flag in (wrong >= count).tolist()],
            verdict=verdict[wrong],
            reason=[
                "task" if place in of_task else REASONS[code]
                for place, code in zip(wrong.tolist(), found.reason[wrong].tolist(), strict=True)
            ],
            score=found.score[wrong],
            seen=[str(tag) for tag in found.top[wrong].tolist()],
        )


def _again(kind: type[LanguageValidator], asked: Mapping[str, Any]) -> LanguageValidator:
    return kind(**asked)
