//! A short text that matches a regular expression.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// A text that `pattern` matches, and whose length is within the bounds where repetitions allow it; none when the
/// pattern is not understood.
#[must_use]
pub fn matching(pattern: &str, min_length: usize, max_length: usize) -> Option<String> {
    let hir = ParserBuilder::new().utf8(true).build().parse(pattern).ok()?;
    // Repetitions make it longer: the first number of them that is long enough.
    for extra in [0, 1, min_length, min_length.saturating_mul(2)] {
        let mut text = String::new();
        write(&hir, extra, &mut text);
        let length = text.chars().count();
        if length < min_length || length > max_length {
            continue;
        }
        if regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(&text)) {
            return Some(text);
        }
    }
    None
}

fn write(hir: &Hir, extra: usize, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(member(class)),
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(usize::MAX, |max| max as usize);
            for _ in 0..(least + extra.min(4096)).min(most) {
                write(&repetition.sub, 0, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, extra, text),
        HirKind::Concat(parts) => {
            // What is missing is added once, at the last part that repeats.
            let repeats =
                parts.iter().rposition(|part| matches!(part.kind(), HirKind::Repetition(_) | HirKind::Capture(_)));
            for (index, part) in parts.iter().enumerate() {
                write(part, if Some(index) == repeats { extra } else { 0 }, text);
            }
        }
        HirKind::Alternation(branches) => {
            if let Some(first) = branches.first() {
                write(first, extra, text);
            }
        }
    }
}

/// A character of a class: a letter, a digit, or whatever comes first.
fn member(class: &Class) -> char {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (range.start() as char, range.end() as char)).collect()
        }
    };
    let holds = |one: &char| ranges.iter().any(|(from, to)| (from..=to).contains(&one));
    let wanted = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(['-', '_', '.', ' ']);
    wanted.into_iter().find(holds).or_else(|| ranges.first().map(|(from, _)| *from)).unwrap_or('a')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::matching;

    #[rstest]
    #[case("^[a-z]{3}$", 0, 100)]
    #[case("^key_[0-7][0-9a-hjkmnp-tv-z]{25}$", 0, 100)]
    #[case(r"^\d{4}-\d{2}$", 0, 100)]
    #[case("^(foo|bar)+$", 5, 100)]
    #[case("^[A-Z]*$", 3, 5)]
    #[case("x", 0, 100)]
    fn matches_its_pattern(#[case] pattern: &str, #[case] min: usize, #[case] max: usize) {
        let text = matching(pattern, min, max).unwrap();
        assert!(regex::Regex::new(pattern).unwrap().is_match(&text), "{text}");
        assert!((min..=max).contains(&text.chars().count()), "{text}");
    }

    #[test]
    fn what_is_not_understood_is_none() {
        assert_eq!(matching("(?<=a)b", 0, 10), None);
    }
}
