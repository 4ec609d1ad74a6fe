"""A tiny random bge-m3 in the layout of the real checkpoint, for what must agree on its numbers."""

import importlib
import json
from pathlib import Path
from typing import Any, Final

HIDDEN: Final = 128
MAX_TOKENS: Final = 512
_VOCABULARY: Final = 2000
_SPECIAL: Final = ["<s>", "<pad>", "</s>", "<unk>"]
_SUBJECTS: Final = [
    "The steel", "An alloy of aluminium", "The sample", "A thin film", "The hymn to fire",
    "試料の硬さ", "鋼の焼入れ温度", "合金の時効処理", "アルミニウムの薄膜", "祭式の韻律",
]  # fmt: skip
_DEEDS: Final = [
    " was quenched in oil from {n} degrees.", " reached a hardness of {n} HV after ageing.",
    " lost {n} grams in the furnace.", " is praised in verse {n}.",
    "は{n}度で油に入れて冷却した。", "は時効の後に{n} HVに達した。", "を{n}時間保持した。",
]  # fmt: skip
CORPUS: Final = [
    subject + deed.format(n=number)
    for number in (3, 17, 190, 850)
    for subject in _SUBJECTS
    for deed in _DEEDS
]
"""What its tokenizer has learned from."""


def write_tiny_bge_m3(folder: Path) -> Path:
    """Write config, weights, both heads and the tokenizer; the same ones every time."""
    torch: Any = importlib.import_module("torch")
    with torch.random.fork_rng():
        torch.manual_seed(4)
        _write_model("XLMRobertaModel", folder)
        for name, width in (("sparse", 1), ("colbert", HIDDEN)):
            head = torch.nn.Linear(HIDDEN, width)
            torch.save(head.state_dict(), folder / f"{name}_linear.pt")
    return folder


def write_tiny_reranker(folder: Path) -> Path:
    """Write a random cross-encoder with the same tokenizer, as bge-reranker-v2-m3 is one."""
    torch: Any = importlib.import_module("torch")
    with torch.random.fork_rng():
        torch.manual_seed(5)
        _write_model("XLMRobertaForSequenceClassification", folder)
    return folder


def _write_model(architecture: str, folder: Path) -> None:
    transformers: Any = importlib.import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    config = transformers.XLMRobertaConfig(
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=256,
        vocab_size=_VOCABULARY,
        max_position_embeddings=MAX_TOKENS + 2,
        type_vocab_size=1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        layer_norm_eps=1e-5,
        num_labels=1,
    )
    getattr(transformers, architecture)(config).save_pretrained(folder)
    # vLLM reads this key, which newer versions of transformers no longer write.
    written = json.loads((folder / "config.json").read_text())
    written["position_embedding_type"] = "absolute"
    (folder / "config.json").write_text(json.dumps(written))
    _write_tokenizer(folder)


def _write_tokenizer(folder: Path) -> None:
    library: Any = importlib.import_module("tokenizers")
    tokenizer = library.Tokenizer(library.models.Unigram())
    tokenizer.normalizer = library.normalizers.NFKC()
    tokenizer.pre_tokenizer = library.pre_tokenizers.Metaspace()
    tokenizer.decoder = library.decoders.Metaspace()
    trainer = library.trainers.UnigramTrainer(
        vocab_size=_VOCABULARY, special_tokens=_SPECIAL, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = library.processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {
        "bos": "<s>",
        "cls": "<s>",
        "pad": "<pad>",
        "eos": "</s>",
        "sep": "</s>",
        "unk": "<unk>",
    }
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_TOKENS,
        **{f"{role}_token": token for role, token in names.items()},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(described))
