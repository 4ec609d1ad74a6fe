"""The caller's own accounts of GakuNin RDM and OSF: what they may read there, they find here."""

from typing import Annotated, Any, Final

from fastapi import Body, Response
from pydantic import BaseModel, Field

from connectors.rdm.settings import InstanceName
from service.access.link_info import LinkInfo
from service.access.links import subject_of
from service.problems import LinkUnknown
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.token_field import RdmToken

router = guarded_router("links")

_LINK: Final[Any] = {
    "token": {
        "summary": "A personal access token with the scope osf.full_read",
        "value": {"token": "the-token-that-rdm-showed-you"},
    }
}


class LinkRequest(BaseModel, frozen=True):
    """An account to link to the key that asks."""

    token: RdmToken = Field(
        description="A personal access token. It is checked, sealed, and never shown again."
    )


class LinkList(BaseModel, frozen=True):
    """The accounts that are linked to a key."""

    links: list[LinkInfo]


@router.get("/v1/me/links")
async def list_links(caller: Caller, opened: Opened) -> LinkList:
    """List the accounts that are linked to the key."""
    return LinkList(links=await opened.records.links.list_of(subject_of(caller)))


@router.get("/v1/me/links/{instance}")
async def get_link(instance: InstanceName, caller: Caller, opened: Opened) -> LinkInfo:
    """Say which account is linked to the key."""
    link = await opened.records.links.find(subject_of(caller), instance)
    if link is None:
        raise LinkUnknown(instance)
    return link


@router.put("/v1/me/links/{instance}")
async def link_account(
    instance: InstanceName,
    asked: Annotated[LinkRequest, Body(openapi_examples=_LINK)],
    caller: Caller,
    opened: Opened,
) -> LinkInfo:
    """Link an account to the key, in the place of a former one.

    From now on the key finds what the account may read, within the projects that it was granted.
    """
    return await opened.records.links.link(subject_of(caller), instance, asked.token)


@router.delete("/v1/me/links/{instance}", status_code=204)
async def unlink_account(instance: InstanceName, caller: Caller, opened: Opened) -> Response:
    """Forget the linked token; what only its account could read is not found any more."""
    await opened.records.links.unlink(subject_of(caller), instance)
    return Response(status_code=204)
