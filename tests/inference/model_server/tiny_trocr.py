"""A tiny random TrOCR in the layout of a real checkpoint."""

import importlib
import json
from pathlib import Path
from typing import Any, Final

_HYMN: Final = ["अग्निमीळे पुरोहितं यज्ञस्य देवमृत्विजम्", "होतारं रत्नधातमम्", "agnim īḷe purohitam"]
_SPECIAL: Final = ["<s>", "<pad>", "</s>", "<unk>"]
_BEGIN, _PAD, _END = 0, 1, 2
_WIDTH: Final = 32


def write_tiny_trocr(folder: Path) -> Path:
    """Write config, weights, tokenizer and the picture processor; the same ones every time."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    tokenizer = _tokenizer(transformers)
    tokenizer.save_pretrained(folder)
    config = _config(transformers, len(tokenizer))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        transformers.VisionEncoderDecoderModel(config).save_pretrained(folder)
    size = {"height": _WIDTH, "width": _WIDTH}
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "image_processor_type": "ViTImageProcessor",
                "do_normalize": True,
                "do_rescale": True,
                "do_resize": True,
                "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.5, 0.5, 0.5],
                "resample": 2,
                "size": size,
            }
        )
    )
    return folder


def _config(transformers: Any, vocabulary: int) -> Any:  # noqa: ANN401 - the library has no types
    encoder = transformers.ViTConfig(
        hidden_size=_WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=_WIDTH,
        patch_size=16,
    )
    decoder = transformers.TrOCRConfig(
        vocab_size=vocabulary,
        d_model=_WIDTH,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=64,
        max_position_embeddings=24,
        tie_word_embeddings=False,
        cross_attention_hidden_size=_WIDTH,
        bos_token_id=_BEGIN,
        pad_token_id=_PAD,
        eos_token_id=_END,
        decoder_start_token_id=_END,
    )
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id = _END
    config.pad_token_id, config.eos_token_id = _PAD, _END
    return config


def _tokenizer(transformers: Any) -> Any:  # noqa: ANN401 - see above
    library: Any = importlib.import_module("tokenizers")
    tokenizer = library.Tokenizer(library.models.BPE())
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=_SPECIAL,
        initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_HYMN, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )
