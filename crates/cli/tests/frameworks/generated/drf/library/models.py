from django.conf import settings
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models


class AliveManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(deleted=False)


class SoftDeletable(models.Model):
    deleted = models.BooleanField(default=False, editable=False)

    objects = AliveManager()
    everything = models.Manager()

    class Meta:
        abstract = True

    def remove(self):
        if settings.VARIANT == "soft_delete" or settings.DEFECT == "deleted_still_listed":
            self.deleted = True
            for field, value in self.tombstone().items():
                setattr(self, field, value)
            self.save()
        else:
            self.delete()

    def tombstone(self):
        return {}


class Author(SoftDeletable):
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, blank=True, default="", help_text="ISO 3166 alpha-2",
                               validators=[RegexValidator(r"^[A-Z]{2}$")])
    born_on = models.DateField(null=True, blank=True)
    website = models.URLField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(SoftDeletable.Meta):
        abstract = False
        ordering = ["id"]


class Genre(models.Model):
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["slug"]


class Book(SoftDeletable):
    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        FRENCH = "fr", "French"
        GERMAN = "de", "German"
        OTHER = "xx", "Other"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    title = models.CharField(max_length=200)
    isbn = models.CharField("ISBN", max_length=13, unique=settings.DEFECT != "isbn_not_unique",
                            help_text="13 digits, unique", validators=[RegexValidator(r"^\d{13}$")])
    author = models.ForeignKey(Author, on_delete=models.CASCADE if settings.VARIANT == "delete_cascades" else models.PROTECT,
                               related_name="books")
    genres = models.ManyToManyField(Genre, blank=True, related_name="books")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    pages = models.PositiveIntegerField(null=True, blank=True)
    published_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(SoftDeletable.Meta):
        abstract = False
        ordering = ["id"]

    def tombstone(self):
        return {"isbn": f"x{self.pk}"}


class Copy(models.Model):
    class Condition(models.TextChoices):
        NEW = "new", "New"
        GOOD = "good", "Good"
        WORN = "worn", "Worn"

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="copies")
    inventory_number = models.CharField(max_length=20, unique=True, help_text="Unique among all copies")
    condition = models.CharField(max_length=8, choices=Condition.choices, default=Condition.NEW)

    class Meta:
        ordering = ["id"]

    @property
    def is_available(self) -> bool:
        return not self.loans.filter(returned_at=None).exists()


class Loan(models.Model):
    copy = models.ForeignKey(Copy, on_delete=models.CASCADE, related_name="loans")
    borrower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="loans")
    note = models.CharField(max_length=200, blank=True, default="")
    loaned_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField()
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-loaned_at", "-id"]


class LibrarySettings(models.Model):
    loan_days = models.PositiveSmallIntegerField(default=21, validators=[MinValueValidator(1), MaxValueValidator(90)])
    contact_email = models.EmailField(default="desk@library.example.org")
    opening_hours = models.JSONField(default=dict, blank=True)
    renewals_allowed = models.BooleanField(default=True)
