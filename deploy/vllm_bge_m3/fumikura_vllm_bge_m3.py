"""Let a vLLM server answer `/pooling` with bge-m3's dense and sparse outputs of one forward pass.

Runs inside vLLM, not in Fumikura: `pip install ./deploy/vllm_bge_m3` beside vLLM 0.32, then

    vllm serve BAAI/bge-m3 --runner pooling --io-processor-plugin bge_m3 \
        --hf-overrides '{"architectures": ["BgeM3EmbeddingModel"]}'

vLLM computes both in its task `embed&token_classify`, but refuses that task over HTTP unless such
a plugin says what the answer looks like. Request and answer are those of the plugin in vLLM's own
tests (`bge_m3_sparse_plugin`): either will do.
"""

from collections.abc import Sequence

from pydantic import BaseModel
from vllm.config import VllmConfig
from vllm.outputs import PoolingRequestOutput
from vllm.plugins.io_processors.interface import IOProcessor
from vllm.pooling_params import PoolingParams
from vllm.renderers import BaseRenderer


class Texts(BaseModel):
    """What is sent in `data`: texts, or the token ids of each, special ones included."""

    input: str | list[str] | list[list[int]]


class TokenWeight(BaseModel):
    """What a token of the vocabulary counts in a text; the greatest of its places."""

    token_id: int
    weight: float


class TextEmbedding(BaseModel):
    """What a text became."""

    index: int
    dense_embedding: list[float]
    sparse_embedding: list[TokenWeight]


class Usage(BaseModel):
    """What was read."""

    prompt_tokens: int
    total_tokens: int


class Answer(BaseModel):
    """One embedding for each text, in order."""

    data: list[TextEmbedding]
    usage: Usage


class BgeM3Processor(IOProcessor[Texts, Answer]):
    """Asks for both outputs, normalised and rectified, and takes vLLM's one row of numbers apart.

    That row is the dense vector, then a weight for each token but `<s>` and `</s>` at the ends.
    """

    def __init__(self, vllm_config: VllmConfig, renderer: BaseRenderer) -> None:
        super().__init__(vllm_config, renderer)
        config = vllm_config.model_config
        self._dimensions = config.embedding_size
        self._begin = config.hf_config.bos_token_id
        self._end = config.hf_config.eos_token_id

    def parse_data(self, data: object) -> Texts:
        """Return what was sent; vLLM answers 400 where it does not fit."""
        return Texts.model_validate(data)

    def merge_pooling_params(self, params: PoolingParams | None = None) -> PoolingParams:
        """Ask for both outputs, with their activations."""
        asked = params or PoolingParams()
        asked.task = "embed&token_classify"
        asked.use_activation = True
        asked.skip_reading_prefix_cache = True
        return asked

    def pre_process(
        self,
        prompt: Texts,
        request_id: str | None = None,  # noqa: ARG002 - vLLM's signature
        **_: object,
    ) -> str | list[str] | list[list[int]]:
        """Return the texts as they are."""
        return prompt.input

    def post_process(
        self,
        model_output: Sequence[PoolingRequestOutput],
        request_id: str | None = None,  # noqa: ARG002 - vLLM's signature
        **_: object,
    ) -> Answer:
        """Return what the texts became, in order."""
        tokens = sum(len(output.prompt_token_ids) for output in model_output)
        return Answer(
            data=[self._embedding(index, output) for index, output in enumerate(model_output)],
            usage=Usage(prompt_tokens=tokens, total_tokens=tokens),
        )

    def _embedding(self, index: int, output: PoolingRequestOutput) -> TextEmbedding:
        row = output.outputs.data.tolist()
        greatest: dict[int, float] = {}
        weights = row[self._dimensions :]
        for token, weight in zip(self._inner(output.prompt_token_ids), weights, strict=True):
            greatest[token] = max(weight, greatest.get(token, 0.0))
        return TextEmbedding(
            index=index,
            dense_embedding=row[: self._dimensions],
            sparse_embedding=[
                TokenWeight(token_id=token, weight=weight)
                for token, weight in greatest.items()
                if weight > 0
            ],
        )

    def _inner(self, tokens: Sequence[int]) -> Sequence[int]:
        """Leave out what vLLM gave no weight to."""
        start = 1 if tokens[0] == self._begin else 0
        end = len(tokens) - (1 if tokens[-1] == self._end else 0)
        return tokens[start:end]


def processor() -> str:
    """Name the class to vLLM."""
    return "fumikura_vllm_bge_m3.BgeM3Processor"
