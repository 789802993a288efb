from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from library import views

router = DefaultRouter()
router.include_root_view = False
router.register("authors", views.AuthorViewSet)
router.register("genres", views.GenreViewSet)
router.register("books", views.BookViewSet)
router.register(r"books/(?P<book_pk>\d+)/copies", views.CopyViewSet, basename="book-copies")
router.register("loans", views.LoanViewSet)

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/auth/token/", views.ObtainToken.as_view()),
    path("api/me/", views.MeView.as_view()),
    path("api/settings/", views.SettingsView.as_view()),
    path("api/", include(router.urls)),
]
