"""The description of the API: complete, stable, and true."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx2
import pytest

from agents.registry import AGENTS
from service.policy import POLICIES
from tests.service.rest.world import World

_JSONSCHEMA: Any = import_module("jsonschema")  # comes with `mcp`, without types
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
async def document(operator: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await operator.get("/openapi.json")).json()
    return found


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


async def test_every_route_but_two_is_described(document: dict[str, Any]) -> None:
    described = {(method, path) for method, path, _ in _operations(document)}
    hidden = {("GET", "/openapi.json"), ("POST", "/v1/agents/{name}")}
    assert described == {
        (method, path.replace(":path", "")) for method, path in set(POLICIES) - hidden
    }


async def test_operation_ids_are_readable_and_never_change(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for *_, operation in _operations(document)]
    assert sorted(ids) == sorted(
        [
            *("search", "read_passage", "answer", "list_agents"),
            *(f"run_{name}" for name in AGENTS),
            *("list_projects", "list_files"),
            *("list_sources", "add_source", "get_source", "remove_source", "sync_source"),
            *("list_jobs", "get_job", "follow_job", "cancel_job"),
            *("list_links", "get_link", "link_account", "unlink_account"),
            *("list_keys", "create_key", "revoke_key", "rotate_key"),
            *("get_usage", "list_usage", "get_limits", "set_limits"),
            *("list_models", "get_model", "create_embeddings"),
            *("create_chat_completion", "create_completion", "create_response"),
            *("create_message", "count_message_tokens"),
            *("rerank", "read_page", "create_transcription", "tokenize"),
            *("get_reembedding", "order_reembedding"),
            *("get_health", "get_readiness", "get_metrics"),
        ]
    )


async def test_every_operation_says_what_it_needs_and_how_it_fails(
    document: dict[str, Any],
) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation in _operations(document):
        public = operation["x-scope"] == "public"
        assert (operation["security"] == []) == public, (method, path)
        failure = operation["responses"]["default"]["content"]["application/json"]["schema"]
        model = "OpenAIErrorBody" if "OpenAI" in operation["tags"][0] else "ProblemBody"
        assert failure == {"$ref": f"#/components/schemas/{model}"}
        assert set(operation["tags"]) <= tags
        assert operation["description"]


async def test_agents_show_their_own_models(document: dict[str, Any]) -> None:
    for agent in AGENTS.values():
        operation = document["paths"][f"/v1/agents/{agent.name}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert body["$ref"].endswith(f"/{agent.request.__name__}")
        assert answer["$ref"].endswith(f"/{agent.answer.__name__}")


async def test_every_body_has_examples_that_fit_its_schema(document: dict[str, Any]) -> None:
    for _, path, operation in _operations(document):
        if "requestBody" not in operation:
            continue
        [content] = operation["requestBody"]["content"].values()
        examples = [each["value"] for each in content["examples"].values()]
        assert examples, path
        for example in examples:
            schema = {**content["schema"], "components": document["components"]}
            _JSONSCHEMA.validate(example, schema)


async def test_the_description_names_no_place_on_this_machine(
    world: World, operator: httpx2.AsyncClient
) -> None:
    text = (await operator.get("/openapi.json")).text
    assert str(world.root.parent) not in text
