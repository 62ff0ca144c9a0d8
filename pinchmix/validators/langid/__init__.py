"""Language identification of short texts: is this text in the language it should be in?"""

from pinchmix.validators.langid.backend import Backend, Thresholds
from pinchmix.validators.langid.gates import REASONS
from pinchmix.validators.langid.profiles import VERSION
from pinchmix.validators.langid.verdict import TextVerdicts, judge_texts

__all__ = ["REASONS", "VERSION", "Backend", "TextVerdicts", "Thresholds", "judge_texts"]
