"""Office files are ZIP archives that tell when they were written: make them forget it."""

import io
import re
import zipfile

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that ZIP knows
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_WRITTEN = rb"\g<1>2025-09-30T08:00:00Z"


def without_times(archive: bytes) -> bytes:
    """Return the archive with one date for everything: written twice, it is the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _STAMP.sub(_WRITTEN, content)
            member = zipfile.ZipInfo(name, _EPOCH)
            new.writestr(member, content, compress_type=zipfile.ZIP_DEFLATED)
    return packed.getvalue()
