"""The trainers that exports are checked with: versions, and what is installed into the environment of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trainer:
    """A trainer: its check script, and what to install, step by step; no step may touch what is pinned in another.

    Attributes:
        exports: Those that it is checked on, of ``export_all``.
        cheap: Whether it is checked in ``make test``.
    """

    package: str
    version: str
    script: str
    steps: tuple[tuple[str, ...], ...]
    exports: tuple[str, ...] = ("sample", "torture")
    cheap: bool = False

    @property
    def name(self) -> str:
        return f"{self.package}-{self.version}"

    @property
    def pins(self) -> list[str]:
        return [pin for step in self.steps for pin in step if not pin.startswith("-")]


ALL = ("sample", "torture", "single", "shards")
TEXTS = ("sample", "torture")
# In a step of its own, so that a build without CUDA that is found for it is not replaced.
TORCH = ("torch==2.13.0",)
OUMI = (
    *("transformers==5.16.1", "datasets==4.8.4", "trl==1.6.0", "peft==0.19.1", "accelerate==1.15.0", "pandas<3"),
    *("numpy<2.4", "omegaconf==2.4.0.dev4", "pydantic<2.14", "typer<0.25.2", "click<8.5", "jsonlines", "jsonschema"),
    *("backoff", "httpx<1", "aiofiles", "aiohttp<3.14", "tiktoken", "pillow<12.4", "protobuf", "requests"),
    *("pexpect<4.10", "hdrhistogram", "posthog<8", "wandb==0.25.1", "mlflow==3.17.2", "tensorboard"),
)
UNSLOTH = (
    *("transformers==5.16.1", "datasets==4.8.4", "trl==1.9.0", "peft==0.20.0", "accelerate", "torchao", "tyro"),
    *("protobuf", "typer", "rich", "pydantic", "pyyaml", "nest-asyncio", "structlog", "click", "sentencepiece"),
    *("einops", "cut_cross_entropy", "msgspec", "pillow", "regex", "psutil", "hf_transfer", "wheel", "json5"),
    *("fastapi", "uvicorn", "matplotlib", "pyjwt", "cryptography", "diceware", "python-multipart", "pandas"),
)
AXOLOTL = (
    *("transformers==5.16.1", "datasets==4.8.4", "trl==1.9.0", "peft==0.20.0", "accelerate==1.13.0"),
    *("tokenizers==0.23.1", "huggingface_hub==1.17.0", "pydantic==2.12.5", "PyYAML==6.0.3", "addict", "fire", "art"),
    *("evaluate==0.4.1", "scipy", "colorama", "python-dotenv==1.0.1", "click", "requests", "einops", "sentencepiece"),
    *("posthog==6.7.11", "schedulefree==1.4.1", "langdetect==1.0.9", "nvidia-ml-py==12.560.30", "numba>=0.63.1"),
    *("zstandard==0.22.0", "wandb", "tensorboard", "typer==0.25.1", "packaging==26.0", "typing-extensions==4.15.0"),
)
TRAINERS = [
    *(
        Trainer("datasets", version, "check_datasets.py", ((f"datasets=={version}",),), ALL, cheap=True)
        for version in ("2.21.0", "3.6.0", "4.8.4", "5.2.0")
    ),
    Trainer("mlcroissant", "1.1.1", "check_croissant.py", (("mlcroissant==1.1.1", "pyarrow"),), ALL, cheap=True),
    Trainer("mistral-common", "1.13.1", "check_mistral.py", (("mistral-common==1.13.1",),), ALL, cheap=True),
    Trainer("together", "1.5.35", "check_together.py", (("together==1.5.35", "pyarrow"),), ALL, cheap=True),
    Trainer("openai", "0.28.1", "check_openai.py", (("openai==0.28.1", "pandas<3"),), ("single",), cheap=True),
    Trainer(
        "trl",
        "1.16.0",
        "check_trl.py",
        (TORCH, ("trl==1.16.0", "datasets==5.2.0", "transformers==5.23.0")),
        ALL,
    ),
    Trainer(
        "llamafactory",
        "0.9.5",
        "check_llamafactory.py",
        (
            TORCH,
            ("datasets==4.0.0", "transformers==5.6.0", "accelerate==1.11.0", "peft==0.18.1", "trl==0.24.0"),
            ("omegaconf==2.3.0", "fire", "einops", "sentencepiece", "tiktoken"),
            ("--no-deps", "llamafactory==0.9.5"),
        ),
        ALL,
    ),
    # What reads and masks needs neither mlx nor Composer, which cannot be had everywhere.
    Trainer("mlx-lm", "0.32.2", "check_mlx.py", (("mlx-lm==0.32.2",),), ("sample", "torture", "single")),
    Trainer(
        "llm-foundry",
        "0.22.0",
        "check_llmfoundry.py",
        (
            TORCH,
            ("transformers==4.51.3", "datasets==3.6.0", "huggingface-hub==0.33.5", "omegaconf==2.3.0"),
            ("--no-deps", "llm-foundry==0.22.0"),
        ),
        ALL,
    ),
    Trainer(
        "torchtune",
        "0.6.1",
        "check_torchtune.py",
        (TORCH, ("torchtune==0.6.1",), ("--no-deps", "torchao==0.15.0")),
        TEXTS,
    ),
    Trainer("ms-swift", "4.6.0", "check_swift.py", (TORCH, ("ms-swift==4.6.0",)), TEXTS),
    # These ask for GPU libraries or for an older torch, none of which loading and a step on a CPU need.
    Trainer(
        "oumi",
        "0.9",
        "check_oumi.py",
        (
            TORCH,
            ("--no-deps", "oumi==0.9"),
            OUMI,
        ),
        TEXTS,
    ),
    Trainer(
        "axolotl",
        "0.19.0",
        "check_axolotl.py",
        (
            TORCH,
            ("--no-deps", "axolotl==0.19.0", "axolotl-contribs-lgpl==0.0.7", "axolotl-contribs-mit==0.0.6"),
            AXOLOTL,
        ),
        TEXTS,
    ),
    Trainer(
        "unsloth",
        "2026.10.9",
        "check_unsloth.py",
        (TORCH, ("--no-deps", "unsloth==2026.10.9", "unsloth_zoo==2026.10.9"), UNSLOTH),
        TEXTS,
    ),
    Trainer(
        "nemo-automodel",
        "0.7.0",
        "check_automodel.py",
        (
            TORCH,
            ("--no-deps", "nemo-automodel==0.7.0"),
            ("transformers==5.18.0", "datasets==4.8.4", "mistral-common", "pyyaml", "tiktoken", "torchdata"),
        ),
        TEXTS,
    ),
]
