from django.conf import settings
from django.contrib.auth.models import User
from rest_framework import serializers

from .models import Author, Book, Copy, Genre, LibrarySettings, Loan


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name", "country", "born_on", "website", "created_at"]
        read_only_fields = ["created_at"]


class GenreSerializer(serializers.ModelSerializer):
    class Meta:
        model = Genre
        fields = ["slug", "name"]


class AuthorSummarySerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name"]


class BookSerializer(serializers.ModelSerializer):
    author = serializers.PrimaryKeyRelatedField(queryset=Author.objects.all())
    author_detail = AuthorSummarySerializer(source="author", read_only=True)
    genres = serializers.SlugRelatedField(many=True, slug_field="slug", queryset=Genre.objects.all(), required=False)

    class Meta:
        model = Book
        fields = ["id", "title", "isbn", "author", "author_detail", "genres", "language", "price", "pages",
                  "published_on", "status", "created_at", "updated_at"]
        read_only_fields = ["status", "created_at", "updated_at"]

    def get_fields(self):
        fields = super().get_fields()
        if (settings.DEFECT == "patch_skips_validation" and self.partial
                and not getattr(self.context.get("view"), "swagger_fake_view", False)):
            fields["isbn"] = serializers.CharField(required=False)
        return fields

    def update(self, instance, validated_data):
        if settings.DEFECT == "update_forgets_genres":
            validated_data.pop("genres", None)
        return super().update(instance, validated_data)


class CopySerializer(serializers.ModelSerializer):
    is_available = serializers.BooleanField(read_only=True)

    class Meta:
        model = Copy
        fields = ["id", "book", "inventory_number", "condition", "is_available"]
        read_only_fields = ["book"]


class LoanSerializer(serializers.ModelSerializer):
    copy = serializers.PrimaryKeyRelatedField(queryset=Copy.objects.filter(book__deleted=False))
    borrower = serializers.SlugRelatedField(slug_field="username", read_only=True)

    class Meta:
        model = Loan
        fields = ["id", "copy", "borrower", "note", "loaned_at", "due_on", "returned_at"]
        read_only_fields = ["loaned_at", "due_on", "returned_at"]

    def validate_copy(self, copy):
        if copy.book.status != Book.Status.PUBLISHED:
            raise serializers.ValidationError("The book is not published yet.")
        if not copy.is_available:
            raise serializers.ValidationError("This copy is on loan.")
        return copy


class LibrarySettingsSerializer(serializers.ModelSerializer):
    opening_hours = serializers.DictField(child=serializers.CharField(), required=False)

    class Meta:
        model = LibrarySettings
        fields = ["loan_days", "contact_email", "opening_hours", "renewals_allowed"]

    def validate_contact_email(self, value):
        return value.lower() if settings.VARIANT == "lowercase_email" else value


class MeSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "is_staff"]
        read_only_fields = ["username", "is_staff"]

    def validate_email(self, value):
        return value.lower() if settings.VARIANT == "lowercase_email" else value
