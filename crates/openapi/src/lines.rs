//! On which line of its file each operation, and each part of one, stands. A document is read for that only when something is
//! to be told about it.

use std::collections::HashMap;

use conformance_source::pointer;
use granit_parser::{Event, Parser};

/// Parts are known so deep: `/paths/~1pets/post/responses/201/headers`.
const DEPTH: usize = 6;

/// Lines by pointer, beginning with 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    known: HashMap<String, usize>,
}

/// A list or an object that is read.
struct Open {
    /// Where it stands; none below [`DEPTH`].
    place: Option<String>,
    /// The key whose value comes next, and its line.
    key: Option<(String, usize)>,
    /// How many items a list has up to here; none for an object.
    items: Option<usize>,
}

impl Lines {
    /// Reads a text, in JSON or YAML, as far as it can be read.
    pub(crate) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        let mut open: Vec<Open> = Vec::new();
        for found in Parser::new_from_str(text) {
            let Ok((event, span)) = found else { break };
            let line = span.start.line();
            let (key, items) = match event {
                Event::MappingEnd | Event::SequenceEnd => {
                    open.pop();
                    continue;
                }
                Event::Scalar(text, ..) => (Some(text), None),
                Event::Alias(_) => (None, None),
                Event::SequenceStart(..) => (None, Some(Some(0))),
                Event::MappingStart(..) => (None, Some(None)),
                _ => continue,
            };
            if let Some(Open { items: None, key: waiting @ None, .. }) = open.last_mut()
                && items.is_none()
            {
                *waiting = Some((key.map(std::borrow::Cow::into_owned).unwrap_or_default(), line));
                continue;
            }
            let place = lines.note(&mut open, line);
            if let Some(items) = items {
                open.push(Open { place, key: None, items });
            }
        }
        lines
    }

    /// Notes the line of the value that begins, and says where it stands.
    fn note(&mut self, open: &mut [Open], line: usize) -> Option<String> {
        let depth = open.len();
        let Some(above) = open.last_mut() else { return Some(String::new()) };
        let (step, line) = match &mut above.items {
            Some(count) => {
                *count += 1;
                ((*count - 1).to_string(), line)
            }
            None => above.key.take()?,
        };
        let place = pointer::push(above.place.as_ref().filter(|_| depth <= DEPTH)?, &step);
        self.known.insert(place.clone(), line);
        Some(place)
    }

    /// The line of a part, or of the smallest one around it that is known.
    pub(crate) fn line(&self, pointer: &str) -> Option<usize> {
        let around = std::iter::successors(Some(pointer), |one| one.rfind('/').map(|at| &one[..at]));
        around.into_iter().find_map(|one| self.known.get(one).copied())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Lines;

    const YAML: &str = "openapi: 3.1.0\npaths:\n  /pets:\n    get:\n      responses:\n        200: { description: All }\n    \
                        post: { tags: [a,\n      b] }\n";
    const JSON: &str = "{\n  \"openapi\": \"3.1.0\",\n  \"paths\": { \"/pets\": {\n    \"get\": {}\n  } }\n}";

    #[rstest]
    #[case(YAML, "/openapi", Some(1))]
    #[case(YAML, "/paths/~1pets", Some(3))]
    #[case(YAML, "/paths/~1pets/get/responses/200", Some(6))]
    #[case(YAML, "/paths/~1pets/get/responses/404/content", Some(5))]
    #[case(YAML, "/paths/~1pets/post/tags/1", Some(8))]
    #[case(JSON, "/paths/~1pets/get", Some(4))]
    #[case(JSON, "/paths/~1pets/get/responses", Some(4))]
    #[case(JSON, "/components", None)]
    #[case("a: [", "/a", Some(1))]
    fn a_part_has_a_line(#[case] text: &str, #[case] pointer: &str, #[case] line: Option<usize>) {
        assert_eq!(Lines::of(text).line(pointer), line);
    }
}
