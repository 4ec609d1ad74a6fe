"""What a lost component held is nobody's to see, not in the reports of old jobs either."""

from pathlib import Path

from tests.service.rest.world import AOKI, index, open_world


async def test_the_report_of_an_old_job_names_no_file_of_a_lost_component(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.rdm.world.put("part1", "/未発表.pdf", b"%PDF-1.7 and no more")
        job_id = await index(world.resources, "rdm-top01")
        made = await world.linked_key(AOKI)
        async with world.client(made.key) as client:
            assert "未発表.pdf" in (await client.get(f"/v1/jobs/{job_id}")).text
            world.rdm.world.remove_node("part1")
            await index(world.resources, "rdm-top01")
            told = await client.get(f"/v1/jobs/{job_id}")
    assert told.status_code == 200
    assert "未発表.pdf" not in told.text
