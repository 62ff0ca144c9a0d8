"""Language identification of short texts: is this text in the language it should be in?"""

from pinchmix.validators.langid.profiles import VERSION
from pinchmix.validators.langid.verdict import REASONS, TextVerdicts, judge_texts

__all__ = ["REASONS", "VERSION", "TextVerdicts", "judge_texts"]
