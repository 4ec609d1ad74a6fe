"""What an operator may say of the vector store."""

import pytest
from pydantic import AnyHttpUrl, SecretStr, ValidationError

from rag.store.settings import QdrantSettings

KEY = SecretStr("a-secret")


@pytest.mark.parametrize("url", ["http://qdrant:6333", "http://192.0.2.7:6333", "http://127.evil"])
def test_a_key_is_not_sent_in_the_open_to_another_machine(url: str) -> None:
    with pytest.raises(ValidationError, match=r"https://.*PLAIN_HTTP=true") as refused:
        QdrantSettings(url=AnyHttpUrl(url), api_key=KEY)
    assert refused.value.errors()[0]["loc"] == ("api_key",)
    assert "a-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["https://qdrant:6333", "http://localhost:6333", "http://127.0.0.1:6333", "http://[::1]:6333"],
)
def test_nobody_else_reads_a_key_that_is_encrypted_or_stays_here(url: str) -> None:
    assert QdrantSettings(url=AnyHttpUrl(url), api_key=KEY).api_key == KEY


def test_an_operator_may_allow_it_on_a_network_of_their_own() -> None:
    url = AnyHttpUrl("http://qdrant:6333")
    assert QdrantSettings(url=url, api_key=KEY, plain_http=True).api_key == KEY
    assert QdrantSettings(url=url).api_key is None
