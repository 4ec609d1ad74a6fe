"""What is asked about a sample, and the verdict that comes back."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from agents.strength import Provenance, Strength

Language = Literal["ja", "en"]
Overall = Literal["sufficient", "needs_more", "contradictory", "not_a_sample"]
State = Literal["present", "partial", "missing"]
JudgedBy = Literal["rules", "chat"]
Importance = Literal["required", "recommended"]
FindingCode = Literal[
    "composition_sum",
    "formula_invalid",
    "unit_dimension",
    "out_of_range",
    "date_order",
    "field_conflict",
    "id_checksum",
]
CellValue = Annotated[str, Field(max_length=20_000)] | float | int | bool | None


class SampleSubmission(BaseModel, frozen=True):
    """A sample as its submitter describes it: text in any layout, or one row of a table."""

    text: str | None = Field(
        default=None,
        max_length=200_000,
        description="The description: prose, `label: value` lines, JSON, YAML, CSV or a Markdown"
        " table, in Japanese or English. Give either this or `fields`.",
        examples=["試料番号：TiA-014\n組成：Ti-6Al-4V（質量%）\n形状：丸棒"],
    )
    fields: dict[Annotated[str, Field(max_length=200)], CellValue] | None = Field(
        default=None,
        max_length=500,
        description="The description as column name to value, such as one row of a spreadsheet.",
        examples=[{"試料番号": "S-01", "組成": "Fe 82、Cr 18"}],
    )
    profile: str | None = Field(
        default=None,
        max_length=64,
        description="Sample class whose profile applies, such as bulk_alloy or thin_film; chosen"
        " by simple rules when absent.",
        examples=["bulk_alloy"],
    )
    language: Literal["auto", "ja", "en"] = Field(
        default="auto",
        description="Language of message and suggestions; auto: the submission's own.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.text is None) == (self.fields is None):
            message = "give either `text` or `fields`"
            raise ValueError(message)
        return self


class CriterionVerdict(BaseModel, frozen=True):
    """How one criterion of the profile fares."""

    criterion: str = Field(description="Id of the criterion, such as composition.")
    label: str = Field(description="Its name in the answer's language.")
    importance: Importance = Field(
        description="required criteria decide the verdict; recommended ones never change it."
    )
    state: State = Field(
        description="present: stated; partial: mentioned, not usable; missing: not found."
    )
    quote: str | None = Field(
        default=None,
        description="The words of the submission that show it, exactly as they stand there.",
    )
    start: int | None = Field(
        default=None, description="First character of `quote` in the submission."
    )
    end: int | None = Field(default=None, description="One past its last character.")
    judged_by: JudgedBy = Field(
        description="rules: deterministic; chat: the chat model, its quote checked."
    )
    suggestion: str | None = Field(
        default=None, description="What to add, with an example; null where nothing is needed."
    )


class Finding(BaseModel, frozen=True):
    """Something in the submission that cannot be right."""

    code: FindingCode = Field(description="Kind of the contradiction.")
    quote: str = Field(description="The words concerned, exactly as they stand there.")
    start: int = Field(description="First character of `quote` in the submission.")
    end: int = Field(description="One past its last character.")
    message: str = Field(description="What is wrong with it, in the answer's language.")


class ProfileUsed(BaseModel, frozen=True):
    """The profile that was applied."""

    id: str = Field(description="Sample class.")
    version: str = Field(description="Version of the profile; the same gives the same findings.")
    chosen_by: Literal["request", "rules"] = Field(
        description="request: named there; rules: chosen from the submission."
    )


class SampleVerdict(BaseModel, frozen=True):
    """Whether the description suffices, and what to add."""

    overall: Overall = Field(
        description="not_a_sample: describes no sample; contradictory: has findings; needs_more:"
        " a required criterion is partial or missing; sufficient: otherwise."
    )
    message: str = Field(description="One paragraph for the submitter.")
    language: Language = Field(description="Language of message, labels and suggestions.")
    profile: ProfileUsed = Field(description="What the submission was compared with.")
    findings: list[Finding] = Field(description="Contradictions, in the order they stand.")
    criteria: list[CriterionVerdict] = Field(
        description="Every criterion, most important first: required before recommended, and"
        " missing before partial before present."
    )
    comment: str | None = Field(
        default=None, description="Free text of the chat model; never changes anything else."
    )
    text: str | None = Field(
        default=None,
        description="The text that offsets count in, when it is not the one that was sent"
        " (`fields`, or JSON with `\\u…` escapes); else null.",
    )
    strength: Strength = Field(
        description="deterministic: rules alone; chat: a chat model judged as well."
    )
    left_out: list[str] = Field(description="What was not done, and why.")
    provenance: Provenance = Field(description="What produced this verdict.")
