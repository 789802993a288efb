//! The shape of Stripe: forms with members within members, changes by `POST`, and words for what is gone.

use rstest::rstest;
use serde_json::{Value, json};

use super::client::{Server, has};

fn server() -> Server {
    Server::of("forms").sending("authorization", "Bearer sk_test_me")
}

fn path(customer: &Value) -> String {
    format!("/v1/customers/{}", customer["id"].as_str().unwrap())
}

#[test]
fn a_form_is_what_it_says() {
    let server = server();
    let sent = "email=a%40example.com&balance=-250&metadata[colour]=dark+red&metadata[size]=L\
        &address[city]=%C5%8Ctaki&address[country]=NZ&preferred_locales[]=mi&preferred_locales[]=en";
    let made = server.form("POST /v1/customers", sent).must(200);
    has(
        &made,
        &json!({
            "object": "customer", "email": "a@example.com", "balance": -250,
            "metadata": { "colour": "dark red", "size": "L" }, "address": { "city": "Ōtaki", "country": "NZ" },
            "preferred_locales": ["mi", "en"],
        }),
    );
    assert_eq!(made["metadata"].as_object().unwrap().len(), 2);
    assert!(made["id"].as_str().unwrap().starts_with("cus_"));
    assert!(made["created"].is_u64());
    assert_eq!(server.ask(&format!("GET {}", path(&made))).must(200), made);
}

#[rstest]
#[case::another_key("metadata[size]=L", json!({ "colour": "red", "size": "L" }))]
#[case::the_same_key("metadata[colour]=blue", json!({ "colour": "blue" }))]
#[case::a_key_taken_away("metadata[colour]=", json!({}))]
#[case::all_taken_away("metadata=", json!({}))]
#[case::another_member("balance=3", json!({ "colour": "red" }))]
fn a_post_changes_what_it_names(#[case] sent: &str, #[case] metadata: Value) {
    let server = server();
    let made = server.form("POST /v1/customers", "email=a%40example.com&metadata[colour]=red").must(200);
    let changed = server.form(&format!("POST {}", path(&made)), sent).must(200);
    assert_eq!(changed["metadata"], metadata);
    assert_eq!((&changed["id"], &changed["email"]), (&made["id"], &json!("a@example.com")));
    assert_eq!(server.ask(&format!("GET {}", path(&made))).must(200), changed);
}

#[rstest]
#[case::an_array("preferred_locales=", "preferred_locales", json!([]))]
#[case::an_object_that_may_be_null("address=", "address", json!(null))]
fn an_empty_text_is_nothing(#[case] sent: &str, #[case] member: &str, #[case] nothing: Value) {
    let server = server();
    let made = server.form("POST /v1/customers", "preferred_locales[]=mi&address[city]=X").must(200);
    let changed = server.form(&format!("POST {}", path(&made)), sent).must(200);
    assert_eq!(changed[member], nothing);
}

#[test]
fn nothing_is_a_form_too() {
    let made = server().ask("POST /v1/customers").must(200);
    assert_eq!(made["object"], "customer");
}

#[test]
fn what_is_deleted_is_still_spoken_of() {
    let server = server();
    let made = server.form("POST /v1/customers", "email=a%40example.com").must(200);
    let deleted = json!({ "deleted": true, "id": made["id"], "object": "customer" });
    assert_eq!(server.ask(&format!("DELETE {}", path(&made))).must(200), deleted);
    assert_eq!(server.ask(&format!("GET {}", path(&made))).must(200), deleted);
    let error = server.ask(&format!("DELETE {}", path(&made))).must(404);
    assert!(error["error"]["message"].as_str().unwrap().contains(made["id"].as_str().unwrap()), "{error}");
    server.form(&format!("POST {}", path(&made)), "balance=1").must(404);
    assert_eq!(server.ask("GET /v1/customers").must(200)["data"], json!([]));
}

#[test]
fn a_list_is_filtered_by_a_member() {
    let server = server();
    let made =
        ["a", "b", "a"].map(|name| server.form("POST /v1/customers", &format!("email={name}%40example.com")).must(200));
    let list = server.ask("GET /v1/customers?email=a%40example.com").must(200);
    has(&list, &json!({ "object": "list", "has_more": false }));
    assert_eq!(list["data"], json!([made[2], made[0]]));
    assert!(list["url"].as_str().unwrap().starts_with("/v1/customers"));
    let first = server.ask("GET /v1/customers?email=a%40example.com&limit=1").must(200);
    assert_eq!((&first["data"], &first["has_more"]), (&json!([made[2]]), &json!(true)));
}
