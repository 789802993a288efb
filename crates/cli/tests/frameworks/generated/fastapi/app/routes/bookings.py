import uuid
from typing import Any

from fastapi import APIRouter, HTTPException

from app.config import DEFECT
from app.db import now, store
from app.deps import CurrentUser, LimitParam, SkipParam, paginate, total
from app.models import BookingCreate, BookingPublic, BookingsPublic, BookingStatus, Message

router = APIRouter(prefix="/bookings", tags=["bookings"])
not_found = {404: {"model": Message, "description": "Not found"}}
conflict = {409: {"model": Message, "description": "Conflict"}}


def get_own_booking(id: uuid.UUID, user: dict) -> dict:
    booking = store.bookings.get(id)
    if not booking or (booking["user_id"] != user["id"] and DEFECT != "booking_leak"):
        raise HTTPException(status_code=404, detail="Booking not found")
    return booking


@router.get("/", response_model=BookingsPublic)
async def read_bookings(current_user: CurrentUser, skip: SkipParam = 0, limit: LimitParam = 20,
                        event_id: uuid.UUID | None = None, status: BookingStatus | None = None) -> Any:
    """Retrieve the current user's bookings, newest first."""
    rows = [b for b in store.bookings.values() if b["user_id"] == current_user["id"] or DEFECT == "booking_leak"]
    if event_id is not None:
        rows = [b for b in rows if b["event_id"] == event_id]
    if status is not None:
        rows = [b for b in rows if b["status"] == status]
    rows.sort(key=lambda b: b["created_at"], reverse=True)
    page = paginate(rows, skip, limit)
    return {"data": page, "count": total(rows, page)}


@router.post("/", response_model=BookingPublic, status_code=201, responses={**not_found, **conflict})
async def create_booking(booking_in: BookingCreate, current_user: CurrentUser) -> Any:
    """Book tickets of a published event."""
    tt = store.ticket_types.get(booking_in.ticket_type_id)
    event = tt and store.events.get(tt["event_id"])
    if not tt or not event or event.get("deleted"):
        raise HTTPException(status_code=404, detail="Ticket type not found")
    if event["status"] != "published":
        raise HTTPException(status_code=409, detail="Event is not open for booking")
    if tt["sold"] + booking_in.quantity > tt["quota"]:
        raise HTTPException(status_code=409, detail="Not enough tickets left")
    tt["sold"] += booking_in.quantity
    return store.add(store.bookings, **booking_in.model_dump(), event_id=event["id"], user_id=current_user["id"],
                     total=tt["price"] * booking_in.quantity, status="confirmed", created_at=now())


@router.get("/{id}", response_model=BookingPublic, responses=not_found)
async def read_booking(id: uuid.UUID, current_user: CurrentUser) -> Any:
    """Get one of the current user's bookings."""
    return get_own_booking(id, current_user)


@router.post("/{id}/cancel", response_model=BookingPublic, responses={**not_found, **conflict})
async def cancel_booking(id: uuid.UUID, current_user: CurrentUser) -> Any:
    """Cancel a confirmed booking."""
    booking = get_own_booking(id, current_user)
    if booking["status"] == "cancelled":
        raise HTTPException(status_code=409, detail="Booking is already cancelled")
    booking["status"] = "cancelled"
    store.ticket_types[booking["ticket_type_id"]]["sold"] -= booking["quantity"]
    return booking
