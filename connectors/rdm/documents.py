"""The documents of API v2, read into our words; that they have their shape is not trusted."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from connectors.rdm.links import node_page
from connectors.rdm.models import Account, LogEntry, Node, Permission, WikiPage
from connectors.rdm.problems import RdmUnavailable, Role
from connectors.rdm.settings import InstanceName

_NODE_ID: Final = re.compile(r"[a-z0-9]{5,64}")
_PERMISSIONS: Final[tuple[Permission, ...]] = ("read", "write", "admin")
Answer = TypeVar("Answer", bound=BaseModel)


def understood(model: type[Answer], document: object, *, name: InstanceName, role: Role) -> Answer:
    """Read what a host has answered.

    Raises:
        RdmUnavailable: it has another shape.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise RdmUnavailable(name, role, reason="it answered in another form") from error


def is_node_id(text: str) -> bool:
    """Tell whether a node can have this id, so that it may stand in an address."""
    return _NODE_ID.fullmatch(text) is not None


def time_or_none(value: object) -> datetime | None:
    """Return the time that is written there; one without a zone, as in API v2.0, is UTC."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        return time and time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def mapping_or_empty(value: object) -> object:
    """Take null, and whatever else says nothing, for an object without members."""
    return cast("object", value) if isinstance(value, dict | BaseModel) else {}


def text_or_empty(value: object) -> object:
    """Take null for an empty text."""
    return "" if value is None else value


LenientTime = Annotated[datetime | None, BeforeValidator(time_or_none)]
Text = Annotated[str, BeforeValidator(text_or_empty)]
_NodeId = Annotated[str, StringConstraints(pattern=f"^{_NODE_ID.pattern}$")]
_WikiId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{5,64}$")]
_Provider = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class _Meta(BaseModel):
    count: int | None = None


class _Related(BaseModel):
    meta: Annotated[_Meta, BeforeValidator(mapping_or_empty)] = _Meta()


class _Links(BaseModel):
    related: Annotated[_Related, BeforeValidator(mapping_or_empty)] = _Related()


class _Target(BaseModel):
    id: _NodeId


class _Relationship(BaseModel):
    data: _Target | None = None
    links: Annotated[_Links, BeforeValidator(mapping_or_empty)] = _Links()

    @property
    def target(self) -> str | None:
        return self.data.id if self.data else None

    @property
    def count(self) -> int | None:
        return self.links.related.meta.count


_LenientRelationship = Annotated[_Relationship, BeforeValidator(mapping_or_empty)]


class _Relationships(BaseModel):
    parent: _LenientRelationship = _Relationship()
    root: _LenientRelationship = _Relationship()
    children: _LenientRelationship = _Relationship()
    wikis: _LenientRelationship = _Relationship()


class _NodeAttributes(BaseModel):
    title: str
    description: Text = ""
    category: Text = ""
    tags: tuple[str, ...] = ()
    public: bool
    registration: bool = False
    withdrawn: bool = False
    wiki_enabled: bool = False
    current_user_permissions: tuple[str, ...] = ()
    date_modified: LenientTime = None


class NodeAnswer(BaseModel):
    """A project, a component or a registration."""

    id: _NodeId
    attributes: _NodeAttributes
    relationships: _Relationships

    @property
    def children(self) -> int:
        """How many components of it the one who asks may see, where the answer counts them."""
        return self.relationships.children.count or 0

    @property
    def parent(self) -> str | None:
        """The id of the node it is a component of."""
        return self.relationships.parent.target

    @property
    def root(self) -> str:
        """The id of the project at the top."""
        return self.relationships.root.target or self.id

    @property
    def is_registration(self) -> bool:
        """Whether it is a frozen copy."""
        return self.attributes.registration

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is a registration of which only the title is left."""
        return self.attributes.withdrawn

    def node(self, web_url: str) -> Node:
        """Return it in our words. A wiki counted to have no page is none."""
        said = self.attributes
        return Node(
            node_id=self.id,
            title=said.title,
            description=said.description,
            category=said.category,
            tags=said.tags,
            is_public=said.public,
            is_registration=self.is_registration,
            has_wiki=said.wiki_enabled and self.relationships.wikis.count != 0,
            parent=self.parent,
            root=self.root,
            permissions=frozenset(
                one for one in _PERMISSIONS if one in said.current_user_permissions
            ),
            modified=said.date_modified,
            link=node_page(web_url, self.id),
        )


class _AccountAttributes(BaseModel):
    full_name: Text = ""


class AccountAnswer(BaseModel):
    """Whom a token belongs to."""

    id: str = Field(min_length=1, max_length=64)
    attributes: _AccountAttributes

    def account(self) -> Account:
        """Return it in our words."""
        return Account(user_id=self.id, full_name=self.attributes.full_name)


class _ProviderAttributes(BaseModel):
    provider: _Provider


class ProviderAnswer(BaseModel):
    """A storage provider that a node has."""

    attributes: _ProviderAttributes


class _LogAttributes(BaseModel):
    date: LenientTime = None


class _Log(BaseModel):
    id: str = Field(min_length=1, max_length=64)
    attributes: Annotated[_LogAttributes, BeforeValidator(mapping_or_empty)] = _LogAttributes()

    def entry(self) -> LogEntry:
        """Return it in our words."""
        return LogEntry(self.id, self.attributes.date)


class LogsAnswer(BaseModel):
    """A page of log entries; of all they say, only which ones they are, and of when, matters."""

    data: tuple[_Log, ...]


class _WikiExtra(BaseModel):
    version: int | str = ""


class _WikiAttributes(BaseModel):
    name: str
    size: int | None = None
    date_modified: LenientTime = None
    extra: Annotated[_WikiExtra, BeforeValidator(mapping_or_empty)] = _WikiExtra()


class WikiAnswer(BaseModel):
    """A page of a node's wiki."""

    id: _WikiId
    attributes: _WikiAttributes

    def page(self) -> WikiPage:
        """Return it in our words."""
        said = self.attributes
        return WikiPage(
            wiki_id=self.id,
            name=said.name,
            version=str(said.extra.version),
            size=said.size,
            modified=said.date_modified,
        )
