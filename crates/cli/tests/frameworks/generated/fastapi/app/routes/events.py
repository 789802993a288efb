import uuid
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from app.config import DEFECT, VARIANT
from app.db import now, store
from app.deps import CurrentUser, LimitParam, SkipParam, paginate, total
from app.models import (
    EventCategory, EventCreate, EventOrder, EventPublic, EventsPublic, EventStatus, EventUpdate, Message,
    TicketTypeCreate, TicketTypePublic, TicketTypeUpdate,
)

router = APIRouter(prefix="/events", tags=["events"])
not_found = {404: {"model": Message, "description": "Not found"}}
conflict = {409: {"model": Message, "description": "Conflict"}}
forbidden = {403: {"model": Message, "description": "Not the organizer"}}


def get_event(id: uuid.UUID) -> dict:
    event = store.events.get(id)
    if not event or event.get("deleted"):
        raise HTTPException(status_code=404, detail="Event not found")
    return event


def get_own_event(id: uuid.UUID, user: dict) -> dict:
    event = get_event(id)
    if not user["is_superuser"] and event["organizer_id"] != user["id"]:
        raise HTTPException(status_code=403, detail="Not enough permissions")
    return event


def check_venue(venue_id: uuid.UUID) -> None:
    venue = store.venues.get(venue_id)
    if not venue or venue.get("deleted"):
        if DEFECT == "unknown_venue_500":
            raise RuntimeError("FOREIGN KEY constraint failed")
        raise HTTPException(status_code=404, detail="Venue not found")


@router.get("/", response_model=EventsPublic)
async def read_events(
    skip: SkipParam = 0,
    limit: LimitParam = 20,
    status: EventStatus | None = None,
    category: Annotated[list[EventCategory] | None, Query(description="Any of these categories")] = None,
    venue_id: uuid.UUID | None = None,
    starts_after: AwareDatetime | None = None,
    order_by: EventOrder = EventOrder.starts_at,
) -> Any:
    """Retrieve events."""
    rows = [e for e in store.events.values() if not e.get("deleted")]
    if status is not None and DEFECT != "status_filter_ignored":
        rows = [e for e in rows if e["status"] == status]
    if category:
        rows = [e for e in rows if e["category"] in category]
    if venue_id is not None:
        rows = [e for e in rows if e["venue_id"] == venue_id]
    if starts_after is not None:
        rows = [e for e in rows if e["starts_at"] > starts_after]
    key = order_by.value.lstrip("-")
    rows.sort(key=lambda e: e[key], reverse=order_by.value.startswith("-"))
    page = paginate(rows, skip, limit)
    return {"data": page, "count": total(rows, page)}


@router.post("/", response_model=EventPublic, status_code=201, responses=not_found)
async def create_event(event_in: EventCreate, current_user: CurrentUser, response: Response) -> Any:
    """Create new event, as a draft."""
    check_venue(event_in.venue_id)
    t = now()
    if DEFECT == "create_returns_200":
        response.status_code = 200
    return store.add(store.events, **event_in.model_dump(), status="draft", organizer_id=current_user["id"],
                     created_at=t, updated_at=t)


@router.get("/{event_id}", response_model=EventPublic, responses=not_found)
async def read_event(event_id: uuid.UUID) -> Any:
    """Get event by ID."""
    event = get_event(event_id)
    if DEFECT == "null_created_at":
        body = jsonable_encoder(EventPublic.model_validate(event))
        return JSONResponse(body | {"created_at": None})
    return event


@router.patch("/{event_id}", response_model=EventPublic, responses={**not_found, **forbidden})
async def update_event(event_id: uuid.UUID, event_in: EventUpdate, current_user: CurrentUser) -> Any:
    """Update an event; members that are left out stay as they are."""
    event = get_own_event(event_id, current_user)
    data = event_in.model_dump(exclude_unset=True)
    data = {k: v for k, v in data.items() if v is not None or k in ("description", "ends_at")}
    if "venue_id" in data:
        check_venue(data["venue_id"])
    merged = event | data
    if merged["ends_at"] is not None and merged["ends_at"] <= merged["starts_at"]:
        raise HTTPException(status_code=422, detail=[
            {"loc": ["body", "ends_at"], "msg": "ends_at must be later than starts_at", "type": "value_error"}])
    if DEFECT == "patch_forgets_capacity":
        data.pop("capacity", None)
    if DEFECT == "patch_skips_validation" and "capacity" in data:
        event.update(data, updated_at=now())
        return JSONResponse(jsonable_encoder(
            EventPublic.model_construct(**{k: v for k, v in event.items()}).model_dump(warnings=False)))
    event.update(data, updated_at=now())
    return event


@router.delete("/{event_id}", status_code=204, responses={**not_found, **forbidden, **conflict})
async def delete_event(event_id: uuid.UUID, current_user: CurrentUser) -> None:
    """Delete an event without confirmed bookings, along with its ticket types."""
    event = get_own_event(event_id, current_user)
    if any(b["event_id"] == event_id and b["status"] == "confirmed" for b in store.bookings.values()):
        raise HTTPException(status_code=409, detail="Event has confirmed bookings")
    if VARIANT == "soft_delete":
        event["deleted"] = True
        return
    for t in [t for t in store.ticket_types.values() if t["event_id"] == event_id]:
        del store.ticket_types[t["id"]]
    for b in [b for b in store.bookings.values() if b["event_id"] == event_id]:
        del store.bookings[b["id"]]
    del store.events[event_id]


@router.post("/{event_id}/publish", response_model=EventPublic, responses={**not_found, **forbidden, **conflict})
async def publish_event(event_id: uuid.UUID, current_user: CurrentUser) -> Any:
    """Open a draft event for booking."""
    event = get_own_event(event_id, current_user)
    if event["status"] != "draft":
        raise HTTPException(status_code=409, detail=f"Event is {event['status']}")
    event.update(status="published", updated_at=now())
    return event


@router.post("/{event_id}/cancel", response_model=EventPublic, responses={**not_found, **forbidden, **conflict})
async def cancel_event(event_id: uuid.UUID, current_user: CurrentUser) -> Any:
    """Cancel an event and all its bookings."""
    event = get_own_event(event_id, current_user)
    if event["status"] == "cancelled":
        raise HTTPException(status_code=409, detail="Event is already cancelled")
    event.update(status="cancelled", updated_at=now())
    for b in store.bookings.values():
        if b["event_id"] == event_id and b["status"] == "confirmed":
            b["status"] = "cancelled"
            store.ticket_types[b["ticket_type_id"]]["sold"] -= b["quantity"]
    return event


# ---- ticket types ---------------------------------------------------------
tickets = APIRouter(prefix="/events/{event_id}/ticket-types", tags=["ticket types"])


def get_ticket_type(event_id: uuid.UUID, id: uuid.UUID) -> dict:
    tt = store.ticket_types.get(id)
    if not tt or tt["event_id"] != event_id:
        raise HTTPException(status_code=404, detail="Ticket type not found")
    return tt


def check_name(event_id: uuid.UUID, name: str, but: uuid.UUID | None = None) -> None:
    if any(t["event_id"] == event_id and t["name"] == name and t["id"] != but for t in store.ticket_types.values()):
        raise HTTPException(status_code=409, detail="The event already has a ticket type with this name")


@tickets.get("", response_model=list[TicketTypePublic], responses=not_found)
async def read_ticket_types(event_id: uuid.UUID) -> Any:
    get_event(event_id)
    return [t for t in store.ticket_types.values() if t["event_id"] == event_id]


@tickets.post("", response_model=TicketTypePublic, status_code=201, responses={**not_found, **forbidden, **conflict})
async def create_ticket_type(event_id: uuid.UUID, body: TicketTypeCreate, current_user: CurrentUser) -> Any:
    get_own_event(event_id, current_user)
    check_name(event_id, body.name)
    return store.add(store.ticket_types, **body.model_dump(), event_id=event_id, sold=0)


@tickets.get("/{ticket_type_id}", response_model=TicketTypePublic, responses=not_found)
async def read_ticket_type(event_id: uuid.UUID, ticket_type_id: uuid.UUID) -> Any:
    get_event(event_id)
    return get_ticket_type(event_id, ticket_type_id)


@tickets.patch("/{ticket_type_id}", response_model=TicketTypePublic, responses={**not_found, **forbidden, **conflict})
async def update_ticket_type(event_id: uuid.UUID, ticket_type_id: uuid.UUID, body: TicketTypeUpdate,
                             current_user: CurrentUser) -> Any:
    get_own_event(event_id, current_user)
    tt = get_ticket_type(event_id, ticket_type_id)
    data = {k: v for k, v in body.model_dump(exclude_unset=True).items() if v is not None}
    if "name" in data:
        check_name(event_id, data["name"], but=ticket_type_id)
    if data.get("quota", tt["quota"]) < tt["sold"]:
        raise HTTPException(status_code=409, detail="Quota is below the number of tickets sold")
    tt.update(data)
    return tt


@tickets.delete("/{ticket_type_id}", status_code=204, responses={**not_found, **forbidden, **conflict})
async def delete_ticket_type(event_id: uuid.UUID, ticket_type_id: uuid.UUID, current_user: CurrentUser) -> None:
    get_own_event(event_id, current_user)
    tt = get_ticket_type(event_id, ticket_type_id)
    if any(b["ticket_type_id"] == tt["id"] for b in store.bookings.values()):
        raise HTTPException(status_code=409, detail="Ticket type has bookings")
    del store.ticket_types[tt["id"]]
