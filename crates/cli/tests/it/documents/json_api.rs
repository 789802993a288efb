//! JSON:API: members in `attributes`, pages and filters in brackets.

use serde_json::{Value, json};

use super::client::{Server, text};

const MEDIA_TYPE: &[(&str, &str)] = &[("content-type", "application/vnd.api+json")];

fn write(server: &Server, title: &str, status: &str) -> Value {
    let author = json!({ "data": { "type": "people", "id": "1" } });
    let attributes = json!({ "title": title, "status": status });
    let body =
        json!({ "data": { "type": "articles", "attributes": attributes, "relationships": { "author": author } } });
    server.send("POST /articles", MEDIA_TYPE, &body.to_string()).must(201)["data"].take()
}

fn titles(server: &Server, target: &str) -> Vec<String> {
    let list = server.ask(&format!("GET {target}")).must(200);
    list["data"].as_array().unwrap().iter().map(|one| text(&one["attributes"]["title"])).collect()
}

#[test]
fn members_in_attributes_are_kept_filtered_ordered_and_changed() {
    let server = Server::of("json-api").sending("authorization", "Bearer t");
    let first = write(&server, "B", "draft");
    for (title, status) in [("C", "published"), ("A", "draft")] {
        write(&server, title, status);
    }
    // What was made last comes first, as the description of the list says.
    assert_eq!(titles(&server, "/articles"), ["A", "C", "B"]);
    assert_eq!(titles(&server, "/articles?filter%5Bstatus%5D=draft"), ["A", "B"]);
    assert_eq!(titles(&server, "/articles?sort=title&page%5Bsize%5D=2"), ["A", "B"]);
    assert_eq!(titles(&server, "/articles?sort=-title&page%5Bsize%5D=2&page%5Bnumber%5D=2"), ["A"]);
    let item = format!("/articles/{}", text(&first["id"]));
    let change = json!({ "data": { "type": "articles", "id": first["id"], "attributes": { "title": "D" } } });
    let changed = server.send(&format!("PATCH {item}"), MEDIA_TYPE, &change.to_string()).must(200);
    let (before, after) = (&first["attributes"], &changed["data"]["attributes"]);
    assert_eq!((&after["title"], &after["status"]), (&json!("D"), &json!("draft")));
    assert_eq!(after["createdAt"], before["createdAt"]);
    assert_ne!(after["updatedAt"], json!("2024-01-02T03:04:05Z"));
    assert_eq!(server.ask(&format!("GET {item}")).must(200)["data"], changed["data"]);
}
