"""A first mixture: 40 examples over three languages in an English tuning set, checked, exported, loaded again."""

from datasets import load_dataset

import pinchmix

# The bundled sample; your own data is a path such as "data/{lang}.jsonl", a folder, or a mapping of DataFrames.
source = pinchmix.sample()

# Is it possible? Planning reads ids only.
print(pinchmix.plan_mixture(source, {"en": 20, "*": 40}, languages=["en", "fi", "hi", "sw"]))

mix = pinchmix.build_mixture(source, {"en": 20, "*": 40}, languages=["en", "fi", "hi", "sw"])
print(mix)
print(mix.rejected.to_string())
print(mix[0].prompt_language, mix[0].prompt)

pinchmix.export_mixture(mix, "first-mixture", overwrite=True)
pinchmix.verify_export("first-mixture")
rows = load_dataset("first-mixture", split="train")
print(rows)

# The same instructions and counts with another seed are another choice; the same seed is the same choice.
assert pinchmix.build_mixture(source, {"en": 20, "*": 40}, languages=["en", "fi", "hi", "sw"]).digest == mix.digest
