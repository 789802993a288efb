//! Schemas that are made of themselves: `A` is all of `B`, and `B` is all of `A`. A validator that follows them never returns.
//!
//! A schema may contain itself (a tree has trees in it), since each step there goes down in the value. What is cut here are ways
//! that lead back to the same schema for the same value. Cutting the right one matters: a family often has a base that is one of
//! its members, each of which is all of the base. The way up from a member is cut, and the base still tells members apart.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::grammar;

/// After so many cuts one by one, all ways in question are cut: nobody writes such a document by hand.
const ROUNDS: usize = 1_000;

/// A way from one schema to another for the same value.
struct Edge {
    to: usize,
    at: String,
    /// Whether cutting it may allow all: true where a schema demands everything on this way, false where it offers a choice.
    demands: bool,
}

/// The references to cut, by their place, and the schema that they become: true allows all, false nothing.
pub(crate) fn cut(
    root: &Value,
    targets: Option<&HashMap<String, Option<String>>>,
    old: bool,
) -> BTreeMap<String, bool> {
    let Some(targets) = targets else { return BTreeMap::new() };
    // Sorted, so that equal documents are cut in equal places.
    let places: BTreeMap<&str, usize> = targets.values().flatten().map(|place| (place.as_str(), 0)).collect();
    let places: BTreeMap<&str, usize> = places.into_keys().enumerate().map(|(index, place)| (place, index)).collect();
    let graph: Vec<Vec<Edge>> = places
        .keys()
        .map(|place| {
            let mut edges = Vec::new();
            let mut add = |text: &str, at: String, demands: bool| {
                let target = targets.get(text).and_then(Option::as_deref).and_then(|place| places.get(place));
                edges.extend(target.map(|to| Edge { to: *to, at, demands }));
            };
            if let Some(value) = root.pointer(place) {
                same_value(value, place, true, old, &mut add);
            }
            edges
        })
        .collect();
    let mut cuts = BTreeMap::new();
    while let Some(cycle) = find(&graph, &cuts) {
        if cuts.len() >= ROUNDS {
            cuts.extend(graph.iter().flatten().map(|edge| (edge.at.clone(), edge.demands)));
            break;
        }
        let edge = cycle.iter().rev().find(|edge| edge.demands).or(cycle.last());
        cuts.extend(edge.map(|edge| (edge.at.clone(), edge.demands)));
    }
    cuts
}

/// All references that a schema follows for the value that it is asked about.
fn same_value(schema: &Value, at: &str, demands: bool, old: bool, add: &mut impl FnMut(&str, String, bool)) {
    let Value::Object(members) = schema else { return };
    if let Some(text) = grammar::reference(schema) {
        add(text, at.to_owned(), demands);
        if old {
            return;
        }
    }
    for (key, value) in members {
        let at = || format!("{at}/{key}");
        match (key.as_str(), value) {
            ("allOf" | "anyOf" | "oneOf", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    same_value(item, &format!("{}/{index}", at()), demands && key == "allOf", old, add);
                }
            }
            ("then" | "else", value) => same_value(value, &at(), demands, old, add),
            ("not" | "if", value) => same_value(value, &at(), false, old, add),
            ("dependentSchemas", Value::Object(named)) => {
                for (name, value) in named {
                    same_value(value, &conformance_source::pointer::push(&at(), name), demands, old, add);
                }
            }
            _ => {}
        }
    }
}

/// The ways of one cycle, in order. It is looked for without recursion: a chain of references may be as long as a document.
fn find<'g>(graph: &'g [Vec<Edge>], cuts: &BTreeMap<String, bool>) -> Option<Vec<&'g Edge>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        OnTheWay,
        Done,
    }
    let mut seen = vec![Seen::Never; graph.len()];
    for start in 0..graph.len() {
        if seen[start] != Seen::Never {
            continue;
        }
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        seen[start] = Seen::OnTheWay;
        while let Some((node, next)) = way.last_mut() {
            let Some(edge) = graph[*node].get(*next) else {
                seen[*node] = Seen::Done;
                way.pop();
                continue;
            };
            *next += 1;
            match seen[edge.to] {
                _ if cuts.contains_key(&edge.at) => {}
                Seen::Done => {}
                Seen::Never => {
                    seen[edge.to] = Seen::OnTheWay;
                    way.push((edge.to, 0));
                }
                Seen::OnTheWay => {
                    let taken = |(node, next): &(usize, usize)| &graph[*node][*next - 1];
                    return Some(way.iter().skip_while(|(node, _)| *node != edge.to).map(taken).collect());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::a_tree(json!({ "A": { "properties": { "a": { "$ref": "A" } }, "items": { "$ref": "A" } } }), &[])]
    #[case::itself(json!({ "A": { "$ref": "A" } }), &[("/A", true)])]
    #[case::a_circle(json!({ "A": { "$ref": "B" }, "B": { "$ref": "C" }, "C": { "$ref": "A" } }), &[("/C", true)])]
    #[case::a_chain(json!({ "A": { "$ref": "B" }, "B": { "$ref": "C" }, "C": {} }), &[])]
    #[case::all_of_itself(json!({ "A": { "allOf": [{ "$ref": "A" }, {}] } }), &[("/A/allOf/0", true)])]
    #[case::one_of_itself(json!({ "A": { "oneOf": [{}, { "$ref": "A" }] } }), &[("/A/oneOf/1", false)])]
    #[case::a_family(
        json!({
            "Cat": { "allOf": [{ "$ref": "Pet" }] },
            "Dog": { "allOf": [{ "$ref": "Pet" }] },
            "Pet": { "oneOf": [{ "$ref": "Cat" }, { "$ref": "Dog" }] },
        }),
        &[("/Cat/allOf/0", true), ("/Dog/allOf/0", true)]
    )]
    fn ways_back_to_the_same_value_are_cut(#[case] root: Value, #[case] expected: &[(&str, bool)]) {
        let names = root.as_object().expect("an object").keys();
        let targets = names.map(|name| (name.clone(), Some(format!("/{name}")))).collect();
        let cuts: Vec<_> = cut(&root, Some(&targets), false).into_iter().collect();
        let expected: Vec<_> = expected.iter().map(|(at, becomes)| ((*at).to_owned(), *becomes)).collect();
        assert_eq!(cuts, expected);
    }
}
