//! Laws of windows: pages of any size, walked either way, hold every object once and in order.

use conformance_store::{Collection, Object, Order, Query, Window};
use proptest::prelude::*;
use serde_json::{Map, json};

fn collection(count: u64, removed: &[u64]) -> Collection {
    let mut collection = Collection::default();
    for n in 1..=count {
        let members: Map<_, _> = [("n".to_owned(), json!(n % 3))].into_iter().collect();
        collection.insert(n, Object { members, ids: vec![n.to_string()], remembered: 1 });
    }
    for n in removed {
        collection.remove(*n);
    }
    collection
}

fn walk(collection: &Collection, limit: usize, is_descending: bool, by: Option<&[&str]>) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut window = Window::Offset(0);
    loop {
        let query = Query { filter: &|_| true, order: Order { member: by, is_descending }, window, limit };
        let page = collection.page(&query);
        assert_eq!(page.total(), collection.len());
        seen.extend(page.items.iter().map(|(at, _)| *at));
        match page.items.last() {
            Some((last, _)) if page.after > 0 => window = Window::After(*last),
            _ => return seen,
        }
    }
}

proptest! {
    #[test]
    fn a_walk_holds_every_object_once(count in 0u64..40, limit in 1usize..12, down: bool, by: bool, removed in prop::collection::vec(1u64..40, 0..5)) {
        let collection = collection(count, &removed);
        let by = by.then_some(&["n"][..]);
        let seen = walk(&collection, limit, down, by);
        let whole = collection.page(&Query { filter: &|_| true, order: Order { member: by, is_descending: down }, window: Window::Offset(0), limit: 100 });
        prop_assert_eq!(&seen, &whole.items.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        prop_assert_eq!(seen.len(), collection.len());
    }

    #[test]
    fn going_back_retraces_the_page_before(count in 2u64..40, limit in 1usize..12, down: bool) {
        let collection = collection(count, &[]);
        let order = Order { member: None, is_descending: down };
        let page = |window| collection.page(&Query { filter: &|_| true, order, window, limit });
        let first = page(Window::Offset(0));
        let second = page(Window::After(first.items.last().unwrap().0));
        if let Some((start, _)) = second.items.first() {
            prop_assert_eq!(page(Window::Before(*start)).items, first.items);
        }
    }
}

#[test]
fn a_cursor_that_is_gone_still_says_where_it_was() {
    let collection = collection(9, &[5]);
    let order = Order { member: None, is_descending: false };
    let page = collection.page(&Query { filter: &|_| true, order, window: Window::After(5), limit: 2 });
    assert_eq!(page.items.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [6, 7]);
    assert!(collection.is_gone("5") && !collection.is_gone("6"));
}
