"""For plugin authors: the laws that a plugin must keep, as functions to call in a test, and toy grids for them."""

from pinchmix.testing.allocators import check_allocator
from pinchmix.testing.exporters import check_exporter, toy_exports
from pinchmix.testing.formats import check_format
from pinchmix.testing.samplers import check_sampler
from pinchmix.testing.tokenizers import check_tokenizer
from pinchmix.testing.validators import check_validator
from pinchmix.toys import TableReader, toy_grid, toy_pool

__all__ = [
    "TableReader",
    "check_allocator",
    "check_exporter",
    "check_format",
    "check_sampler",
    "check_tokenizer",
    "check_validator",
    "toy_exports",
    "toy_grid",
    "toy_pool",
]
