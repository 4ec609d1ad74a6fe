"""A project of RDM before and after what people do to it: everything that a sync must follow."""

from typing import Final

from tests.servers.rdm_world import RdmWorld

TOKEN: Final = "aokis-token"
_HEAT: Final = "時効は170 °Cで16時間。" * 60
_TABLE: Final = "\n\n".join(f"Sample A-{number}: {90 + number} HV." for number in range(12))


def world_before() -> RdmWorld:
    """Aoki writes to `abc12`, whose components are hers, everybody's, and one to be deleted."""
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token=TOKEN)
    world.add_user("u2ito", "伊藤 次郎")
    world.add_node("abc12", title="金属", description="マグネシウム合金の熱処理")
    world.add_node("cmp01", title="硬さ", parent="abc12")
    world.add_node("pub01", title="組織", parent="abc12", is_public=True)
    world.add_node("old01", title="古い測定", parent="cmp01")
    for node in ("abc12", "cmp01", "old01"):
        world.grant("u1aok", node, "write")
    world.grant("u2ito", "abc12", "admin")
    world.add_provider("abc12", "googledrive")
    world.add_provider("cmp01", "s3")
    world.put("abc12", "/熱処理/条件.txt", _HEAT.encode())
    world.put("abc12", "/熱処理/経過.txt", f"415 °Cで溶体化した。\n\n{_HEAT}".encode())
    world.put("abc12", "/硬さ.csv", _TABLE.encode())
    world.put("abc12", "/empty.txt", b"")
    world.put("abc12", "/捨てる.txt", "不要になる。".encode())
    world.put("abc12", "/outline.txt", b"Plan of the first year.", provider="googledrive")
    world.put("cmp01", "/A-11.txt", f"A-11\n\n{_TABLE}".encode())
    world.put("cmp01", "/A-12.txt", f"A-12\n\n{_TABLE}".encode())
    world.put("cmp01", "/raw/A-11.txt", b"92 HV, 93 HV, 91 HV", provider="s3")
    _weigh(world, "0.98 N")
    world.put("pub01", "/組織.txt", f"結晶粒は20 µm。\n\n{_HEAT}".encode())
    world.put("old01", "/2019.txt", b"Measured in 2019.")
    world.add_wiki("abc12", "home", "# 金属\n\n合金の熱処理の記録。")
    world.add_wiki("abc12", "手順", "試料を切る。\n\n研磨する。")
    world.add_wiki("cmp01", "home", "# 硬さ\n\n荷重は0.98 N。")
    return world


def change(world: RdmWorld) -> None:
    """Move, rename, change, delete and add files and pages; lose a provider and two components."""
    world.move("abc12", "/熱処理/", "/heat/")
    world.move("abc12", "/硬さ.csv", "/硬さ（改）.csv")
    world.put("abc12", "/heat/経過.txt", f"413 °Cで溶体化した。\n\n{_HEAT}".encode())
    world.put("abc12", "/empty.txt", b"no longer empty")
    world.put("abc12", "/new.txt", _TABLE.replace("A-", "B-").encode())
    world.delete("abc12", "/捨てる.txt")
    world.remove_provider("abc12", "googledrive")
    world.edit("abc12", description="アルミニウム合金の熱処理", tags=["Al"])
    world.add_wiki("abc12", "home", "# 金属\n\n二年目の記録。")
    world.delete_wiki("abc12", "手順")
    world.put("cmp01", "/A-12.txt", "A-12は測り直す。".encode())
    world.move("cmp01", "/raw/A-11.txt", "/A-11-raw.txt", provider="s3")
    _weigh(world, "1.96 N")
    world.set_public("pub01", is_public=False)
    world.remove_node("old01")
    world.add_node("new01", title="引張", parent="abc12")
    world.grant("u1aok", "new01", "read")
    world.put("new01", "/引張.txt", f"UTS 276 MPa\n\n{_HEAT}".encode())


def change_again(world: RdmWorld) -> None:
    """Take some of it back, so that what was dropped or moved has to return."""
    world.move("abc12", "/heat/", "/熱処理/")
    world.move("abc12", "/硬さ（改）.csv", "/硬さ.csv")
    world.put("abc12", "/捨てる.txt", "不要になる。".encode())
    world.delete("abc12", "/new.txt")
    world.add_provider("abc12", "googledrive")
    world.put("abc12", "/outline.txt", b"Plan of the second year.", provider="googledrive")
    world.add_wiki("abc12", "手順", "試料を切る。\n\n研磨する。")
    world.move("cmp01", "/A-11.txt", "/A-12 old.txt")
    _weigh(world, "0.98 N")
    world.set_public("pub01", is_public=True)
    world.remove_node("new01")


def _weigh(world: RdmWorld, load: str) -> None:
    """Write texts that are alike but for the load: each is one passage, whatever the load."""
    for number in range(3):
        world.put("cmp01", f"/荷重-{number}.txt", f"荷重{number}: {load}".encode())
