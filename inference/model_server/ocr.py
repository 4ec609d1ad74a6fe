"""`/v1/ocr`: pages of pictures and documents become lines with their places."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Final

import msgspec

from inference.gateway.problems import FieldRefused, RequestUnreadable
from inference.model_server.pages import PageLimits, pages_of
from inference.model_server.posted import Posted, bytes_of_data_url
from inference.model_server.readers import PageReader
from inference.model_server.service import Answer, Route, as_json

_LANGUAGES: Final[Mapping[str, str]] = {
    "san": "sa",
    "sa": "sa",
    "jpn": "ja",
    "ja": "ja",
    "eng": "en",
    "en": "en",
}
_ALL: Final = ("ja", "en", "sa")
_PDF: Final = b"%PDF-"
_HEAD: Final = 1_024


class _Request(msgspec.Struct):
    model: str
    image: str | None = None
    document: str | None = None
    page: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    language: str | None = None
    """One or more of ISO 639, joined with `+`."""


@dataclass(kw_only=True)
class Ocr:
    """Implements `inference.model_server.service.Service`."""

    reader: PageReader
    limits: PageLimits = field(default_factory=PageLimits)

    async def load(self) -> None:
        """Load what reads."""
        await self.reader.load()

    def routes(self) -> Mapping[str, Route]:
        return {"/v1/ocr": self._read}

    async def _read(self, posted: Posted) -> Answer:
        asked = posted.as_(_Request)
        data = _sent(posted, asked)
        languages = _languages(asked.language)
        found: list[dict[str, Any]] = []
        is_document = _PDF in data[:_HEAD]
        pages = pages_of(data, self.limits, only=asked.page, is_document=is_document)
        async with aclosing(pages):
            async for page in pages:
                lines = await self.reader.read(page, languages)
                found.append(
                    {
                        "page": page.number,
                        "width": page.width,
                        "height": page.height,
                        "lines": [asdict(line) for line in lines],
                    }
                )
        return as_json({"model": asked.model, "pages": found, "usage": {"pages": len(found)}})


def _sent(posted: Posted, asked: _Request) -> bytes:
    """Return the picture or document: the one that was sent."""
    named = {"image": asked.image, "document": asked.document}
    urls = {name: url for name, url in named.items() if url is not None}
    if len(urls) + len(posted.files) != 1:
        raise RequestUnreadable("it has not exactly one of `image`, `document` and a file")
    if posted.files:
        return next(iter(posted.files.values()))
    [(name, url)] = urls.items()
    data = bytes_of_data_url(name, url)
    if (name == "document") != (_PDF in data[:_HEAD]):
        raise FieldRefused(name, "pictures are sent as `image`, PDF as `document`")
    return data


def _languages(asked: str | None) -> Sequence[str]:
    if not asked:
        return _ALL
    codes = asked.lower().split("+")
    if any(code not in _LANGUAGES for code in codes):
        raise FieldRefused("language", "not one of `san`, `jpn` and `eng`, joined with `+`")
    return [_LANGUAGES[code] for code in codes]
