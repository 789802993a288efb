"""The Python `twilio` library against a mock: addresses and queues."""

from datetime import datetime

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from steps import MOCK, done, each_once, raised, same, step


class ToTheMock(TwilioHttpClient):
    def request(self, method, url, *args, **kwargs):
        url = url.replace("https://api.twilio.com", MOCK, 1)
        return super().request(method, url, *args, **kwargs)


twilio = Client("AC" + "0123456789abcdef" * 2, "secret", http_client=ToTheMock())

with step("create"):
    made = twilio.addresses.create(
        customer_name="Ada",
        street="12 St James's Square",
        city="London",
        region="London",
        postal_code="SW1Y 4LB",
        iso_country="GB",
        friendly_name="Home",
    )
    same((made.customer_name, made.iso_country), ("Ada", "GB"))

with step("retrieve"):
    got = twilio.addresses(made.sid).fetch()
    same((got.sid, got.city, got.friendly_name), (made.sid, "London", "Home"))

with step("update"):
    same(twilio.addresses(made.sid).update(city="Paris").city, "Paris")
    got = twilio.addresses(made.sid).fetch()
    same((got.city, got.customer_name), ("Paris", "Ada"))

with step("auto-paging"):
    queues = [twilio.queues.create(friendly_name=f"queue {n}").sid for n in range(25)]
    same(len(list(twilio.queues.page(page_size=10))), 10)
    each_once([queue.sid for queue in twilio.queues.stream(page_size=10)], queues)

with step("filter by country"):
    twilio.addresses.create(
        customer_name="Blaise",
        street="1 Rue Pascal",
        city="Clermont",
        region="Auvergne",
        postal_code="63000",
        iso_country="FR",
    )
    got = twilio.addresses.list(iso_country="FR")
    same([address.customer_name for address in got], ["Blaise"])

with step("update a queue"):
    twilio.queues(queues[0]).update(friendly_name="renamed", max_size=7)
    got = twilio.queues(queues[0]).fetch()
    same((got.friendly_name, got.max_size), ("renamed", 7))

with step("dates"):
    queue = twilio.queues(queues[1]).fetch()
    same((type(queue.date_created), type(queue.date_updated)), (datetime, datetime))

with step("delete"):
    same(twilio.queues(queues[0]).delete(), True)
    same(twilio.addresses(made.sid).delete(), True)
    each_once([queue.sid for queue in twilio.queues.list()], queues[1:])

with step("error of a deleted address"):
    error = raised(TwilioRestException, lambda: twilio.addresses(made.sid).fetch())
    same(error.status, 404)

with step("error of a deleted queue"):
    error = raised(TwilioRestException, lambda: twilio.queues(queues[0]).fetch())
    same(error.status, 404)

done()
