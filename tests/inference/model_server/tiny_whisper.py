"""A tiny random Whisper, converted to CTranslate2's form as a real one is."""

import importlib
import json
from pathlib import Path
from typing import Any, Final

_END: Final = "<|endoftext|>"
_START: Final = "<|startoftranscript|>"
_COPIED: Final = ["tokenizer.json", "preprocessor_config.json"]
_TIMES: Final = 1_501
"""Of 20 ms each: half a minute."""


def write_tiny_whisper(folder: Path) -> Path:
    """Write the model as transformers does, then convert it; returns where it lies."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    source = folder / "transformers"
    tokenizer = _tokenizer()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=_END, eos_token=_END, unk_token=_END
    )
    fast.save_pretrained(source)
    with torch.random.fork_rng():
        torch.manual_seed(9)
        config = _config(transformers, tokenizer)
        transformers.WhisperForConditionalGeneration(config).save_pretrained(source)
    heard = {"feature_size": 80, "sampling_rate": 16_000, "hop_length": 160, "n_fft": 400}
    (source / "preprocessor_config.json").write_text(json.dumps(heard | {"chunk_length": 30}))
    converters: Any = importlib.import_module("ctranslate2.converters")
    converter = converters.TransformersConverter(str(source), copy_files=_COPIED)
    return Path(converter.convert(str(folder / "ctranslate2")))


def _config(transformers: Any, tokenizer: Any) -> Any:  # noqa: ANN401 - the library has no types
    end = tokenizer.token_to_id(_END)
    return transformers.WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(),
        num_mel_bins=80,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=tokenizer.token_to_id(_START),
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )


def _tokenizer() -> Any:  # noqa: ANN401 - see above
    library: Any = importlib.import_module("tokenizers")
    languages: Any = importlib.import_module("transformers.models.whisper.tokenization_whisper")
    tokenizer = library.Tokenizer(library.models.BPE())
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=270,
        initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the steel was quenched in oil"], trainer)
    named = [f"<|{code}|>" for code in list(languages.LANGUAGES)[:99]]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    tokenizer.add_special_tokens([_END, _START, *named, *(f"<|{task}|>" for task in tasks)])
    tokenizer.add_tokens([f"<|{number * 0.02:.2f}|>" for number in range(_TIMES)])
    return tokenizer
