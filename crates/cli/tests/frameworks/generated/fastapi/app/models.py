import uuid
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field, HttpUrl, model_validator

from app.config import DEFECT, VARIANT


class Model(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=VARIANT == "strip_strings")


Price = Annotated[Decimal, Field(ge=0, max_digits=8, decimal_places=2)]


# ---- shared -------------------------------------------------------------
class Message(Model):
    detail: str


class Token(Model):
    access_token: str
    token_type: str = "bearer"


# ---- users --------------------------------------------------------------
class UserBase(Model):
    email: EmailStr = Field(max_length=255)
    full_name: str | None = Field(default=None, max_length=255)


class UserRegister(UserBase):
    password: str = Field(min_length=8, max_length=128)


class UserUpdateMe(Model):
    email: EmailStr | None = Field(default=None, max_length=255)
    full_name: str | None = Field(default=None, max_length=255)


class UserPublic(UserBase):
    id: uuid.UUID
    is_active: bool = True
    is_superuser: bool = False


# ---- venues -------------------------------------------------------------
class VenueBase(Model):
    name: str = Field(min_length=1, max_length=100, description="Unique among venues")
    city: str = Field(min_length=1, max_length=80)
    capacity: int = Field(ge=1, le=200_000)
    website: HttpUrl | None = None


class VenueCreate(VenueBase):
    pass


class VenueUpdate(Model):
    name: str | None = Field(default=None, min_length=1, max_length=100)
    city: str | None = Field(default=None, min_length=1, max_length=80)
    capacity: int | None = Field(default=None, ge=1, le=200_000)
    website: HttpUrl | None = None


class VenuePublic(VenueBase):
    id: uuid.UUID
    created_at: datetime


class VenuesPublic(Model):
    data: list[VenuePublic]
    count: int


# ---- events -------------------------------------------------------------
class EventCategory(str, Enum):
    concert = "concert"
    theatre = "theatre"
    sports = "sports"
    conference = "conference"


class EventStatus(str, Enum):
    draft = "draft"
    published = "published"
    cancelled = "cancelled"


class EventOrder(str, Enum):
    starts_at = "starts_at"
    starts_at_desc = "-starts_at"
    title = "title"
    title_desc = "-title"
    created_at = "created_at"
    created_at_desc = "-created_at"


class EventBase(Model):
    title: str = Field(min_length=1, max_length=120)
    description: str | None = Field(default=None, max_length=2000)
    category: EventCategory
    venue_id: uuid.UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(default=None, description="Must be later than starts_at")
    capacity: int = Field(ge=1, le=200_000)
    tags: list[str] = Field(default_factory=list, max_length=10)


class EventCreate(EventBase):
    @model_validator(mode="after")
    def _ends_after_start(self):
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be later than starts_at")
        return self


class EventUpdate(Model):
    title: str | None = Field(default=None, min_length=1, max_length=120)
    description: str | None = Field(default=None, max_length=2000)
    category: EventCategory | None = None
    venue_id: uuid.UUID | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    if DEFECT == "patch_skips_validation":
        capacity: int | None = None
    else:
        capacity: int | None = Field(default=None, ge=1, le=200_000)
    tags: list[str] | None = Field(default=None, max_length=10)


class EventPublic(EventBase):
    id: uuid.UUID
    status: EventStatus
    organizer_id: uuid.UUID
    created_at: datetime
    updated_at: datetime


class EventsPublic(Model):
    data: list[EventPublic]
    count: int


# ---- ticket types (nested under events) ---------------------------------
class TicketTypeBase(Model):
    name: str = Field(min_length=1, max_length=60, description="Unique within the event")
    price: Price
    quota: int = Field(ge=0, le=200_000)


class TicketTypeCreate(TicketTypeBase):
    pass


class TicketTypeUpdate(Model):
    name: str | None = Field(default=None, min_length=1, max_length=60)
    price: Price | None = None
    quota: int | None = Field(default=None, ge=0, le=200_000)


class TicketTypePublic(TicketTypeBase):
    id: uuid.UUID
    event_id: uuid.UUID
    sold: int


# ---- bookings -----------------------------------------------------------
class BookingStatus(str, Enum):
    confirmed = "confirmed"
    cancelled = "cancelled"


class BookingCreate(Model):
    ticket_type_id: uuid.UUID
    quantity: int = Field(default=1, ge=1, le=10)


class BookingPublic(BookingCreate):
    id: uuid.UUID
    user_id: uuid.UUID
    event_id: uuid.UUID
    total: Decimal
    status: BookingStatus
    created_at: datetime


class BookingsPublic(Model):
    data: list[BookingPublic]
    count: int
