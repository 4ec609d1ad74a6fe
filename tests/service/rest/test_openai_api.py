"""The OpenAI-compatible routes, asked by OpenAI's own client over a real connection."""

import struct
from base64 import b64decode
from collections.abc import AsyncGenerator
from math import hypot
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rest.openai_api import MAX_TEXTS, as_base64
from tests.servers.asgi import serving
from tests.service.rest.world import World

TEXTS = ["溶体化処理", "solution treatment", "अग्निमीळे"]
MODEL = "hash-pairs@64"


@pytest.fixture(scope="module")
async def client(world: World) -> AsyncGenerator[openai.AsyncOpenAI]:
    made = await world.key("models", projects=[])
    async with (
        serving(world.app) as url,
        openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=made.key, max_retries=0) as opened,
    ):
        yield opened


async def test_the_embedding_model_is_listed(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == [MODEL]
    assert (await client.models.retrieve(MODEL)).id == MODEL


async def test_texts_become_vectors_in_their_order(
    world: World, client: openai.AsyncOpenAI
) -> None:
    answer = await client.embeddings.create(model=MODEL, input=TEXTS, encoding_format="float")
    expected = await world.resources.embedder.embed_documents(TEXTS)
    assert [item.embedding for item in answer.data] == [list(each.dense) for each in expected]
    assert [item.index for item in answer.data] == [0, 1, 2]
    tokens = sum(world.resources.embedder.count_tokens(text) for text in TEXTS)
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (tokens, tokens)


async def test_the_clients_default_encoding_gives_the_same_vectors(
    client: openai.AsyncOpenAI,
) -> None:
    plain = await client.embeddings.create(model=MODEL, input=TEXTS, encoding_format="float")
    packed = await client.embeddings.create(model=MODEL, input=TEXTS)
    for one, other in zip(plain.data, packed.data, strict=True):
        assert other.embedding == pytest.approx(one.embedding, abs=1e-7)
        assert hypot(*other.embedding) == pytest.approx(1, abs=1e-6)


async def test_a_single_text_is_taken_too(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model=MODEL, input="one", dimensions=64)
    assert len(answer.data) == 1


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"input": [[1, 2]]}, "input", "arrays of tokens are not taken"),
        ({"input": [1, 2]}, "input", "arrays of tokens are not taken"),
        ({"input": ""}, "input", "an empty text has no vector"),
        ({"input": ["a", ""]}, "input", "an empty text has no vector"),
        ({"input": ["a", "a" * 100_001]}, "input", "at most 100,000 characters"),
        ({"input": []}, "input", f"from 1 to {MAX_TEXTS} texts"),
        ({"input": ["a"] * (MAX_TEXTS + 1)}, "input", f"from 1 to {MAX_TEXTS} texts"),
        ({"dimensions": 32}, "dimensions", "have 64"),
        ({"encoding_format": "int8"}, "encoding_format", "'float' or 'base64'"),
    ],
)
async def test_what_is_not_served_is_a_bad_request_that_names_the_field(
    client: openai.AsyncOpenAI, change: dict[str, Any], param: str, says: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.post(
            "/embeddings", body={"model": MODEL, "input": "a", **change}, cast_to=dict[str, Any]
        )
    assert caught.value.type == "invalid_request_error"
    assert (caught.value.code, caught.value.param) == ("invalid_request", param)
    assert says in caught.value.message


async def test_a_text_over_the_models_limit_is_refused(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        await client.embeddings.create(model=MODEL, input=["short", "long " * 1000])
    assert (caught.value.status_code, caught.value.code) == (413, "text_too_long")


@pytest.mark.parametrize("name", ["text-embedding-3-small", "BAAI/bge-m3"])
async def test_another_model_is_not_found(client: openai.AsyncOpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.embeddings.create(model=name, input="a")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError, match=MODEL):
        await client.models.retrieve(name)


async def test_without_a_key_or_its_scope_the_client_understands_why(
    world: World, client: openai.AsyncOpenAI
) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        await client.with_options(api_key="fmk_wrong").models.list()
    assert caught.value.type == "authentication_error"
    reader = await world.key("read")
    with pytest.raises(openai.PermissionDeniedError) as refused:
        await client.with_options(api_key=reader.key).models.list()
    assert refused.value.code == "scope_missing"


async def test_a_body_that_is_no_json_is_told_in_the_same_form(
    operator: httpx2.AsyncClient,
) -> None:
    answer = await operator.post("/v1/embeddings", content=b"{")
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@given(st.lists(st.floats(-1, 1, width=32), max_size=8))
def test_base64_holds_little_endian_floats(vector: list[float]) -> None:
    assert list(struct.unpack(f"<{len(vector)}f", b64decode(as_base64(vector)))) == vector
