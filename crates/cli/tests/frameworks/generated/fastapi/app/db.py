"""In-memory repositories."""
import hashlib
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal


def now() -> datetime:
    return datetime.now(timezone.utc)


def hash_password(password: str) -> str:
    return hashlib.sha256(b"stagehand" + password.encode()).hexdigest()


class Store:
    def __init__(self) -> None:
        self.users: dict[uuid.UUID, dict] = {}
        self.venues: dict[uuid.UUID, dict] = {}
        self.events: dict[uuid.UUID, dict] = {}
        self.ticket_types: dict[uuid.UUID, dict] = {}
        self.bookings: dict[uuid.UUID, dict] = {}
        self.seed()

    @staticmethod
    def add(table: dict, **row) -> dict:
        row.setdefault("id", uuid.uuid4())
        table[row["id"]] = row
        return row

    def seed(self) -> None:
        U = uuid.UUID
        alice = self.add(self.users, id=U("11111111-1111-4111-8111-111111111111"), email="alice@example.com",
                         full_name="Alice Admin", hashed_password=hash_password("alice-secret"),
                         is_active=True, is_superuser=True)
        bob = self.add(self.users, id=U("22222222-2222-4222-8222-222222222222"), email="bob@example.com",
                       full_name=None, hashed_password=hash_password("bob-secret"),
                       is_active=True, is_superuser=False)
        t0 = datetime(2026, 1, 10, 9, 0, tzinfo=timezone.utc)
        venues = [self.add(self.venues, name=n, city=c, capacity=cap, website=w, created_at=t0 + timedelta(hours=i))
                  for i, (n, c, cap, w) in enumerate([
                      ("Opera House", "Vienna", 2200, "https://opera.example.com/"),
                      ("Riverside Arena", "Lyon", 15000, None),
                      ("Old Mill", "Ghent", 320, None)])]
        spec = [("Winter Gala", "concert", 0, 40, "published"), ("Regional Final", "sports", 1, 55, "published"),
                ("Poetry Night", "theatre", 2, 20, "draft"), ("PyDays", "conference", 2, 90, "published"),
                ("Summer Opening", "concert", 1, 180, "cancelled")]
        for i, (title, cat, v, days, status) in enumerate(spec):
            start = datetime(2027, 1, 1, 19, 0, tzinfo=timezone.utc) + timedelta(days=days)
            e = self.add(self.events, title=title, description=None if i % 2 else f"{title} at {venues[v]['name']}",
                         category=cat, venue_id=venues[v]["id"], starts_at=start, ends_at=start + timedelta(hours=3),
                         capacity=venues[v]["capacity"], tags=["featured"] if i == 0 else [], status=status,
                         organizer_id=(alice if i != 3 else bob)["id"],
                         created_at=t0 + timedelta(days=1, minutes=i), updated_at=t0 + timedelta(days=1, minutes=i))
            for name, price in (("Standard", "25.00"), ("VIP", "99.50")):
                tt = self.add(self.ticket_types, event_id=e["id"], name=name, price=Decimal(price), quota=100, sold=0)
                if status == "published" and name == "Standard":
                    for u, q in ((alice, 2), (bob, 1)):
                        self.add(self.bookings, ticket_type_id=tt["id"], event_id=e["id"], user_id=u["id"], quantity=q,
                                 total=tt["price"] * q, status="confirmed", created_at=t0 + timedelta(days=2, minutes=i))
                        tt["sold"] += q


store = Store()
