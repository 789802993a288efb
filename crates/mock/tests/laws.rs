//! The laws of state and pagination, held against a naive model: whatever is created, updated and deleted, in whatever
//! order and however it is paged.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use conformance_contract::{Contract, Folder, Suite};
use conformance_mock::{Mock, Settings};
use conformance_record::Request;
use proptest::prelude::*;
use proptest::sample::Index;
use rstest::rstest;
use serde_json::{Value, json};

fn contract() -> Arc<Contract> {
    static CONTRACT: OnceLock<Arc<Contract>> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    CONTRACT.get_or_init(|| Suite::open(Arc::new(Folder(root))).unwrap().contract).clone()
}

/// A mock without a network.
struct Api(Mock);

impl Api {
    fn new() -> Self {
        Self(Mock::new(contract(), Settings::default(), None).unwrap())
    }

    fn send(&self, token: &str, method: &str, target: &str, body: Option<&Value>) -> (u16, Value) {
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let reply = self.0.respond(&Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        });
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
    }

    fn create(&self, token: &str, name: &str) -> String {
        let (status, body) = self.send(token, "POST", "/v2/conversations", Some(&json!({ "displayName": name })));
        assert_eq!(status, 201, "{body}");
        body["_id"].as_str().unwrap().to_owned()
    }

    fn delete(&self, token: &str, id: &str) -> u16 {
        self.send(token, "DELETE", &format!("/v2/conversations/{id}"), None).0
    }

    fn page(&self, token: &str, query: &str) -> (Vec<String>, bool) {
        let (status, body) = self.send(token, "GET", &format!("/v2/conversations?{query}"), None);
        assert_eq!(status, 200, "{body}");
        let ids = body["data"].as_array().unwrap().iter().map(|item| item["_id"].as_str().unwrap().to_owned());
        (ids.collect(), body["has_more"].as_bool().unwrap())
    }

    /// Pages forward to the end, doing something between any two pages; answers the pages with their `has_more`.
    fn walk(&self, token: &str, limit: usize, mut between: impl FnMut()) -> Vec<(Vec<String>, bool)> {
        let mut pages: Vec<(Vec<String>, bool)> = Vec::new();
        loop {
            let last = pages.last().and_then(|(ids, _)| ids.last());
            let after = last.map_or_else(String::new, |id| format!("&starting_after={id}"));
            let (ids, more) = self.page(token, &format!("limit={limit}{after}"));
            let done = !more || ids.is_empty();
            pages.push((ids, more));
            if done {
                return pages;
            }
            between();
        }
    }

    fn all(&self, token: &str, limit: usize) -> Vec<String> {
        self.walk(token, limit, || {}).into_iter().flat_map(|(ids, _)| ids).collect()
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Create,
    Update(Index),
    Delete(Index),
}

fn deeds(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => Just(Deed::Create),
        1 => any::<Index>().prop_map(Deed::Update),
        2 => any::<Index>().prop_map(Deed::Delete),
    ];
    prop::collection::vec(deed, 0..most)
}

/// Does the deeds to the mock and to a list, the newest first. Answers the ids that were deleted.
fn live(api: &Api, model: &mut Vec<String>, deeds: &[Deed]) -> Vec<String> {
    let mut gone = Vec::new();
    for deed in deeds {
        match deed {
            Deed::Create => model.insert(0, api.create("t", "x")),
            Deed::Update(which) if !model.is_empty() => {
                let target = format!("/v2/conversations/{}", which.get(model));
                assert_eq!(api.send("t", "PATCH", &target, Some(&json!({ "displayName": "y" }))).0, 200);
            }
            Deed::Delete(which) if !model.is_empty() => {
                let id = model.remove(which.index(model.len()));
                assert_eq!(api.delete("t", &id), 204);
                gone.push(id);
            }
            _ => {}
        }
    }
    gone
}

fn lived(deeds: &[Deed]) -> (Api, Vec<String>) {
    let (api, mut model) = (Api::new(), Vec::new());
    live(&api, &mut model, deeds);
    (api, model)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_forward_partition_the_list_and_has_more_is_exact(deeds in deeds(60), limit in 1_usize..30) {
        let (api, model) = lived(&deeds);
        let mut seen = Vec::new();
        for (ids, more) in api.walk("t", limit, || {}) {
            seen.extend(ids.iter().cloned());
            prop_assert_eq!(more, seen.len() < model.len());
            prop_assert!(ids.len() == limit || !more && ids.len() < limit);
        }
        prop_assert_eq!(seen, model);
    }

    #[test]
    fn a_page_backward_is_the_slice_before_its_cursor(deeds in deeds(60), limit in 1_usize..30, at in any::<Index>()) {
        let (api, model) = lived(&deeds);
        prop_assume!(!model.is_empty());
        let at = at.index(model.len());
        let (ids, more) = api.page("t", &format!("limit={limit}&ending_before={}", model[at]));
        let from = at.saturating_sub(limit);
        prop_assert_eq!((&ids[..], more), (&model[from..at], from > 0));
    }

    #[test]
    fn both_cursors_give_what_lies_between(deeds in deeds(40), limit in 1_usize..30, a in any::<Index>(), b in any::<Index>()) {
        let (api, model) = lived(&deeds);
        prop_assume!(!model.is_empty());
        let (a, b) = (a.index(model.len()), b.index(model.len()));
        let (ids, more) = api.page("t", &format!("limit={limit}&starting_after={}&ending_before={}", model[a], model[b]));
        let between = if a < b { &model[a + 1..b] } else { &[] };
        prop_assert_eq!((&ids[..], more), (&between[..between.len().min(limit)], between.len() > limit));
    }

    #[test]
    fn writes_between_pages_neither_repeat_nor_lose_a_survivor(
        before in deeds(40),
        // The writes may well delete the cursor's own conversation.
        between in prop::collection::vec(deeds(6), 1..12),
        limit in 1_usize..8,
    ) {
        let (api, mut model) = lived(&before);
        let at_start = model.clone();
        let (mut gone, mut writes) = (Vec::new(), between.iter());
        let pages = api.walk("t", limit, || gone.extend(writes.next().map_or_else(Vec::new, |deeds| live(&api, &mut model, deeds))));
        let seen: Vec<String> = pages.into_iter().flat_map(|(ids, _)| ids).collect();
        prop_assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "nothing repeats");
        let survivors = at_start.iter().filter(|id| !gone.contains(id));
        prop_assert!(survivors.clone().all(|id| seen.contains(id)), "no survivor is lost");
        let in_order: Vec<_> = at_start.iter().filter(|id| seen.contains(id)).collect();
        prop_assert_eq!(in_order, seen.iter().filter(|id| at_start.contains(id)).collect::<Vec<_>>(), "the order is strict");
    }

    #[test]
    fn ids_and_times_rise_with_every_create(count in 2_usize..40) {
        let api = Api::new();
        let ids: Vec<String> = (0..count).map(|_| api.create("t", "x")).collect();
        prop_assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let (_, body) = api.send("t", "GET", "/v2/conversations?limit=100", None);
        let times: Vec<u64> = body["data"].as_array().unwrap().iter().map(|item| item["createdAt"].as_u64().unwrap()).collect();
        prop_assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn a_name_comes_back_as_it_was_sent(name in prop::collection::vec(any::<char>(), 1..=100)) {
        let name: String = name.into_iter().collect();
        let api = Api::new();
        let id = api.create("t", &name);
        let (_, whole) = api.send("t", "GET", &format!("/v2/conversations/{id}"), None);
        let (_, list) = api.send("t", "GET", "/v2/conversations", None);
        prop_assert_eq!(whole["displayName"].as_str(), Some(name.as_str()));
        prop_assert_eq!(list["data"][0]["displayName"].as_str(), Some(name.as_str()));
    }

    #[test]
    fn whatever_is_asked_the_answer_is_json_and_no_5xx(
        method in "GET|POST|PATCH|DELETE|PUT|HEAD|OPTIONS|[A-Z]{1,8}",
        target in "/(v2/conversations(/[!-~]{0,12})?)?(\\?[!-~]{0,24})?",
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let headers = [("authorization", "Bearer t"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let reply = Api::new().0.respond(&Request { method, target, headers, body });
        prop_assert!(reply.status < 500);
        prop_assert!(reply.body.is_empty() || serde_json::from_slice::<Value>(&reply.body).is_ok());
    }
}

#[rstest]
#[case::one_byte("a")]
#[case::two_bytes("é")]
#[case::three_bytes("한")]
#[case::four_bytes("😀")]
fn a_hundred_characters_are_a_name_and_one_more_is_not(#[case] character: &str) {
    let api = Api::new();
    let create = |length: usize| {
        api.send("t", "POST", "/v2/conversations", Some(&json!({ "displayName": character.repeat(length) }))).0
    };
    assert_eq!([0, 1, 100, 101].map(create), [400, 201, 201, 400]);
}

#[test]
fn eight_threads_in_one_workspace_lose_and_repeat_nothing() {
    let api = Api::new();
    let work = |worker: usize| -> Vec<String> {
        let mut mine = Vec::new();
        for n in 0..50 {
            mine.push(api.create("t", &format!("{worker}.{n}")));
            if n % 3 == 0 {
                assert_eq!(api.delete("t", &mine.remove(mine.len() / 2)), 204);
            }
            // What this thread made and kept shows, in its own order, whatever the others do meanwhile.
            let seen = api.all("t", 97);
            assert_eq!(
                seen.iter().rev().filter(|id| mine.contains(id)).collect::<Vec<_>>(),
                mine.iter().collect::<Vec<_>>()
            );
        }
        mine
    };
    let survivors: BTreeSet<String> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..8).map(|worker| scope.spawn(move || work(worker))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let newest_first: Vec<String> = survivors.into_iter().rev().collect();
    assert_eq!(api.all("t", 100), newest_first, "ids rise with creation, also across threads");
}

#[test]
fn two_hundred_tokens_at_work_at_once_never_see_each_other() {
    let api = Api::new();
    std::thread::scope(|scope| {
        for worker in 0..200 {
            let api = &api;
            scope.spawn(move || {
                let (token, neighbour) = (format!("token-{worker}"), format!("token-{}", (worker + 1) % 200));
                let mine: Vec<String> = (0..12).map(|n| api.create(&token, &format!("{worker}.{n}"))).collect();
                assert_eq!(api.page(&token, "limit=100"), (mine.iter().rev().cloned().collect(), false));
                for (n, id) in mine.iter().enumerate() {
                    let target = format!("/v2/conversations/{id}");
                    assert_eq!(api.send(&neighbour, "GET", &target, None).0, 404);
                    assert_eq!(
                        api.send(&neighbour, "PATCH", &target, Some(&json!({ "displayName": "theirs" }))).0,
                        404
                    );
                    assert_eq!(api.delete(&neighbour, id), 404);
                    let (_, body) = api.send(&token, "GET", &target, None);
                    assert_eq!(body["displayName"].as_str(), Some(format!("{worker}.{n}").as_str()));
                }
            });
        }
    });
}

#[test]
fn a_deleted_cursor_keeps_its_place() {
    let api = Api::new();
    let ids: Vec<String> = (0..5).map(|n| api.create("t", &n.to_string())).collect();
    assert_eq!(api.delete("t", &ids[2]), 204);
    assert_eq!(api.page("t", &format!("starting_after={}", ids[2])).0, [ids[1].clone(), ids[0].clone()]);
    assert_eq!(api.page("t", &format!("ending_before={}", ids[2])).0, [ids[4].clone(), ids[3].clone()]);
}
