"""Which scope each route needs: the one table; a route that is not in it cannot be made."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from agents.registry import AGENTS
from contracts.principal import Scope
from inference.gateway.endpoints import ENDPOINTS

Policy = Scope | Literal["public"]
"""`public`: anyone; a scope: whoever holds a valid key with it."""

POLICIES: Final[Mapping[tuple[str, str], Policy]] = MappingProxyType(
    {
        ("GET", "/healthz"): "public",
        ("GET", "/readyz"): "public",
        ("GET", "/openapi.json"): "public",  # says what can be asked, nothing of what is here
        ("GET", "/metrics"): "admin",
        ("GET", "/v1/projects"): "read",
        ("GET", "/v1/projects/{project_id}/files"): "read",
        ("GET", "/v1/projects/{project_id}/jobs"): "index",
        ("GET", "/v1/sources"): "index",
        ("POST", "/v1/sources"): "admin",
        ("GET", "/v1/sources/{source_id}"): "index",
        ("DELETE", "/v1/sources/{source_id}"): "admin",
        ("POST", "/v1/sources/{source_id}/sync"): "index",
        ("GET", "/v1/jobs/{job_id}"): "index",
        ("GET", "/v1/jobs/{job_id}/events"): "index",
        ("POST", "/v1/jobs/{job_id}/cancel"): "index",
        ("GET", "/v1/me/links"): "read",
        ("GET", "/v1/me/links/{instance}"): "read",
        ("PUT", "/v1/me/links/{instance}"): "read",
        ("DELETE", "/v1/me/links/{instance}"): "read",
        ("POST", "/v1/search"): "read",
        ("GET", "/v1/passages/{passage_id}"): "read",
        ("POST", "/v1/answers"): "read",
        ("GET", "/v1/agents"): "agents",
        **{("POST", f"/v1/agents/{agent.name}"): agent.scope for agent in AGENTS.values()},
        ("POST", "/v1/agents/{name}"): "agents",
        ("GET", "/v1/keys"): "admin",
        ("POST", "/v1/keys"): "admin",
        ("DELETE", "/v1/keys/{key_id}"): "admin",
        ("POST", "/v1/keys/{key_id}/rotate"): "admin",
        ("GET", "/v1/usage"): "models",
        ("GET", "/v1/usage/records"): "models",
        ("GET", "/v1/persons/{principal_id}/limits"): "admin",
        ("PUT", "/v1/persons/{principal_id}/limits"): "admin",
        ("GET", "/v1/reembedding"): "admin",
        ("POST", "/v1/reembedding/{order}"): "admin",
        ("GET", "/v1/models"): "models",
        ("GET", "/v1/models/{model:path}"): "models",
        **{("POST", path): "models" for path in ENDPOINTS},
    }
)

SELF_GUARDED: Final = frozenset({"/mcp"})
"""Paths of applications that ask every caller for a key themselves."""


def policy_of(method: str, path: str) -> Policy:
    """Return what a route demands.

    Raises:
        LookupError: the table does not know it: the service does not start with such a route.
    """
    policy = POLICIES.get((method, path))
    if policy is None:
        raise LookupError(f"service/policy.py has no policy for {method} {path}")
    return policy
