"""The API's bodies and answers, as they appear in its documentation."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=80,
        pattern=r"^[^\x00-\x1f\x7f]*$",
    ),
]
Note = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
Rules = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]
DeviceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Role = Literal["operator", "engineer"]
Speed = Annotated[float, Field(gt=0, le=200, allow_inf_nan=False)]


class Body(BaseModel):
    """A body; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What was wrong, in a sentence."""

    detail: str


class DefectOut(BaseModel):
    """One defect of a frame."""

    label: str = Field(description="class name, or `unknown`")
    class_name: str = Field(description="most probable class, also when unknown")
    probability: float = Field(description="of `class_name`, by the model")
    in_words: str = Field(description="the verdict for people")
    unknown_score: float | None
    severity: int = Field(description="1 (slight) to 5 (severe)")
    decision: Literal["accept", "review", "reject"]
    box: list[int] = Field(description="x, y, width, height in pixels")
    window: list[int] = Field(description="the square that was classified, likewise")
    area: float = Field(description="in `unit` squared")
    perimeter: float = Field(description="in `unit`")
    k: float = Field(description="perimeter / area")
    area_ratio: float = Field(description="percent of the square")
    unit: Literal["px", "mm"]
    position_m: float | None = Field(description="centre, metres from the coil's head")
    across_mm: float | None = Field(description="centre, millimetres across")


class FrameOut(BaseModel):
    """A stored frame with its verdict."""

    id: int | None
    device_id: str
    origin: Literal["posted", "live", "loaded"]
    frame_key: str | None
    received_at: str = Field(description="ISO 8601, UTC")
    coil_id: int | None
    position_m: float | None = Field(description="where the frame begins, metres")
    width: int
    height: int
    label: str = Field(description="of the worst defect, `no_defect`, or `invalid`")
    probability: float | None = Field(description="of `label`, `null` when unknown")
    severity: int = Field(description="of the worst defect, 0 when there is none")
    decision: Literal["accept", "review", "reject", "invalid"]
    fault: str | None = Field(description="why the picture cannot be judged")
    defect_count: int
    analysis_ms: float
    model: str = Field(description="first digits of the model's checksum")
    image_url: str | None = Field(description="`null` once the image was pruned")
    defects: list[DefectOut]


class FramePage(BaseModel):
    """A page of frames, newest first."""

    frames: list[FrameOut]
    next_before: int | None = Field(description="pass as `before` for the next page")


class SettingsBody(Body):
    """A device's settings."""

    mm_per_pixel: Annotated[float, Field(gt=0, le=1000)] | None = None
    speed_m_s: Speed | None = None
    travel_axis: Literal["x", "y"] = "y"
    min_contrast: Annotated[float, Field(ge=0, le=1)] = 0.06
    normal_frames: Annotated[int, Field(ge=0, le=5000)] = 200


class NormalOut(BaseModel):
    """What a device knows of its normal surface."""

    state: str = Field(description="`off`, `learnt`, `learning`, or `37 of 200 frames`")


class SourceBody(Body):
    """Where a device's frames come from."""

    kind: Literal["posted", "simulated", "camera", "stream"]
    fps: Annotated[float, Field(gt=0, le=100)] = 5
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    index: Annotated[int, Field(ge=0, lt=64)] = 0
    url: Annotated[str, StringConstraints(max_length=500)] = ""


class DeviceBody(Body):
    """A new device."""

    name: Name
    id: DeviceId | None = None
    source: SourceBody = SourceBody(kind="posted")
    settings: SettingsBody = SettingsBody()


class DeviceChange(Body):
    """What is to change; what is left out stays."""

    name: Name | None = None
    settings: SettingsBody | None = None


class DeviceOut(BaseModel):
    """A device with its state."""

    id: str
    name: str
    source: dict
    settings: dict
    state: Literal["stopped", "waiting", "running", "stalled", "lost"]
    frame_rate: float
    frames: int = Field(description="since the station started")
    skipped: int = Field(description="live frames that a newer one replaced")
    reason: str
    retry_in_s: float | None
    coil: dict | None


class CoilBody(Body):
    """A coil that begins."""

    name: Name
    speed_m_s: Speed | None = None


class ShiftBody(Body):
    """A shift that begins."""

    name: Name


class AcknowledgeBody(Body):
    """What the operator has to say."""

    note: Note | None = None


class AlarmOut(BaseModel):
    """A warning."""

    id: int
    rule: str
    device_id: str | None
    frame_id: int | None
    message: str
    severity: int
    raised_at: str
    acknowledged_at: str | None
    acknowledged_by: str | None
    note: str | None


class ReportBody(Body):
    """What a report is about: a coil, or a span of time."""

    title: Name | None = None
    coil_id: Annotated[int, Field(ge=1, le=2**53)] | None = None
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class ReportOut(BaseModel):
    """A report."""

    id: int
    title: str
    start: str
    end: str
    coil_id: int | None
    created_at: str
    created_by: str
    html_url: str
    pdf_url: str


class DrawBody(Body):
    """A sample to review."""

    per_class: Annotated[int, Field(ge=1, le=200)] = 20
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class AnswerBody(Body):
    """What the sample really shows."""

    true_class: Name


class UserBody(Body):
    """A user."""

    name: Name
    password: Annotated[str, StringConstraints(min_length=10, max_length=1000)]
    role: Role


class TokenBody(Body):
    """A token for a program."""

    name: Name
    role: Role = "operator"


class RulesBody(Body):
    """Rules as YAML."""

    text: Rules


class EvaluationBody(Body):
    """Which of the known folders to evaluate."""

    folder: Name
