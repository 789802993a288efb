//! Lists in pages: each object exactly once, and the end said exactly where it is.

use rstest::rstest;
use serde_json::{Value, json};

use super::client::{Answer, Server, text};

/// So many objects are listed: pages of ten end where the list does, pages of seven do not.
const COUNT: usize = 20;

/// A list in pages: what makes one more object, the first request for pages of some size, and the request that an answer
/// says comes next.
struct Paged {
    document: &'static str,
    collection: &'static str,
    list: &'static str,
    sent: Value,
    first: fn(usize) -> String,
    next: fn(&Answer, &str) -> Option<String>,
    newest_first: bool,
}

fn made(server: &Server, paged: &Paged) -> Vec<Value> {
    let create = || {
        let request = format!("POST {}", paged.collection);
        let body = match paged.document {
            "forms" => server.form(&request, "email=a%40example.com").must(200),
            _ => server.json(&request, &paged.sent).body,
        };
        body.get("customer").unwrap_or(&body)["id"].clone()
    };
    (0..COUNT).map(|_| create()).collect()
}

fn ids(answer: &Answer, list: &str) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body.pointer(list).and_then(Value::as_array).unwrap();
    items.iter().map(|item| item["id"].clone()).collect()
}

/// The target that a `Link` field gives for a relation.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let wanted = format!("rel=\"{relation}\"");
    let found = answer.header("link").split(", ").find(|one| one.ends_with(&wanted))?;
    Some(found.split(['<', '>']).nth(1).unwrap().to_owned())
}

/// `size` of `…?limit=size&…`.
fn number(target: &str, name: &str) -> usize {
    let pair = target.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    pair.map_or(0, |value| value.parse().unwrap())
}

fn page_numbers() -> Paged {
    Paged {
        document: "page-numbers",
        collection: "/recipes",
        list: "/recipes",
        sent: json!({ "title": "Soup", "serves": 4 }),
        first: |size| format!("/recipes?per_page={size}&page=1"),
        next: |answer, target| {
            let (page, size) = (number(target, "page"), number(target, "per_page"));
            let told = json!({ "page": page, "per_page": size, "total": COUNT, "total_pages": COUNT.div_ceil(size) });
            super::client::has(&answer.body, &told);
            let is_last = answer.body["page"] == answer.body["total_pages"];
            (!is_last).then(|| format!("/recipes?per_page={size}&page={}", page + 1))
        },
        newest_first: false,
    }
}

fn offset() -> Paged {
    Paged {
        document: "offset",
        collection: "/stations",
        list: "",
        sent: json!({ "title": "Ridge" }),
        first: |size| format!("/stations?limit={size}"),
        next: |answer, target| {
            let (size, next) = (number(target, "limit"), number(target, "offset") + number(target, "limit"));
            assert_eq!(answer.header("x-total-count"), COUNT.to_string());
            (next < COUNT).then(|| format!("/stations?limit={size}&offset={next}"))
        },
        newest_first: false,
    }
}

fn tokens() -> Paged {
    Paged {
        document: "tokens",
        collection: "/v1/objects",
        list: "/objects",
        sent: json!({ "title": "a.txt" }),
        first: |size| format!("/v1/objects?pageSize={size}"),
        next: |answer, target| {
            let token = answer.body.get("next_page_token")?.as_str().unwrap();
            assert!(!token.is_empty());
            Some(format!("/v1/objects?pageSize={}&pageToken={token}", number(target, "pageSize")))
        },
        newest_first: false,
    }
}

fn link_header() -> Paged {
    Paged {
        document: "link-header",
        collection: "/issues",
        list: "",
        sent: json!({ "title": "It leaks" }),
        first: |size| format!("/issues?per_page={size}&state=open"),
        next: |answer, _| link(answer, "next"),
        newest_first: false,
    }
}

fn forms() -> Paged {
    Paged {
        document: "forms",
        collection: "/v1/customers",
        list: "/data",
        sent: Value::Null,
        first: |size| format!("/v1/customers?limit={size}"),
        next: |answer, target| {
            let last = answer.body["data"].as_array().unwrap().last().map(|one| text(&one["id"]));
            let more = answer.body["has_more"].as_bool().unwrap();
            more.then(|| format!("/v1/customers?limit={}&starting_after={}", number(target, "limit"), last.unwrap()))
        },
        newest_first: true,
    }
}

fn since_id() -> Paged {
    Paged {
        document: "wrapped",
        collection: "/admin/customers",
        list: "/customers",
        sent: json!({ "customer": { "first_name": "Aroha" } }),
        first: |size| format!("/admin/customers?limit={size}"),
        next: |answer, target| {
            let (size, items) = (number(target, "limit"), answer.body["customers"].as_array().unwrap());
            let last = items.last().map(|one| text(&one["id"]))?;
            // This API says nothing of its end: a page that is not full is the last.
            let before = number(target, "since_id");
            assert!(before == 0 || last.parse::<usize>().unwrap() > before);
            (items.len() == size).then(|| format!("/admin/customers?limit={size}&since_id={last}"))
        },
        newest_first: false,
    }
}

#[rstest]
fn pages_show_each_object_once_and_end_where_the_list_does(
    #[values(page_numbers(), offset(), tokens(), link_header(), forms(), since_id())] paged: Paged,
    #[values(1, 7, 10)] size: usize,
) {
    let server = Server::of(paged.document).sending("authorization", "Bearer me");
    let mut all = made(&server, &paged);
    if paged.newest_first {
        all.reverse();
    }
    let (mut seen, mut target) = (Vec::new(), Some((paged.first)(size)));
    while let Some(here) = target {
        let here = here.strip_prefix(server.url()).unwrap_or(&here).to_owned();
        let answer = server.ask(&format!("GET {here}"));
        seen.push(ids(&answer, paged.list));
        assert!(seen.len() <= COUNT + 1, "there is no end: {here}");
        target = (paged.next)(&answer, &here);
    }
    let mut wanted: Vec<Vec<Value>> = all.chunks(size).map(<[Value]>::to_vec).collect();
    if paged.document == "wrapped" && COUNT.is_multiple_of(size) {
        wanted.push(Vec::new());
    }
    assert_eq!(seen, wanted);
}

#[rstest]
fn an_empty_list_has_no_other_page(#[values(tokens(), link_header(), forms())] paged: Paged) {
    let server = Server::of(paged.document).sending("authorization", "Bearer me");
    let first = (paged.first)(7);
    let answer = server.ask(&format!("GET {first}"));
    assert!(ids(&answer, paged.list).is_empty());
    assert_eq!((paged.next)(&answer, &first), None);
}

#[test]
fn behind_the_last_page_there_is_nothing() {
    let server = Server::of("page-numbers");
    let paged = page_numbers();
    made(&server, &paged);
    let page = server.ask("GET /recipes?per_page=7&page=4").must(200);
    assert_eq!(page, json!({ "recipes": [], "page": 4, "per_page": 7, "total": COUNT, "total_pages": 3 }));
}

#[rstest]
#[case::page(page_numbers(), "/recipes?page=100000000000000000000000")]
#[case::offset(offset(), "/stations?offset=100000000000000000000000")]
fn far_behind_the_last_page_there_is_nothing(#[case] paged: Paged, #[case] target: &str) {
    let server = Server::of(paged.document);
    made(&server, &paged);
    assert!(ids(&server.ask(&format!("GET {target}")), paged.list).is_empty());
}

#[rstest]
#[case::tokens(tokens(), false)]
#[case::starting_after(forms(), true)]
fn a_page_goes_on_behind_an_object_that_is_gone(#[case] paged: Paged, #[case] newest_first: bool) {
    let server = Server::of(paged.document).sending("authorization", "Bearer me");
    let mut all = made(&server, &paged);
    if newest_first {
        all.reverse();
    }
    let first = (paged.first)(7);
    let answer = server.ask(&format!("GET {first}"));
    let next = (paged.next)(&answer, &first).unwrap();
    let gone = server.ask(&format!("DELETE {}/{}", paged.collection, text(&all[6])));
    assert!(gone.status < 300, "{gone:?}");
    assert_eq!(ids(&server.ask(&format!("GET {next}")), paged.list), all[7..14]);
}

#[rstest]
#[case::tokens(tokens(), "/v1/objects?pageToken=0000000000000000000z")]
#[case::starting_after(forms(), "/v1/customers?starting_after=cus_00009zzzzzzzzz")]
#[case::ending_before(forms(), "/v1/customers?ending_before=cus_00009zzzzzzzzz")]
fn a_cursor_that_nobody_gave_is_refused(#[case] paged: Paged, #[case] target: &str) {
    let server = Server::of(paged.document).sending("authorization", "Bearer me");
    made(&server, &paged);
    let answer = server.ask(&format!("GET {target}"));
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[test]
fn pages_go_back_to_the_first() {
    let server = Server::of("forms").sending("authorization", "Bearer me");
    let mut all = made(&server, &forms());
    all.reverse();
    let before = |id: &Value| server.ask(&format!("GET /v1/customers?limit=7&ending_before={}", text(id)));
    let page = before(&all[10]);
    assert_eq!(ids(&page, "/data"), all[3..10]);
    assert_eq!(page.body["has_more"], true);
    let page = before(&all[3]);
    assert_eq!(ids(&page, "/data"), all[..3]);
    assert_eq!(page.body["has_more"], false, "going back, the end is the beginning");
}

#[test]
fn links_lead_to_every_side() {
    let server = Server::of("link-header").sending("authorization", "Bearer me");
    made(&server, &link_header());
    let answer = server.ask("GET /issues?per_page=7&page=2&state=open");
    let at = |page: usize| Some(format!("{}/issues?per_page=7&state=open&page={page}", server.url()));
    let links = ["first", "prev", "next", "last"].map(|relation| link(&answer, relation));
    assert_eq!(links, [at(1), at(1), at(3), at(3)]);
}
