"""Models with the shapes of published ones, for servers that make up the weights.

`python -m evals.serving.shapes qwen2.5-3b FOLDER`, then vLLM with `--load-format dummy`: as fast as
the published weights, and as large, and nothing to download.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import click

_LAYERS_OF_GPT_OSS: Final = 24
SHAPES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        # https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/config.json
        "qwen2.5-3b": {
            "architectures": ["Qwen2ForCausalLM"],
            "model_type": "qwen2",
            "dtype": "bfloat16",
            "hidden_act": "silu",
            "hidden_size": 2048,
            "intermediate_size": 11008,
            "max_position_embeddings": 32768,
            "num_attention_heads": 16,
            "num_hidden_layers": 36,
            "num_key_value_heads": 2,
            "rms_norm_eps": 1e-06,
            "rope_theta": 1000000.0,
            "tie_word_embeddings": True,
            "vocab_size": 151936,
        },
        # https://huggingface.co/openai/gpt-oss-20b/blob/main/config.json
        "gpt-oss-20b": {
            "architectures": ["GptOssForCausalLM"],
            "model_type": "gpt_oss",
            "attention_bias": True,
            "experts_per_token": 4,
            "head_dim": 64,
            "hidden_act": "silu",
            "hidden_size": 2880,
            "initial_context_length": 4096,
            "intermediate_size": 2880,
            "layer_types": ["sliding_attention", "full_attention"] * (_LAYERS_OF_GPT_OSS // 2),
            "max_position_embeddings": 131072,
            "num_attention_heads": 64,
            "num_experts_per_tok": 4,
            "num_hidden_layers": _LAYERS_OF_GPT_OSS,
            "num_key_value_heads": 8,
            "num_local_experts": 32,
            "quantization_config": {
                "quant_method": "mxfp4",
                "modules_to_not_convert": [
                    "model.layers.*.self_attn",
                    "model.layers.*.mlp.router",
                    "model.embed_tokens",
                    "lm_head",
                ],
            },
            "rms_norm_eps": 1e-05,
            "rope_scaling": {
                "rope_type": "yarn",
                "factor": 32.0,
                "beta_fast": 32.0,
                "beta_slow": 1.0,
                "original_max_position_embeddings": 4096,
                "truncate": False,
            },
            "rope_theta": 150000,
            "sliding_window": 128,
            "swiglu_limit": 7.0,
            "tie_word_embeddings": False,
            "vocab_size": 201088,
        },
    }
)
_END: Final = "</s>"


def write_shape(shape: Mapping[str, Any], folder: Path) -> Path:
    """Write its configuration, and a tokenizer with as many tokens, of which a byte is one.

    So a text has as many tokens as bytes, and every token that is drawn is a text.
    """
    library: Any = import_module("tokenizers")
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(library.pre_tokenizers.ByteLevel.alphabet())
    made_up = [f"t{number}" for number in range(shape["vocab_size"] - len(alphabet) - 1)]
    words = [_END, *alphabet, *made_up]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = library.Tokenizer(library.models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    tokenizer.add_special_tokens([_END])
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": _END, "pad_token": _END}
    (folder / "tokenizer_config.json").write_text(json.dumps(about), encoding="utf-8")
    own = {"eos_token_id": 0, "pad_token_id": 0, "bos_token_id": 0}
    (folder / "config.json").write_text(json.dumps({**shape, **own}, indent=2), encoding="utf-8")
    return folder


@click.command()
@click.argument("name", type=click.Choice(sorted(SHAPES)))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(name: str, folder: Path) -> None:
    """Write the model NAME into FOLDER, without weights."""
    write_shape(SHAPES[name], folder)


if __name__ == "__main__":
    main()
