"""WaterButler, the storage host behind it, and the web host's metadata, in the stand-in for RDM."""

import hashlib
import hmac
import io
import mimetypes
import re
import zipfile
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote, urlencode

from tests.servers.rdm_replies import JSON, Reply, Request, files_error, json_reply
from tests.servers.rdm_storage import (
    Content,
    Storage,
    StoredFile,
    StoredFolder,
    Version,
)
from tests.servers.rdm_world import RdmWorld

_ROUTE: Final = re.compile(r"/v1/resources/([^/]+)/providers/([^/]+)(/.*)", re.DOTALL)
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
SIGNED_FOR_S: Final = 60.0


class RdmFiles:
    """Answers `/v1/resources/{node}/providers/{provider}/…`, and signed requests to storage."""

    def __init__(self, world: RdmWorld) -> None:
        self.world = world
        self.storage_url = ""
        self._objects: dict[str, Content] = {}

    def answer(self, request: Request) -> Reply:
        route = _ROUTE.fullmatch(request.target.partition("?")[0])
        if route is None:
            return files_error(404, "Not Found")
        if request.method != "GET":
            return files_error(405, "Method Not Allowed")
        node, provider, path = (unquote(part) for part in route.groups())
        refused = self._refusal(request.token, node)
        return refused or self._of_provider(request, node, provider, path)

    def _of_provider(self, request: Request, node: str, provider: str, path: str) -> Reply:
        storage = self.world.nodes[node].storages.get(provider)
        if storage is None:
            return files_error(404, f'"{provider}" is not connected to this project.')
        if storage.failing is not None:
            return files_error(storage.failing, f"The provider {provider} is not available.")
        entry = storage.find(path)
        if entry is None:
            return files_error(404, f"Could not retrieve file or directory {path}")
        if isinstance(entry, StoredFile):
            return self._of_file(request, storage, entry)
        if "zip" in request.query:
            return _zip(storage, entry)
        token = request.query.get("next_token", "")
        return Reply(200, {"content-type": JSON}, storage.listing(entry, token))

    def stored(self, request: Request) -> Reply:
        """Answer as signed storage: by signature, and to nobody who sends credentials besides."""
        if request.token is not None or "cookie" in request.headers:
            return _storage_error(400, "Only one auth mechanism allowed")
        key = request.segments[-1]
        expires, signature = (request.query.get(name, "") for name in ("expires", "signature"))
        if not hmac.compare_digest(signature, _signature(key, expires)):
            return _storage_error(403, "SignatureDoesNotMatch")
        if float(expires) < self.world.clock():
            return _storage_error(403, "Request has expired")
        headers = {"etag": f'"{self._objects[key].md5}"', "accept-ranges": "bytes"}
        return _served(request, self._objects[key], headers)

    def _refusal(self, token: str | None, node_id: str) -> Reply | None:
        """Return why this caller may not see the node's files; None where they may."""
        user = self.world.user_of(token) if token is not None else None
        if token is not None and user is None:
            return files_error(401, "Unauthorized")
        node = self.world.nodes.get(node_id)
        if node is None:
            return files_error(404, "Not Found")
        if node.is_gone:
            return files_error(410, "Gone")
        if not self.world.may_view(user, node):
            return files_error(403 if user else 401, "Forbidden" if user else "Unauthorized")
        return None

    def _of_file(self, request: Request, storage: Storage, file: StoredFile) -> Reply:
        if "meta" in request.query:
            return json_reply({"data": storage.document(file)})
        if request.query.keys() & {"versions", "revisions"}:
            return json_reply({"data": [_version(one) for one in reversed(file.versions)]})
        number = request.query.get("version") or request.query.get("revision")
        version = file.version(number)
        if version is None:
            return files_error(404, f"Could not find version {number} of {file.materialized}")
        if storage.style.redirects:
            return self._redirect(version.content)
        return _served(request, version.content, _naming(file.name))

    def _redirect(self, content: Content) -> Reply:
        self._objects[content.sha256] = content
        expires = str(self.world.clock() + SIGNED_FOR_S)
        signed = urlencode({"expires": expires, "signature": _signature(content.sha256, expires)})
        return Reply(302, {"location": f"{self.storage_url}bucket/{content.sha256}?{signed}"})


def _served(request: Request, content: Content, headers: Mapping[str, str]) -> Reply:
    """Answer with the bytes asked for: all, or a range of a file that has any."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or not content.size:
        return Reply(200, headers, content.read(0, content.size))
    first, last = asked.groups()
    start = int(first) if first else max(0, content.size - int(last or 0))
    stop = min(int(last) + 1, content.size) if first and last else content.size
    if start >= stop:
        return Reply(416, {**headers, "content-range": f"bytes */{content.size}"})
    shown = {"content-range": f"bytes {start}-{stop - 1}/{content.size}"}
    return Reply(206, {**headers, **shown}, content.read(start, stop))


def _naming(name: str) -> dict[str, str]:
    plain = name.encode("ascii", "ignore").decode().replace('"', "")
    return {
        "content-type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
    }


def _version(version: Version) -> dict[str, object]:
    return {
        "id": str(version.number),
        "type": "file_versions",
        "attributes": {
            "extra": {"hashes": {"md5": version.content.md5, "sha256": version.content.sha256}},
            "version": str(version.number),
            "modified": version.modified.isoformat(),
            "modified_utc": version.modified.isoformat(timespec="seconds"),
            "versionIdentifier": "version",
        },
    }


def _zip(storage: Storage, folder: StoredFolder) -> Reply:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in storage.files(folder):
            content = file.latest.content
            name = file.materialized.removeprefix(folder.materialized)
            archive.writestr(name, content.read(0, content.size))
    headers = _naming(f"{folder.name or f'{storage.provider}-archive'}.zip")
    return Reply(200, headers, packed.getvalue(), is_chunked=True)


def _signature(key: str, expires: str) -> str:
    return hmac.new(b"storage", f"{key}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _storage_error(status: int, code: str) -> Reply:
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"
    return Reply(status, {"content-type": "application/xml"}, body.encode())
