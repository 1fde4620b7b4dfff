"""What an inbox may choose for its widget: the defaults of what a page may say (docs/widget.md)."""

from typing import Annotated, Literal

from pydantic import Field

from chat_service.routes.admin_shapes import Absent, Setting

Line = Annotated[str, Field(max_length=200)]
Strict = Annotated[bool, Field(strict=True)]
Distance = Annotated[int, Field(strict=True, ge=0, le=1000)]


class Offset(Setting):
    x: Distance = Absent
    y: Distance = Absent


class Launcher(Setting):
    label: Line = Absent
    icon: Annotated[str, Field(max_length=500, pattern="^(https://|data:image/)")] = Absent


class FormField(Setting):
    """`name`, `email` and `phone` belong to the person, others become attributes."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    type: Literal["text", "email", "tel", "textarea", "select"] = Absent
    required: Strict = Absent
    options: Annotated[list[Line], Field(max_length=50)] = Absent


class Consent(Setting):
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    link: Annotated[str, Field(max_length=500, pattern="^https?://")] = Absent
    link_text: Line = Absent


class Features(Setting):
    upload: Strict = Absent
    emoji: Strict = Absent
    sound: Strict = Absent
    transcript: Strict = Absent
    csat: Strict = Absent
    human: Strict = Absent
    popout: Strict = Absent


class Pages(Setting):
    """Parts of addresses."""

    include: Annotated[list[Line], Field(max_length=50)] = Absent
    exclude: Annotated[list[Line], Field(max_length=50)] = Absent


Fields = Annotated[list[FormField], Field(max_length=20)]


class WidgetSettings(Setting):
    """All may be left out; what the page says wins."""

    locale: Literal["en", "de", "ar", "fr", "es", "it", "pt", "pl", "ja"] = Absent
    dir: Literal["ltr", "rtl"] = Absent
    theme: Literal["auto", "light", "dark"] = Absent
    color: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] = Absent
    position: Literal["start", "end"] = Absent
    offset: Offset = Absent
    z_index: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = Absent
    launcher: Strict | Launcher = Absent
    open: Strict | Annotated[int, Field(strict=True, ge=0, le=3_600_000)] = Absent
    remember_open: Strict = Absent
    title: Line = Absent
    greeting: Annotated[str, Field(max_length=500)] = Absent
    avatars: Strict = Absent
    prechat: Fields = Absent
    offline: Fields = Absent
    consent: Consent = Absent
    features: Features = Absent
    queue: Annotated[str, Field(max_length=80)] = Absent
    hide_on_mobile: Strict = Absent
    pages: Pages = Absent
