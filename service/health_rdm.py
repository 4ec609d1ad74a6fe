"""Look at GakuNin RDM and OSF: do they answer, whose is the token, can others link theirs."""

from typing import Final

from pydantic import SecretStr

from connectors.rdm.api import RdmApi
from connectors.rdm.budget import BudgetLimits, LocalBudget
from connectors.rdm.client import open_rdm
from connectors.rdm.problems import NAMES
from connectors.rdm.settings import InstanceName, RdmSettings
from service.checks import Check, checked
from service.settings import Settings

_TOKENS: Final[dict[InstanceName, str]] = {
    "rdm": "RDM_TOKEN or FUMIKURA_RDM__TOKEN",
    "osf": "FUMIKURA_OSF__TOKEN",
}


async def check_rdm(settings: Settings) -> Check:
    """Ask GakuNin RDM whose the service's own token is."""
    return await _check("rdm", settings.rdm)


async def check_osf(settings: Settings) -> Check:
    """Ask OSF whose the service's own token is."""
    return await _check("osf", settings.osf)


async def check_token_keys(settings: Settings) -> Check:
    """Say whether tokens of sources and of searchers can be kept."""
    count = len(settings.token_keys)
    if count == 0:
        hint = "To keep them: FUMIKURA_TOKEN_KEYS, made with `openssl rand -base64 32`."
        return Check(name="token keys", state="off", detail="no RDM token can be kept", hint=hint)
    older = f", {count - 1} older" if count > 1 else ""
    return Check(name="token keys", state="ok", detail=f"1 seals new tokens{older}")


async def _check(name: InstanceName, chosen: RdmSettings) -> Check:
    """Ask with the token; without one, ask nothing."""
    if chosen.token is None:
        hint = f"To read what is not public: {_TOKENS[name]}; or give each source its own."
        return Check(name=NAMES[name], state="off", detail="no token is set", hint=hint)
    return await checked(NAMES[name], str(chosen.api_url), _owner(name, chosen, chosen.token))


async def _owner(name: InstanceName, chosen: RdmSettings, token: SecretStr) -> str:
    budget = LocalBudget(limits=BudgetLimits.of(chosen))
    async with open_rdm(chosen, name) as client:
        account = await RdmApi(client.session(token, budget)).account()
    return f"as {account.full_name}"
