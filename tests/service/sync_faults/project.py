"""A project of RDM as it was synced, and as it is now; and where a sync asks for its parts."""

from collections.abc import Callable
from typing import Final

from tests.servers.rdm_world import RdmWorld

TOKEN: Final = "aokis-token"
SOURCE_ID: Final = "rdm-abc12"
_HEAT: Final = "時効は170 °Cで16時間。" * 12
"""Long enough for a file to arrive slowly, or to be cut."""

DESCRIBED: Final = {
    "path": "osfstorage/結果/硬さ.txt",
    "items": [{"active": True, "data": {"grdm-file:title-ja": {"value": "硬さの推移"}}}],
}


def world_before(clock: Callable[[], float]) -> RdmWorld:
    """Aoki writes to `abc12`, whose components are hers, everybody's, one to go, and one of Ito."""
    world = RdmWorld(clock=clock)
    world.add_user("u1aok", "青木 花子", token=TOKEN)
    world.add_user("u2ito", "伊藤 次郎")
    world.add_node("abc12", title="金属", description="マグネシウム合金の熱処理")
    world.add_node("cmp01", title="硬さ", parent="abc12")
    world.add_node("pub01", title="組織", parent="abc12", is_public=True)
    world.add_node("old01", title="古い測定", parent="abc12")
    world.add_node("hid01", title="未公開", parent="abc12")
    for node in ("abc12", "cmp01", "old01"):
        world.grant("u1aok", node, "write")
    for node in ("abc12", "hid01"):
        world.grant("u2ito", node, "admin")
    world.add_provider("abc12", "googledrive")
    world.add_provider("abc12", "s3")
    world.put("abc12", "/結果/硬さ.txt", _HEAT.encode())
    world.put("abc12", "/結果/組織.txt", "結晶粒は20 µm。".encode())
    world.put("abc12", "/結果/旧/2019.txt", b"Measured in 2019.")
    world.put("abc12", "/概要.txt", "一年目の計画。".encode())
    world.put("abc12", "/捨てる.txt", "不要になる。".encode())
    world.put("abc12", "/outline.txt", b"Plan of the first year.", provider="googledrive")
    world.put("abc12", "/raw/A-11.txt", b"92 HV, 93 HV, 91 HV", provider="s3")
    world.put("cmp01", "/A-12.txt", b"A-12: 96 HV.")
    world.put("pub01", "/組織.txt", "写真は三枚。".encode())
    world.put("old01", "/2019.txt", b"An old table.")
    world.put("hid01", "/配合.txt", "未公開の配合。".encode())
    world.add_wiki("abc12", "home", "# 金属\n\n合金の熱処理の記録。")
    world.add_wiki("abc12", "手順", "試料を切る。\n\n研磨する。")
    world.add_wiki("abc12", "装置", "硬さ計は二台。")
    world.set_metadata("abc12", files=[DESCRIBED])
    return world


def change(world: RdmWorld) -> None:
    """Change, add, move and delete; of each kind of thing one stays as it was."""
    world.put("abc12", "/結果/硬さ.txt", f"測り直した。{_HEAT}".encode())
    world.put("abc12", "/結果/新しい.txt", f"UTS 276 MPa。{_HEAT}".encode())
    world.move("abc12", "/概要.txt", "/計画.txt")
    world.delete("abc12", "/捨てる.txt")
    world.put("abc12", "/raw/A-11.txt", b"92 HV, 93 HV, 90 HV, 91 HV", provider="s3")
    world.edit("abc12", description="アルミニウム合金の熱処理", tags=["Al"])
    world.add_wiki("abc12", "home", "# 金属\n\n二年目の記録。")
    world.put("cmp01", "/A-12.txt", b"A-12 was measured again: 97 HV.")
    world.remove_node("old01")


KEPT: Final = frozenset(
    {
        "rdm-abc12/about/project.md",
        "rdm-abc12/googledrive/outline.txt",
        "rdm-abc12/osfstorage/結果/旧/2019.txt",
        "rdm-abc12/osfstorage/結果/硬さ.txt",
        "rdm-abc12/osfstorage/結果/組織.txt",
        "rdm-abc12/s3/raw/A-11.txt",
        "rdm-abc12/wiki/home.md",
        "rdm-abc12/wiki/手順.md",
        "rdm-abc12/wiki/装置.md",
        "rdm-cmp01/osfstorage/A-12.txt",
        "rdm-pub01/osfstorage/組織.txt",
    }
)
"""The files that were there before and still are, changed or not."""


def world_now(clock: Callable[[], float]) -> RdmWorld:
    world = world_before(clock)
    change(world)
    return world


_WORLD: Final = world_now(lambda: 0.0)


def handle(path: str) -> str:
    """Return by what requests name a file or folder of the project's osfstorage."""
    storage = _WORLD.storage("abc12")
    entry = storage.at(path)
    if entry is None:
        raise KeyError(path)
    return storage.handle_of(entry)


TREE: Final = r"/v2/nodes/\?.*page=1"
TREE_GOES_ON: Final = r"/v2/nodes/\?.*page=2"
NODE: Final = r"/v2/nodes/abc12/\?"
CHILDREN: Final = r"/v2/nodes/abc12/children/"
LOGS: Final = r"/v2/nodes/abc12/logs/"
LOGS_OF_COMPONENT: Final = r"/v2/nodes/cmp01/logs/"
PROVIDERS: Final = r"/v2/nodes/abc12/files/.*page=1"
PROVIDERS_GO_ON: Final = r"/v2/nodes/abc12/files/.*page=2"
WIKIS: Final = r"/v2/nodes/abc12/wikis/"
WIKI_TEXT: Final = r"/v2/wikis/wabc120/content/"
METADATA: Final = r"/abc12/metadata/project"
ROOT_FOLDER: Final = r"/abc12/providers/googledrive/$"
FOLDER: Final = f"{handle('/結果/')}$"
CHANGED_FILE: Final = handle("/結果/硬さ.txt")
NEW_FILE: Final = handle("/結果/新しい.txt")
STORED_FILE: Final = r"/abc12/providers/s3/raw/A-11.txt"
"""Is asked for at the file server, which sends on to storage."""
