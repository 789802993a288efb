// The Node `stripe` library against a mock: customers, products and coupons.

import Stripe from "stripe";

import { MOCK, eachOnce, rejected, same, step } from "./steps.mjs";

const { hostname, port } = new URL(MOCK);
const stripe = new Stripe("sk_test_node", {
  apiVersion: "2020-03-02",
  host: hostname,
  port,
  protocol: "http",
  telemetry: false,
});

let ada;
let made;
let pen;

await step("create", async () => {
  ada = await stripe.customers.create({
    email: "ada@example.com",
    name: "Ada",
    metadata: { plan: "pro" },
  });
  same([ada.object, ada.email], ["customer", "ada@example.com"]);
});

await step("retrieve", async () => {
  const got = await stripe.customers.retrieve(ada.id);
  same([got.id, got.name, got.metadata.plan], [ada.id, "Ada", "pro"]);
});

await step("update", async () => {
  same((await stripe.customers.update(ada.id, { name: "Ada King" })).name, "Ada King");
  const got = await stripe.customers.retrieve(ada.id);
  same([got.name, got.email], ["Ada King", "ada@example.com"]);
});

await step("auto-paging", async () => {
  made = [ada.id];
  for (let n = 0; n < 25; n++) {
    made.push((await stripe.customers.create({ email: `${n}@example.com` })).id);
  }
  const page = await stripe.customers.list({ limit: 10 });
  same([page.data.length, page.has_more], [10, true]);
  const got = [];
  for await (const customer of stripe.customers.list({ limit: 10 })) got.push(customer.id);
  eachOnce(got, made);
});

await step("filter by email", async () => {
  const page = await stripe.customers.list({ email: "7@example.com" });
  same(page.data.map((customer) => customer.email), ["7@example.com"]);
});

await step("delete", async () => {
  same((await stripe.customers.del(ada.id)).deleted, true);
  same((await stripe.customers.retrieve(ada.id)).deleted, true);
  const got = await stripe.customers.list().autoPagingToArray({ limit: 100 });
  eachOnce(got.map((customer) => customer.id), made.slice(1));
});

await step("products", async () => {
  pen = await stripe.products.create({ name: "Pen", type: "good" });
  await stripe.products.update(pen.id, { name: "Quill" });
  same((await stripe.products.retrieve(pen.id)).name, "Quill");
});

await step("auto-paging of products", async () => {
  const goods = [pen.id];
  for (let n = 0; n < 25; n++) {
    goods.push((await stripe.products.create({ name: `Pen ${n}`, type: "good" })).id);
  }
  const got = [];
  for await (const product of stripe.products.list({ limit: 10 })) got.push(product.id);
  eachOnce(got, goods);
});

await step("error of a deleted product", async () => {
  same((await stripe.products.del(pen.id)).deleted, true);
  const error = await rejected(stripe.products.retrieve(pen.id));
  same([error.type, error.statusCode], ["StripeInvalidRequestError", 404]);
});

await step("error of a deleted coupon", async () => {
  const coupon = await stripe.coupons.create({ percent_off: 25, duration: "once" });
  same((await stripe.coupons.retrieve(coupon.id)).percent_off, 25);
  same((await stripe.coupons.del(coupon.id)).deleted, true);
  const error = await rejected(stripe.coupons.retrieve(coupon.id));
  same([error.type, error.statusCode], ["StripeInvalidRequestError", 404]);
});
