from django.conf import settings
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response


class StandardPagination(PageNumberPagination):
    page_size = 10
    page_size_query_param = "page_size"
    max_page_size = 50

    def get_paginated_response(self, data):
        response = super().get_paginated_response(data)
        if settings.DEFECT == "count_ignores_filter":
            response.data["count"] = self.page.paginator.object_list.model.objects.count()
        return response
