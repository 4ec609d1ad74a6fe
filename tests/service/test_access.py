"""Who sees which project: what the key was granted, asked anew each time."""

from datetime import UTC, datetime

import pytest

from contracts.principal import ALL_SCOPES, Principal
from rag.problems import ProjectUnknown
from service.access import LOCAL_OPERATOR, RecordedAccess, is_local_operator
from service.keys import KeyOrder, Keys
from service.records.database import Database
from service.records.projects import ProjectRecord, ProjectRecords

TITLES = {"veda": "ヴェーダ", "alloy": "Alloys", "beta": "Beta titanium"}


@pytest.fixture
async def access(database: Database) -> RecordedAccess:
    projects = ProjectRecords(database)
    for project_id, title in TITLES.items():
        await projects.add(
            ProjectRecord(
                project_id=project_id,
                title=title,
                location=f"/{project_id}",
                created_by="me",
                created_at=datetime.now(UTC),
            )
        )
    return RecordedAccess(projects=projects, keys=Keys(database=database, secret=b"s" * 32))


async def _holder(access: RecordedAccess, *projects: str) -> Principal:
    made = await access.keys.create(
        KeyOrder(name="a", principal_id="b", scopes=ALL_SCOPES, projects=projects)
    )
    return await access.keys.verify(made.key)


async def _seen(access: RecordedAccess, principal: Principal) -> list[str]:
    return [project.project_id for project in await access.readable_projects(principal)]


@pytest.mark.parametrize(
    ("granted", "seen"),
    [
        ([], []),
        (["beta"], ["beta"]),
        (["veda", "alloy", "long gone"], ["alloy", "veda"]),
        (["*"], ["alloy", "beta", "veda"]),
    ],
)
async def test_a_key_sees_what_it_was_granted_and_exists(
    access: RecordedAccess, granted: list[str], seen: list[str]
) -> None:
    assert await _seen(access, await _holder(access, *granted)) == seen


async def test_a_key_granted_everything_sees_projects_that_come_later(
    access: RecordedAccess,
) -> None:
    everyone, some = await _holder(access, "*"), await _holder(access, "alloy")
    await access.projects.remove("alloy")
    assert await _seen(access, everyone) == ["beta", "veda"]
    assert await _seen(access, some) == []


async def test_a_revoked_key_sees_nothing_any_more(access: RecordedAccess) -> None:
    holder = await _holder(access, "*")
    await access.keys.revoke(str(holder.key_id))
    assert await _seen(access, holder) == []
    assert not await access.sees(holder, "alloy")


async def test_the_local_operator_sees_everything(access: RecordedAccess) -> None:
    assert await _seen(access, LOCAL_OPERATOR) == ["alloy", "beta", "veda"]


async def test_whoever_only_says_to_be_somebody_sees_nothing(access: RecordedAccess) -> None:
    holder = await _holder(access, "*")
    for impostor in (
        LOCAL_OPERATOR.model_copy(update={"id": "local"}),
        LOCAL_OPERATOR.model_copy(update={"key_id": "0123456789ab"}),
        holder.model_copy(update={"key_id": None}),
    ):
        assert not is_local_operator(impostor)
        assert await _seen(access, impostor) == []


async def test_a_project_that_is_not_there_looks_like_one_that_is_not_seen(
    access: RecordedAccess,
) -> None:
    holder = await _holder(access, "alloy", "nowhere")
    await access.require(holder, "alloy")
    told: list[str] = []
    for project_id in ("veda", "nowhere"):
        with pytest.raises(ProjectUnknown) as caught:
            await access.require(holder, project_id)
        told.append(caught.value.body().model_dump_json().replace(project_id, "ID"))
    assert told[0] == told[1]
