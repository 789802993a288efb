//! Path templates, and which of them a path fits.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::query::encode;

/// A template with its parameters made equal and `.json` left out: `/pets/{petId}.json` → `/pets/{}`.
#[must_use]
pub fn plain(template: &str) -> String {
    let template = template.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
    let template = template.strip_suffix(".json").unwrap_or(template);
    let mut plain = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        plain.push_str(&rest[..open]);
        plain.push_str("{}");
        rest = &rest[open + close + 1..];
    }
    plain.push_str(rest);
    plain
}

/// The names of a template's parameters, in their order.
#[must_use]
pub fn parameters(template: &str) -> Vec<&str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

/// A template with these values in place of its parameters, encoded; none when there are too few.
#[must_use]
pub fn fill(template: &str, values: &[String]) -> Option<String> {
    let mut rest = template.split(['?', '#']).next().unwrap_or("");
    let mut path = String::new();
    let mut values = values.iter();
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str(&encode(values.next()?));
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    Some(path + rest)
}

/// What a segment of a path may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    /// Text around and between parameters: `{owner}`, `{sid}.json`, `{base}...{head}`.
    Mixed(Vec<String>),
}

/// All paths of a document.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
    templates: Vec<String>,
}

#[derive(Debug, Default)]
struct Node {
    fixed: BTreeMap<String, Node>,
    /// The pieces of fixed text around the parameters, with the most text first.
    mixed: Vec<(Vec<String>, Node)>,
    end: Option<usize>,
}

/// A path that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number of its template, in the order in which they were added.
    pub template: usize,
    /// The decoded values of its parameters, in their order.
    pub values: Vec<String>,
}

impl Router {
    /// Adds a template, and gives its number; equal templates share one.
    pub fn add(&mut self, template: &str) -> usize {
        let mut node = &mut self.root;
        for segment in segments(template) {
            node = match segment {
                Segment::Fixed(text) => node.fixed.entry(text).or_default(),
                Segment::Mixed(pieces) => {
                    let at = node.mixed.iter().position(|(known, _)| *known == pieces).unwrap_or_else(|| {
                        let length = |pieces: &[String]| pieces.iter().map(String::len).sum::<usize>();
                        let at = node
                            .mixed
                            .iter()
                            .position(|(known, _)| length(known) < length(&pieces))
                            .unwrap_or(node.mixed.len());
                        node.mixed.insert(at, (pieces, Node::default()));
                        at
                    });
                    &mut node.mixed[at].1
                }
            };
        }
        let next = self.templates.len();
        let number = *node.end.get_or_insert(next);
        if number == next {
            self.templates.push(template.to_owned());
        }
        number
    }

    /// The template that fits a path best: fixed text before parameters, from left to right.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Found> {
        let trimmed = path.trim_end_matches('/');
        let parts: Vec<&str> = trimmed.split('/').skip(1).collect();
        let mut values = Vec::new();
        let template = self.root.walk(&parts, &mut values)?;
        Some(Found { template, values })
    }
}

impl Node {
    fn walk(&self, parts: &[&str], values: &mut Vec<String>) -> Option<usize> {
        let Some((part, rest)) = parts.split_first() else { return self.end };
        if let Some(found) = self.fixed.get(*part).and_then(|node| node.walk(rest, values)) {
            return Some(found);
        }
        for (pieces, node) in &self.mixed {
            let before = values.len();
            if let Some(given) = split(part, pieces) {
                values.extend(given.into_iter().map(decode));
                if let Some(found) = node.walk(rest, values) {
                    return Some(found);
                }
                values.truncate(before);
            }
        }
        None
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The texts of the parameters, where the pieces stand around and between them and none is empty.
fn split<'p>(part: &'p str, pieces: &[String]) -> Option<Vec<&'p str>> {
    let (first, rest) = pieces.split_first()?;
    let mut left = part.strip_prefix(first.as_str())?;
    let mut values = Vec::new();
    for (index, piece) in rest.iter().enumerate() {
        let is_last = index + 1 == rest.len();
        let at = if is_last {
            left.len().checked_sub(piece.len()).filter(|_| left.ends_with(piece.as_str()))
        } else {
            left.find(piece.as_str())
        };
        let at = at.filter(|at| *at > 0)?;
        values.push(&left[..at]);
        left = &left[at + piece.len()..];
    }
    Some(values)
}

fn segments(template: &str) -> Vec<Segment> {
    let path = template.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
    path.split('/').skip(1).map(segment).collect()
}

fn segment(text: &str) -> Segment {
    if !text.contains('{') {
        return Segment::Fixed(text.to_owned());
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        pieces.push(before.to_owned());
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    pieces.push(rest.to_owned());
    Segment::Mixed(pieces)
}

/// How many of the last segments of a path (`/publishers/{}`) a text shows that names an object by its place: `publishers/123`, or
/// an address. None for an id alone, and for one that only has a slash.
#[must_use]
pub fn shown_segments(item: &str, text: &str) -> Option<usize> {
    let fits = |(wanted, found): &(&str, &str)| !found.is_empty() && (*wanted == "{}" || wanted == found);
    let count = item.rsplit('/').zip(text.rsplit('/')).take_while(fits).count();
    let has_collection = item.rsplit('/').nth(1).is_some_and(|above| above != "{}");
    (count >= 2 && has_collection && item.ends_with("/{}")).then_some(count)
}

/// The id in what names an object, as its path has it: of `publishers/123`, where the path is `/publishers/{}`, `123`.
#[must_use]
pub fn id_in<'t>(item: &str, text: &'t str) -> &'t str {
    let last = text.rsplit_once('/').map(|(_, last)| last);
    last.filter(|_| shown_segments(item, text).is_some()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Router, id_in, plain};

    #[rstest]
    #[case("/pets", Some((0, vec![])))]
    #[case("/pets/", Some((0, vec![])))]
    #[case("/pets/7", Some((1, vec!["7"])))]
    #[case("/pets/mine", Some((2, vec![])))]
    #[case("/pets/7.json", Some((3, vec!["7"])))]
    #[case("/pets/a%2Fb", Some((1, vec!["a/b"])))]
    #[case("/pets/7/toys", Some((4, vec!["7"])))]
    #[case("/pets/mine/toys", Some((4, vec!["mine"])))]
    #[case("/diff/a...b", Some((5, vec!["a", "b"])))]
    #[case("/pets//toys", None)]
    #[case("/other", None)]
    fn the_best_template_is_found(#[case] path: &str, #[case] expected: Option<(usize, Vec<&str>)>) {
        let mut router = Router::default();
        for template in
            ["/pets", "/pets/{id}", "/pets/mine", "/pets/{id}.json", "/pets/{id}/toys", "/diff/{base}...{head}"]
        {
            router.add(template);
        }
        let found = router.find(path).map(|found| (found.template, found.values));
        assert_eq!(found, expected.map(|(at, values)| (at, values.into_iter().map(str::to_owned).collect())));
    }

    #[test]
    fn parameters_are_made_equal() {
        assert_eq!(plain("/a/{x}/b/{y}.json"), "/a/{}/b/{}");
        assert_eq!(plain("/a/"), "/a");
    }

    #[rstest]
    #[case::a_name("publishers/12", "12")]
    #[case::an_address("https://api.example/v1/publishers/12", "12")]
    #[case::an_id("12", "12")]
    #[case::a_slash_in_an_id("left/right", "left/right")]
    #[case::nothing_behind_the_collection("publishers/", "publishers/")]
    fn an_id_stands_at_the_end_of_a_resource_name(#[case] text: &str, #[case] id: &str) {
        assert_eq!(id_in("/v1/publishers/{}", text), id);
    }
}
