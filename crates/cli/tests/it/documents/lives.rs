//! Objects from their beginning to their end, in every shape of API in the same way.

use rstest::rstest;
use serde_json::{Value, json};

use super::client::{Server, has, text};

/// How an API treats one kind of object.
struct Life {
    document: &'static str,
    collection: &'static str,
    /// What leads to the object in a response, and to the list.
    object: &'static str,
    list: &'static str,
    id: &'static str,
    created: u16,
    sent: Value,
    method: &'static str,
    media_type: &'static str,
    change: Value,
}

const LIFE: Life = Life {
    document: "",
    collection: "",
    object: "",
    list: "",
    id: "id",
    created: 201,
    sent: Value::Null,
    method: "PATCH",
    media_type: "application/json",
    change: Value::Null,
};

#[rstest]
#[case::nested(Life {
    document: "nested", collection: "/branches",
    sent: json!({ "name": "Harbour", "seats": 12 }), change: json!({ "name": "Old harbour" }), ..LIFE
})]
#[case::page_numbers(Life {
    document: "page-numbers", collection: "/recipes", list: "/recipes", method: "PUT",
    sent: json!({ "title": "Soup", "serves": 4, "source": null, "steps": ["boil"] }),
    change: json!({ "title": "Stew", "serves": 6, "steps": ["boil", "wait"] }), ..LIFE
})]
#[case::below_the_path_of_a_server(Life {
    document: "page-numbers", collection: "/api/v1/recipes", list: "/recipes", method: "PUT",
    sent: json!({ "title": "Soup", "serves": 4 }), change: json!({ "title": "Stew", "serves": 6 }), ..LIFE
})]
#[case::offset(Life {
    document: "offset", collection: "/stations",
    sent: json!({ "title": "Ridge", "latitude": -41.25, "operator": null }), change: json!({ "latitude": 90 }), ..LIFE
})]
#[case::tokens(Life {
    document: "tokens", collection: "/v1/objects", list: "/objects", created: 200,
    sent: json!({ "title": "a.txt", "size": 0, "labels": { "team": "x" } }), change: json!({ "size": 7 }), ..LIFE
})]
#[case::link_header(Life {
    document: "link-header", collection: "/issues", id: "number",
    sent: json!({ "title": "It leaks", "body": null }), change: json!({ "state": "closed" }), ..LIFE
})]
#[case::basic(Life {
    document: "basic", collection: "/rest/jobs", id: "jobId", method: "PUT",
    sent: json!({ "file": "map.pdf", "copies": 3, "duplex": false }),
    change: json!({ "file": "map.ps", "copies": 1 }), ..LIFE
})]
#[case::wrapped(Life {
    document: "wrapped", collection: "/admin/customers", object: "/customer", list: "/customers", method: "PUT",
    sent: json!({ "email": "a@example.com", "first_name": "Aroha" }), change: json!({ "email": "b@example.com" }), ..LIFE
})]
#[case::named(Life {
    document: "named", collection: "/flags", list: "/items", id: "name", method: "PUT",
    sent: json!({ "name": "dark-mode", "enabled": false, "note": "soon" }), change: json!({ "enabled": true }), ..LIFE
})]
#[case::problems(Life {
    document: "problems", collection: "/bookings", list: "/data", id: "reference",
    media_type: "application/merge-patch+json",
    sent: json!({ "sailing": "2031-05-01", "passengers": 2, "vehicle": { "length": 4.5 } }),
    change: json!({ "vehicle": null }), ..LIFE
})]
#[case::members(Life {
    document: "two-resources", collection: "/members", list: "/members",
    sent: json!({ "nickname": "Kit", "instrument": "viola", "fee": 0, "password": "correct horse" }),
    change: json!({ "fee": 25 }), ..LIFE
})]
#[case::rehearsals(Life {
    document: "two-resources", collection: "/rehearsals", method: "PUT",
    sent: json!({ "on": "2030-02-28", "hall": "B" }), change: json!({ "on": "2030-03-01" }), ..LIFE
})]
fn an_object_is_what_was_sent_until_it_is_deleted(#[case] life: Life) {
    let scheme = if life.document == "basic" { "Basic bWU6cHc=" } else { "Bearer me" };
    let server = Server::of(life.document).sending("authorization", scheme);
    let wrap = |value: &Value| match life.object.strip_prefix('/') {
        Some(name) => json!({ name: value }),
        None => value.clone(),
    };
    let object = |body: &Value| body.pointer(life.object).cloned().unwrap();
    let list = || server.ask(&format!("GET {}", life.collection)).must(200).pointer(life.list).cloned().unwrap();
    assert_eq!(list(), json!([]));

    // No server tells what only clients write.
    let mut told = life.sent.clone();
    told.as_object_mut().unwrap().remove("password");
    let made = object(&server.json(&format!("POST {}", life.collection), &wrap(&life.sent)).must(life.created));
    has(&made, &told);
    let item = format!("{}/{}", life.collection, text(&made[life.id]));
    assert_eq!(object(&server.ask(&format!("GET {item}")).must(200)), made);
    assert_eq!(list(), json!([made]));

    let headers = [("content-type", life.media_type)];
    let changed = server.send(&format!("{} {item}", life.method), &headers, &wrap(&life.change).to_string()).must(200);
    let changed = object(&changed);
    has(&changed, &life.change);
    assert_eq!(changed[life.id], made[life.id]);
    if life.method == "PATCH" {
        let kept = told.as_object().unwrap().iter().filter(|(name, _)| life.change.get(name.as_str()).is_none());
        kept.for_each(|(name, value)| assert_eq!(&changed[name], value, "{name}"));
    }
    assert_eq!(object(&server.ask(&format!("GET {item}")).must(200)), changed);
    assert_eq!(list(), json!([changed]));

    let gone = server.ask(&format!("DELETE {item}"));
    assert!(matches!(gone.status, 200 | 204), "{gone:?}");
    for method in ["GET", "DELETE"] {
        server.ask(&format!("{method} {item}")).must(404);
    }
    assert_eq!(list(), json!([]));
}

#[test]
fn two_kinds_of_object_do_not_meet() {
    let server = Server::of("two-resources");
    let member = server.json("POST /members", &json!({ "nickname": "Kit", "password": "correct horse" })).must(201);
    assert_eq!(server.ask("GET /rehearsals").must(200), json!([]));
    server.ask(&format!("GET /rehearsals/{}", text(&member["id"]))).must(404);
}

#[test]
fn children_are_their_parents_and_die_with_them() {
    let server = Server::of("nested");
    let branch = |name: &str| text(&server.json("POST /branches", &json!({ "name": name })).must(201)["id"]);
    let (one, other) = (branch("Harbour"), branch("Hill"));
    let shelves = |branch: &str| format!("/branches/{branch}/shelves");
    let put_up = |branch: &str, label: &str| {
        server.json(&format!("POST {}", shelves(branch)), &json!({ "label": label, "books": ["Emma"] })).must(201)
    };
    let (first, second, elsewhere) = (put_up(&one, "A1"), put_up(&one, "A2"), put_up(&other, "B1"));
    assert_eq!(text(&first["branchId"]), one);
    assert_eq!(text(&elsewhere["branchId"]), other);
    assert_eq!(server.ask(&format!("GET {}", shelves(&one))).must(200), json!([first, second]));
    assert_eq!(server.ask(&format!("GET {}", shelves(&other))).must(200), json!([elsewhere]));
    let id = text(&first["id"]);
    server.ask(&format!("GET {}/{id}", shelves(&other))).must(404);
    server.ask(&format!("DELETE {}/{id}", shelves(&other))).must(404);
    assert_eq!(server.ask(&format!("GET {}/{id}", shelves(&one))).must(200), first);

    server.ask(&format!("DELETE /branches/{one}")).must(204);
    let below = [shelves(&one), format!("{}/{id}", shelves(&one))];
    below.iter().for_each(|path| drop(server.ask(&format!("GET {path}")).must(404)));
    server.json(&format!("POST {}", shelves(&one)), &json!({ "label": "A3" })).must(404);
    assert_eq!(server.ask(&format!("GET {}", shelves(&other))).must(200), json!([elsewhere]));
}
