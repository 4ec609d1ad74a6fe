"""RDM's metadata add-on: what is filled in about files, with labels for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, JsonValue

from connectors.rdm.documents import mapping_or_empty

_PREFIX: Final = "grdm-file:"
_MAX_DEPTH: Final = 8
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "file-type": "ファイル種別 (file type)",
        "data-number": "データ番号 (data number)",
        "doi": "DOI",
        "title-ja": "名称・表題 (title)",
        "title-en": "Title",
        "creators": "作成者 (creators)",
        "authors": "著者 (authors)",
        "date-issued-updated": "掲載日・掲載更新日 (date issued or updated)",
        "data-description-ja": "説明 (description)",
        "data-description-en": "Description",
        "data-research-field": "分野 (research field)",
        "data-type": "種別 (data type)",
        "file-size": "概略データ量 (size)",
        "data-policy-free": "有償・無償 (free or charged)",
        "data-policy-license": "ライセンス (license)",
        "data-policy-cite-ja": "利用・提供方針 (conditions of use)",
        "data-policy-cite-en": "Conditions of use",
        "access-rights": "アクセス権 (access rights)",
        "available-date": "公開予定日 (date available)",
        "metadata-access-rights": "メタデータのアクセス権 (access rights of the metadata)",
        "repo-information-ja": "リポジトリ情報 (repository)",
        "repo-information-en": "Repository",
        "repo-url-doi-link": "リポジトリ URL・DOI (repository link)",
        "publication-link": "論文へのリンク (publication)",
        "dataset-link": "データセットへのリンク (dataset)",
        "manuscript-type": "原稿種別 (kind of manuscript)",
        "journal-name-ja": "掲載誌名 (journal)",
        "journal-name-en": "Journal",
        "date-published": "出版日 (date published)",
        "volume": "巻 (volume)",
        "issue": "号 (issue)",
        "page-start": "開始ページ (first page)",
        "page-end": "終了ページ (last page)",
        "reviewed": "査読 (peer review)",
        "version": "版 (version)",
        "hosting-inst-ja": "管理機関 (hosting institution)",
        "hosting-inst-en": "Hosting institution",
        "hosting-inst-id": "管理機関コード (id of the hosting institution)",
        "data-man-type": "データ管理者の種類 (kind of data manager)",
        "data-man-number": "データ管理者番号 (number of the data manager)",
        "data-man-name-ja": "データ管理者 (data manager)",
        "data-man-name-en": "Data manager",
        "data-man-org-ja": "データ管理者の所属 (affiliation of the data manager)",
        "data-man-org-en": "Affiliation of the data manager",
        "data-man-address-ja": "データ管理者の所在地 (address of the data manager)",
        "data-man-address-en": "Address of the data manager",
        "data-man-tel": "データ管理者の電話番号 (telephone of the data manager)",
        "data-man-email": "データ管理者のメール (e-mail of the data manager)",
        "remarks-ja": "備考 (remarks)",
        "remarks-en": "Remarks",
    }
)
"""The fields of the schema for publicly funded research; those of others keep their key."""
RESEARCH_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "189": "ライフサイエンス (life science)",
        "289": "情報通信 (informatics)",
        "389": "環境 (environmental science)",
        "489": "ナノテク・材料 (nanotechnology, materials)",
        "589": "エネルギー (energy engineering)",
        "689": "ものづくり技術 (manufacturing technology)",
        "789": "社会基盤 (social infrastructure)",
        "889": "フロンティア (frontier technology)",
        "900": "人文・社会 (humanities, social sciences)",
        "1000": "自然科学一般 (natural science)",
        "9999": "その他 (others)",
    }
)
"""e-Rad's codes, which the add-on stores in their place."""


@dataclass(frozen=True, slots=True)
class DescribedFile:
    """A file or folder with what is filled in about it: label and text, in the add-on's order."""

    path: str
    facts: Sequence[tuple[str, str]]


class _Field(BaseModel):
    value: JsonValue = None


class _Item(BaseModel):
    active: bool = False
    data: Annotated[
        dict[str, Annotated[_Field, BeforeValidator(mapping_or_empty)]],
        BeforeValidator(mapping_or_empty),
    ] = Field(default_factory=dict[str, _Field])


class _File(BaseModel):
    path: str
    items: Sequence[_Item] = ()

    def described(self) -> DescribedFile:
        facts = [
            (label_of(key), shown)
            for item in self.items
            if item.active
            for key, field in item.data.items()
            if (shown := shown_value(key, field.value))
        ]
        return DescribedFile(path=self.path, facts=tuple(facts))


class _Attributes(BaseModel):
    files: Sequence[_File] = ()


class _Data(BaseModel):
    attributes: _Attributes


class MetadataAnswer(BaseModel):
    """What the add-on says of one node."""

    data: _Data

    def described(self) -> list[DescribedFile]:
        """Return the files of which something is filled in, by path.

        Of a file described in several schemas, those count that are in use ("active").
        """
        files = [file.described() for file in self.data.attributes.files]
        return sorted((file for file in files if file.facts), key=lambda file: file.path)


def label_of(key: str) -> str:
    """Return the name of a field for people, Japanese first."""
    plain = key.removeprefix(_PREFIX)
    return LABELS.get(plain) or " ".join(plain.replace("-", " ").split())


def shown_value(key: str, value: JsonValue) -> str:
    """Return what is filled in, in one line; empty where nothing is.

    Of a list, such as that of creators, the members are separated by `; `, their parts by ` / `.
    """
    if key == f"{_PREFIX}data-research-field" and isinstance(value, str):
        return RESEARCH_FIELDS.get(value, value)
    members = value if isinstance(value, list) else [value]
    return "; ".join(filter(None, (" / ".join(_texts(member)) for member in members)))


def _texts(value: JsonValue, depth: int = 0) -> Iterator[str]:
    """Yield the texts and numbers in it, from left to right; not those buried without end."""
    if depth > _MAX_DEPTH or value is None or isinstance(value, bool):
        return
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _texts(member, depth + 1)
    elif text := " ".join(str(value).split()):
        yield text
