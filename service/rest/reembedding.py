"""The move to another embedding model: how far it is, and what is to be done."""

from service.generations.choosing import Order
from service.generations.state import ReembeddingState
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router

router = guarded_router("models")


@router.get("/v1/reembedding")
async def get_reembedding(caller: Caller, opened: Opened) -> ReembeddingState:
    """Say which embedding model answers, and how far the move to another one is."""
    return await opened.reembedding.state(caller)


@router.post("/v1/reembedding/{order}", status_code=202)
async def order_reembedding(order: Order, caller: Caller, opened: Opened) -> ReembeddingState:
    """Have a step of the move done in the background; searches and syncs go on meanwhile.

    `start` fills the collection of the next model, or goes on with it; `switch` lets it answer;
    `rollback` lets the former one answer again; `drop` removes the one that does not answer.
    """
    return await opened.reembedding.order(caller, order)
