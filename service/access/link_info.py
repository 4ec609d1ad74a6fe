"""What is shown of a linked account, wherever it is shown."""

from datetime import datetime

from pydantic import BaseModel, Field

from connectors.rdm.settings import InstanceName


class LinkInfo(BaseModel, frozen=True):
    """What is shown of a link: never the token."""

    instance: InstanceName
    user_id: str = Field(description="The account's id there.")
    user_name: str = Field(description="Its owner's name there.")
    linked_at: datetime
