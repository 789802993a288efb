"""The Python `stripe` library against a mock: customers, products with their prices and plans, coupons."""

import stripe

from steps import MOCK, done, each_once, raised, same, step

stripe.api_base = MOCK
stripe.api_key = "sk_test_python"

with step("create"):
    ada = stripe.Customer.create(
        email="ada@example.com", name="Ada", metadata={"plan": "pro"}
    )
    same((ada.object, ada.email), ("customer", "ada@example.com"))

with step("retrieve"):
    got = stripe.Customer.retrieve(ada.id)
    same((got.id, got.name, got.metadata.plan), (ada.id, "Ada", "pro"))

with step("update"):
    same(stripe.Customer.modify(ada.id, name="Ada King").name, "Ada King")
    got = stripe.Customer.retrieve(ada.id)
    same((got.name, got.email), ("Ada King", "ada@example.com"))

with step("save"):
    got = stripe.Customer.retrieve(ada.id)
    got.description = "The first"
    got.metadata["plan"] = "free"
    got.save()
    got = stripe.Customer.retrieve(ada.id)
    same((got.description, got.metadata.plan), ("The first", "free"))

with step("auto-paging"):
    made = [ada.id] + [
        stripe.Customer.create(email=f"{n}@example.com").id for n in range(25)
    ]
    page = stripe.Customer.list(limit=10)
    same((len(page.data), page.has_more), (10, True))
    each_once([c.id for c in page.auto_paging_iter()], made)

with step("filter by email"):
    page = stripe.Customer.list(email="7@example.com")
    same([c.email for c in page.data], ["7@example.com"])

with step("products"):
    pen = stripe.Product.create(name="Pen", type="good")
    stripe.Product.modify(pen.id, name="Quill")
    same(stripe.Product.retrieve(pen.id).name, "Quill")
    goods = [pen.id] + [
        stripe.Product.create(name=f"Pen {n}", type="good").id for n in range(25)
    ]
    each_once([p.id for p in stripe.Product.list(limit=10).auto_paging_iter()], goods)

with step("error of a deleted product"):
    same(stripe.Product.delete(pen.id).deleted, True)
    each_once([p.id for p in stripe.Product.list(limit=10).auto_paging_iter()], goods[1:])
    error = raised(
        stripe.error.InvalidRequestError, lambda: stripe.Product.retrieve(pen.id)
    )
    same(error.http_status, 404)

with step("prices"):
    price = stripe.Price.create(
        currency="usd", unit_amount=250, nickname="Cheap", product=goods[1]
    )
    stripe.Price.create(currency="eur", unit_amount=900, product=goods[2])
    stripe.Price.modify(price.id, nickname="Cheaper")
    got = stripe.Price.retrieve(price.id)
    same((got.unit_amount, got.currency, got.nickname), (250, "usd", "Cheaper"))
    same([one.id for one in stripe.Price.list(currency="usd").data], [price.id])

with step("plans of a product"):
    tea, ink = [stripe.Product.create(name=name, type="service").id for name in ("Tea", "Ink")]
    plans = {
        product: stripe.Plan.create(
            amount=500, currency="usd", interval="month", product=product
        ).id
        for product in (tea, ink)
    }
    got = stripe.Plan.retrieve(plans[ink])
    same((got.amount, got.interval, got.product), (500, "month", ink))
    same([plan.id for plan in stripe.Plan.list(product=ink).data], [plans[ink]])

with step("delete"):
    same(stripe.Customer.delete(ada.id).deleted, True)
    same(stripe.Customer.retrieve(ada.id).deleted, True)
    each_once([c.id for c in stripe.Customer.list().auto_paging_iter()], made[1:])

with step("error of a deleted coupon"):
    coupon = stripe.Coupon.create(percent_off=25, duration="once")
    same(stripe.Coupon.retrieve(coupon.id).percent_off, 25)
    same(coupon.delete().deleted, True)
    error = raised(
        stripe.error.InvalidRequestError, lambda: stripe.Coupon.retrieve(coupon.id)
    )
    same(error.http_status, 404)

done()
