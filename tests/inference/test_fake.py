from math import hypot

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.embedding import Embedding
from inference.fake import HashEmbedder
from inference.problems import EmbeddingInputTooLong


def _nearness(one: Embedding, other: Embedding) -> float:
    return sum(left * right for left, right in zip(one.dense, other.dense, strict=True))


@given(st.text(max_size=80))
@settings(max_examples=50)
async def test_every_text_has_a_vector_of_norm_1(text: str) -> None:
    vector = (await HashEmbedder(dimensions=16).embed_query(text)).dense
    assert len(vector) == 16
    assert hypot(*vector) == pytest.approx(1.0)


async def test_a_text_has_the_same_vector_as_document_and_as_query() -> None:
    embedder = HashEmbedder()
    assert await embedder.embed_documents(["鋼の焼入れ"]) == [
        await embedder.embed_query("鋼の焼入れ")
    ]


async def test_similar_texts_are_nearer_than_others() -> None:
    like, unlike = await HashEmbedder().embed_documents(["鋼の焼入れ温度", "ヴェーダの韻律"])
    query = await HashEmbedder().embed_query("鋼の焼入れ")
    assert _nearness(query, like) > _nearness(query, unlike)


async def test_a_text_over_the_limit_is_refused_by_its_number() -> None:
    with pytest.raises(EmbeddingInputTooLong, match="Text 1 "):
        await HashEmbedder(max_tokens=8).embed_documents(["短い", "長" * 30])


async def test_no_texts_give_no_vectors() -> None:
    assert await HashEmbedder().embed_documents([]) == []
