import datetime

from django.conf import settings
from django.db.models import ProtectedError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, mixins, status, viewsets
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.response import Response

from .filters import BookFilter, LoanFilter
from .models import Author, Book, Copy, Genre, LibrarySettings, Loan
from .serializers import (
    AuthorSerializer, BookSerializer, CopySerializer, GenreSerializer, LibrarySettingsSerializer, LoanSerializer,
    MeSerializer,
)


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "The object is in use."
    default_code = "conflict"


class IsAdminOrReadOnly(BasePermission):
    def has_permission(self, request, view):
        return request.method in SAFE_METHODS or bool(request.user and request.user.is_staff)


class CatalogueMixin:
    """Members read, staff writes."""

    def get_permissions(self):
        if settings.VARIANT == "public_catalog":
            return [IsAdminOrReadOnly()]
        if self.request.method in SAFE_METHODS:
            return [IsAuthenticated()]
        return [IsAdminUser()]

    def perform_destroy(self, instance):
        if isinstance(instance, Author) and settings.VARIANT != "delete_cascades" and instance.books.exists():
            raise Conflict("The author has books.")
        try:
            instance.remove() if hasattr(instance, "remove") else instance.delete()
        except ProtectedError:
            raise Conflict()


class AuthorViewSet(CatalogueMixin, viewsets.ModelViewSet):
    queryset = Author.objects.all()
    serializer_class = AuthorSerializer
    filterset_fields = ["country"]
    search_fields = ["name"]
    ordering_fields = ["id", "name", "born_on"]

    def get_queryset(self):
        if settings.DEFECT == "deleted_still_listed" and self.action == "list":
            return Author.everything.all()
        return super().get_queryset()


class GenreViewSet(CatalogueMixin, mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin,
                   mixins.DestroyModelMixin, viewsets.GenericViewSet):
    queryset = Genre.objects.all()
    serializer_class = GenreSerializer
    lookup_field = "slug"
    pagination_class = None
    filter_backends = []


class BookViewSet(CatalogueMixin, viewsets.ModelViewSet):
    queryset = Book.objects.select_related("author").prefetch_related("genres")
    serializer_class = BookSerializer
    filterset_class = BookFilter
    search_fields = ["title", "author__name"]
    ordering_fields = ["id", "title", "price", "published_on", "created_at"]

    def list(self, request, *args, **kwargs):
        response = super().list(request, *args, **kwargs)
        if settings.DEFECT == "list_price_number":
            for row in response.data["results"]:
                row["price"] = float(row["price"])
        return response

    def create(self, request, *args, **kwargs):
        response = super().create(request, *args, **kwargs)
        if settings.DEFECT == "create_returns_200":
            response.status_code = 200
        return response

    def perform_destroy(self, instance):
        if Loan.objects.filter(copy__book=instance, returned_at=None).exists():
            raise Conflict("Copies of the book are on loan.")
        super().perform_destroy(instance)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def publish(self, request, pk=None):
        """Make the book visible to borrowers. Publishing twice does no harm."""
        book = self.get_object()
        book.status = Book.Status.PUBLISHED
        if settings.DEFECT != "publish_not_saved":
            book.save()
        return Response(self.get_serializer(book).data)


@extend_schema(parameters=[OpenApiParameter("book_pk", OpenApiTypes.INT, OpenApiParameter.PATH)])
class CopyViewSet(CatalogueMixin, mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin,
                  mixins.DestroyModelMixin, viewsets.GenericViewSet):
    queryset = Copy.objects.all()
    serializer_class = CopySerializer
    filterset_fields = ["condition"]
    ordering_fields = ["id", "inventory_number"]

    def get_permissions(self):
        if settings.DEFECT == "copies_no_permission" and not getattr(self, "swagger_fake_view", False):
            return [AllowAny()]
        return super().get_permissions()

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Copy.objects.none()
        book = get_object_or_404(Book, pk=self.kwargs["book_pk"])
        if settings.DEFECT == "copies_of_other_books":
            return Copy.objects.all()
        return book.copies.all()

    def perform_create(self, serializer):
        serializer.save(book=get_object_or_404(Book, pk=self.kwargs["book_pk"]))

    def perform_destroy(self, instance):
        if not instance.is_available:
            raise Conflict("The copy is on loan.")
        instance.delete()


class LoanViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """A member's own loans; staff sees all."""

    queryset = Loan.objects.select_related("borrower")
    serializer_class = LoanSerializer
    filterset_class = LoanFilter
    ordering_fields = ["loaned_at", "due_on"]

    def get_queryset(self):
        queryset = super().get_queryset()
        if self.request.user.is_staff or settings.DEFECT == "loans_leak":
            return queryset
        return queryset.filter(borrower=self.request.user)

    def perform_create(self, serializer):
        days = LibrarySettings.objects.get().loan_days
        serializer.save(borrower=self.request.user, due_on=timezone.localdate() + datetime.timedelta(days=days))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="return")
    def return_copy(self, request, pk=None):
        """Hand the copy back."""
        loan = self.get_object()
        if loan.returned_at:
            raise Conflict("The loan was returned already.")
        loan.returned_at = timezone.now()
        loan.save()
        return Response(self.get_serializer(loan).data)


class SettingsView(generics.RetrieveUpdateAPIView):
    serializer_class = LibrarySettingsSerializer
    http_method_names = ["get", "put", "head", "options"]

    def get_permissions(self):
        return [IsAuthenticated()] if self.request.method in SAFE_METHODS else [IsAdminUser()]

    def get_object(self):
        return LibrarySettings.objects.get()


class MeView(generics.RetrieveUpdateAPIView):
    serializer_class = MeSerializer
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self):
        return self.request.user


class ObtainToken(ObtainAuthToken):
    """Exchange user name and password for an API token (header `Authorization: Token <token>`)."""
