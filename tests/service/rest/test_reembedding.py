"""The move to another embedding model, over REST; only who administers may see or order it."""

from tests.service.rest.world import World


async def test_it_says_which_model_answers(world: World) -> None:
    admin = await world.key("admin")
    async with world.client(admin.key) as client:
        state = (await client.get("/v1/reembedding")).json()
    assert (state["active"]["model"], state["stage"], state["other"]) == (
        "hash-pairs@64",
        "idle",
        None,
    )


async def test_an_order_that_cannot_be_carried_out_says_what_to_do(world: World) -> None:
    admin = await world.key("admin")
    async with world.client(admin.key) as client:
        started = await client.post("/v1/reembedding/start")
        switched = await client.post("/v1/reembedding/switch")
    assert (started.status_code, started.json()["code"]) == (409, "next_model_missing")
    assert (switched.status_code, switched.json()["code"]) == (409, "reembedding_unfit")


async def test_an_order_that_there_is_not_is_refused(world: World) -> None:
    admin = await world.key("admin")
    async with world.client(admin.key) as client:
        answer = await client.post("/v1/reembedding/undo")
    assert answer.status_code == 422
