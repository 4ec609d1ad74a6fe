"""Every route has a policy, and the policy holds."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import PlainTextResponse

from contracts.principal import ALL_SCOPES
from service.policy import POLICIES, policy_of
from service.rest.app import create_app
from service.rest.guard import GuardedRoute, guarded_router
from tests.service.rest.world import World, client_of

GUARDED = [(*route, policy) for route, policy in POLICIES.items() if policy != "public"]
PUBLIC = [route for route, policy in POLICIES.items() if policy == "public"]


def _routes(world: World) -> Iterator[APIRoute]:
    for context in iter_route_contexts(world.app.routes):
        assert isinstance(context.original_route, APIRoute)
        yield context.original_route


def _filled(path: str) -> str:
    return path.replace("{model:path}", "any").replace("{", "").replace("}", "")


async def test_every_route_is_guarded(world: World) -> None:
    assert {type(route) for route in _routes(world)} == {GuardedRoute}


async def test_the_table_and_the_routes_agree(world: World) -> None:
    served = {(method, route.path) for route in _routes(world) for method in route.methods or ()}
    assert served == set(POLICIES)


@pytest.mark.parametrize(("method", "path", "policy"), GUARDED)
async def test_without_a_key_there_is_no_way_in(
    world: World, method: str, path: str, policy: str
) -> None:
    async with world.client(None) as nobody:
        answer = await nobody.request(method, _filled(path))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "key_invalid" in answer.text, policy


@pytest.mark.parametrize(("method", "path", "policy"), GUARDED)
async def test_a_key_without_the_scope_is_refused(
    world: World, method: str, path: str, policy: str
) -> None:
    other = await world.key(*(ALL_SCOPES - {policy}))
    async with world.client(other.key) as client:
        answer = await client.request(method, _filled(path))
    assert answer.status_code == 403
    assert "scope_missing" in answer.text
    assert repr(policy) in answer.text


@pytest.mark.parametrize(("method", "path"), PUBLIC)
async def test_what_is_public_needs_no_key(world: World, method: str, path: str) -> None:
    async with world.client(None) as nobody:
        assert (await nobody.request(method, path)).status_code == 200


def test_a_route_without_a_policy_cannot_be_made() -> None:
    router = guarded_router("new")
    with pytest.raises(LookupError, match="GET /v1/secrets"):
        router.add_api_route("/v1/secrets", lambda: None, methods=["GET"])
    with pytest.raises(LookupError):
        policy_of("PATCH", "/v1/projects")


async def test_an_application_without_a_policy_cannot_be_mounted(world: World) -> None:
    with pytest.raises(LookupError, match="/elsewhere"):
        create_app(world.resources, mounts={"/elsewhere": PlainTextResponse("open")})


async def test_a_mounted_application_is_reached_at_its_path(world: World) -> None:
    app = create_app(world.resources, mounts={"/mcp": PlainTextResponse("guards itself")})
    async with client_of(app, None) as client:
        answer = await client.post("/mcp")
    assert (answer.text, answer.headers["x-content-type-options"]) == ("guards itself", "nosniff")
