"""In-memory models."""
import datetime as dt
import itertools
import threading
from types import SimpleNamespace

from .config import DEFECT, VARIANT

lock = threading.RLock()


def now():
    return dt.datetime.now(dt.timezone.utc)


class Table:
    def __init__(self):
        self.rows = {}
        self.ids = itertools.count(1)

    def add(self, **values):
        with lock:
            row = SimpleNamespace(id=next(self.ids), deleted=False, **{"created_at": now(), **values})
            self.rows[row.id] = row
            return row

    def get(self, id):
        row = self.rows.get(id)
        return row if row and not row.deleted else None

    def all(self):
        return [r for r in self.rows.values() if not r.deleted]

    def listing(self):
        rows = list(self.rows.values()) if DEFECT == "deleted_still_listed" else self.all()
        return rows[::-1] if VARIANT == "newest_first" else rows

    def remove(self, row):
        if VARIANT == "soft_delete" or DEFECT == "deleted_still_listed":
            row.deleted = True
        else:
            del self.rows[row.id]


locations, vehicles, damages, reservations = Table(), Table(), Table(), Table()
settings = SimpleNamespace(company="Roadrunner Rentals", currency="EUR", min_driver_age=21, notify_email="ops@roadrunner.example.com")
users = {
    "manager": SimpleNamespace(name="manager", password="manager-pw", role="manager"),
    "clerk": SimpleNamespace(name="clerk", password="clerk-pw", role="clerk"),
}


def seed():
    t0 = dt.datetime(2026, 1, 3, 8, tzinfo=dt.timezone.utc)
    for i, (code, name, city, hours) in enumerate((("VIE", "Airport", "Vienna", {"opens": dt.time(6), "closes": dt.time(23)}),
                                                   ("GRZ", "Central station", "Graz", None), ("LNZ", "Harbour", "Linz", None))):
        locations.add(code=code, name=name, city=city, opening_hours=hours, created_at=t0 + dt.timedelta(minutes=i))
    for i, (plate, category, seats, rate, loc) in enumerate((
            ("W-1001A", "compact", 5, "39.00", 1), ("W-1002B", "van", 9, "89.90", 1), ("G-2001C", "compact", 5, "35.50", 2), ("L-3001D", "luxury", 4, "149.00", 3))):
        vehicles.add(plate=plate, category=category, seats=seats, daily_rate=float(rate), location_id=loc, active=i != 3,
                     features=["gps"] if i % 2 else [], created_at=t0 + dt.timedelta(hours=1, minutes=i))
    damages.add(vehicle_id=1, description="Scratch on the left door", severity="minor", reported_by="clerk", created_at=t0)
    for i, (user, vehicle, status) in enumerate((("clerk", 1, "confirmed"), ("manager", 2, "requested"), ("clerk", 3, "cancelled"))):
        start = dt.date(2027, 5, 1 + i)
        v = vehicles.get(vehicle)
        reservations.add(vehicle_id=vehicle, starts_on=start, ends_on=start + dt.timedelta(days=1), customer_name="Jo Doe", notes=None,
                         status=status, total=round(v.daily_rate * 2, 2), created_by=user, created_at=t0 + dt.timedelta(hours=2, minutes=i))


seed()
