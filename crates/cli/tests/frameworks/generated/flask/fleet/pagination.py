from flask_smorest import Page

from .config import DEFECT


class ListPage(Page):
    """Pagination of plain lists"""

    @property
    def items(self):
        shift = 1 if DEFECT == "page_off_by_one" and self.page_params.page > 1 else 0
        first, last = self.page_params.first_item, self.page_params.last_item
        return list(self.collection[first + shift:last + 1 + shift])

    @property
    def item_count(self):
        if DEFECT == "pagination_total_wrong":
            return len(self.collection[self.page_params.first_item:self.page_params.last_item + 1])
        return len(self.collection)
