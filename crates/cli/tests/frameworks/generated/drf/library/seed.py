import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.authtoken.models import Token

from .models import Author, Book, Copy, Genre, LibrarySettings, Loan

TOKENS = {"librarian": "1b0a4c6d2e8f4a5b9c7d3e1f0a2b4c6d8e0f1a2b", "reader": "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"}


def seed():
    librarian = User.objects.create_user("librarian", "librarian@library.example.org", "librarian-pw", is_staff=True)
    reader = User.objects.create_user("reader", "reader@example.org", "reader-pw")
    User.objects.create_user("other", "other@example.org", "other-pw")
    for user in (librarian, reader):
        Token.objects.create(user=user, key=TOKENS[user.username])
    LibrarySettings.objects.create(opening_hours={"mon": "9-17"})
    genres = {s: Genre.objects.create(slug=s, name=s.replace("-", " ").title()) for s in ("novel", "poetry", "science-fiction")}
    authors = [Author.objects.create(name=n, country=c, born_on=b) for n, c, b in (
        ("Ursula K. Le Guin", "US", datetime.date(1929, 10, 21)), ("Jules Verne", "FR", datetime.date(1828, 2, 8)),
        ("Anonymous", "", None))]
    for i, (title, a, gs, lang, price, pages, state) in enumerate((
            ("The Dispossessed", 0, ["novel", "science-fiction"], "en", "9.90", 387, "published"),
            ("The Left Hand of Darkness", 0, ["science-fiction"], "en", "8.50", 286, "published"),
            ("Vingt mille lieues sous les mers", 1, ["novel"], "fr", "12.00", None, "published"),
            ("Beowulf", 2, ["poetry"], "xx", "7.25", 120, "draft"))):
        book = Book.objects.create(title=title, isbn=f"978000000000{i}", author=authors[a], language=lang,
                                   price=Decimal(price), pages=pages, status=state,
                                   published_on=datetime.date(1970 + i, 1, 1) if i < 3 else None)
        book.genres.set(genres[g] for g in gs)
        for n in (1, 2):
            Copy.objects.create(book=book, inventory_number=f"INV-{i + 1}-{n}", condition="good")
    today = timezone.localdate()
    for user, number in ((reader, "INV-1-1"), (librarian, "INV-2-1")):
        Loan.objects.create(copy=Copy.objects.get(inventory_number=number), borrower=user,
                            due_on=today + datetime.timedelta(days=21))
