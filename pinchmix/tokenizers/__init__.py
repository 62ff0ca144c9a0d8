"""Tokenizers: they count tokens, for budgets in tokens; :mod:`~pinchmix.tokenizers.opening` finds the right one."""
