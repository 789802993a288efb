import django_filters as filters
from django.conf import settings

from .models import Author, Book, Genre, Loan


class BookFilter(filters.FilterSet):
    author = filters.ModelChoiceFilter(queryset=Author.objects.all(),
                                       **({"method": "skip"} if settings.DEFECT == "author_filter_ignored" else {}))
    genre = filters.ModelMultipleChoiceFilter(field_name="genres__slug", to_field_name="slug", queryset=Genre.objects.all())
    price_min = filters.NumberFilter(field_name="price", lookup_expr="gte")
    price_max = filters.NumberFilter(field_name="price", lookup_expr="lte")
    published_after = filters.DateFilter(field_name="published_on", lookup_expr="gt")

    class Meta:
        model = Book
        fields = ["status", "language", "author"]

    def skip(self, queryset, name, value):
        return queryset


class LoanFilter(filters.FilterSet):
    open = filters.BooleanFilter(field_name="returned_at", lookup_expr="isnull", label="Not returned yet")

    class Meta:
        model = Loan
        fields = ["copy"]
