"""What an evaluation has indexed, remembered until it ends."""

from dataclasses import dataclass, field

from rag.ports import FileRecord, IndexTotals


@dataclass(frozen=True, slots=True)
class RunRecords:
    """Implements `rag.ports.IndexRecords` in memory."""

    kept: dict[str, dict[str, FileRecord]] = field(default_factory=dict[str, dict[str, FileRecord]])

    async def totals(self, project_id: str) -> IndexTotals:
        records = self.kept.get(project_id, {}).values()
        return IndexTotals(
            files=len(records),
            passages=sum(record.passages for record in records),
            failed=sum(record.status == "failed" for record in records),
        )

    async def load(self, project_id: str) -> dict[str, FileRecord]:
        return dict(self.kept.get(project_id, {}))

    async def save(self, project_id: str, *records: FileRecord) -> None:
        self.kept.setdefault(project_id, {}).update({each.file_id: each for each in records})

    async def drop(self, project_id: str, *file_ids: str) -> None:
        for file_id in file_ids:
            self.kept.get(project_id, {}).pop(file_id, None)
