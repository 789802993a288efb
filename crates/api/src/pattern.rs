//! A short text that matches a regular expression.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// What repeats without end repeats at most so often more than it must.
const MOST_REPEATED: usize = 20_000;

/// A text that `pattern` matches, and whose length is within the bounds where repetitions allow it; none when the
/// pattern is not understood.
#[must_use]
pub fn matching(pattern: &str, min_length: usize, max_length: usize) -> Option<String> {
    let hir = ParserBuilder::new().utf8(true).build().parse(pattern).ok()?;
    // Repetitions make it longer: the first number of them that is long enough, and gives more than nothing where it can.
    let mut nothing = None;
    let with = |extra| {
        let mut text = String::new();
        write(&hir, extra, &mut text);
        (text.chars().count(), text)
    };
    // What repeats at most once has done so by the first.
    let (first, second) = (with(1).0, with(2).0);
    let missing = 1 + min_length.saturating_sub(first).div_ceil(second.saturating_sub(first).max(1));
    for extra in [0, 1, missing, min_length, min_length.saturating_mul(2)] {
        let (length, text) = with(extra);
        if length < min_length || length > max_length {
            continue;
        }
        if regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(&text)) {
            if !text.is_empty() {
                return Some(text);
            }
            nothing = Some(text);
        }
    }
    nothing
}

/// A text that `pattern` matches, as `random` has it (numbers below its argument); none when no such text is found.
#[must_use]
pub fn any_matching(
    pattern: &str,
    (min_length, max_length): (usize, usize),
    random: &mut dyn FnMut(usize) -> usize,
) -> Option<String> {
    const TRIES: usize = 20;
    let hir = ParserBuilder::new().utf8(true).build().parse(pattern).ok()?;
    let regex = regex::Regex::new(pattern).ok()?;
    (0..TRIES).find_map(|_| {
        let mut text = String::new();
        write_any(&hir, random, &mut text);
        let length = text.chars().count();
        (length >= min_length && length <= max_length && regex.is_match(&text)).then_some(text)
    })
}

fn write_any(hir: &Hir, random: &mut dyn FnMut(usize) -> usize, text: &mut String) {
    /// What repeats without end does so at most so often more than it must.
    const MORE: u32 = 8;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => {
            let plain: Vec<char> =
                ('a'..='z').chain('A'..='Z').chain('0'..='9').filter(|one| holds(class, *one)).collect();
            text.push(if plain.is_empty() { member(class) } else { plain[random(plain.len())] });
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min + MORE).min(repetition.min + MORE);
            let more = most.saturating_sub(repetition.min) as usize;
            // Longer ones have more to be different in.
            let least = more / 2;
            let count = repetition.min as usize + least + random(more - least + 1);
            (0..count).for_each(|_| write_any(&repetition.sub, random, text));
        }
        HirKind::Capture(capture) => write_any(&capture.sub, random, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write_any(part, random, text)),
        HirKind::Alternation(branches) => {
            if let Some(branch) = branches.get(random(branches.len().max(1))) {
                write_any(branch, random, text);
            }
        }
    }
}

fn write(hir: &Hir, extra: usize, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(member(class)),
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let most = repetition.max.map_or(usize::MAX, |max| max as usize);
            for _ in 0..(least + extra.min(MOST_REPEATED)).min(most) {
                write(&repetition.sub, 0, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, extra, text),
        HirKind::Concat(parts) => {
            // What is missing is added once, at the last part that grows, or else repeats.
            let repeats = |part: &Hir| matches!(part.kind(), HirKind::Repetition(_) | HirKind::Capture(_));
            let repeats = parts.iter().rposition(grows).or_else(|| parts.iter().rposition(repeats));
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

/// Whether a text for it can be made longer and longer.
fn grows(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            repetition.max.is_none_or(|most| most > repetition.min + 1) || grows(&repetition.sub)
        }
        HirKind::Capture(capture) => grows(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(grows),
        HirKind::Alternation(branches) => branches.first().is_some_and(grows),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => false,
    }
}

/// A character of a class: a letter, a digit, or whatever comes first.
fn member(class: &Class) -> char {
    let wanted = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(['-', '_', '.', ' ']);
    let first = || ranges(class).first().map(|(from, _)| *from);
    wanted.into_iter().find(|one| holds(class, *one)).or_else(first).unwrap_or('a')
}

fn holds(class: &Class, one: char) -> bool {
    ranges(class).iter().any(|(from, to)| (*from..=*to).contains(&one))
}

fn ranges(class: &Class) -> Vec<(char, char)> {
    match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (range.start() as char, range.end() as char)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{any_matching, matching};

    fn random(below: usize) -> usize {
        fastrand::usize(..below)
    }

    #[rstest]
    #[case("^[a-z]{3}$", 0, 100)]
    #[case("^key_[0-7][0-9a-hjkmnp-tv-z]{25}$", 0, 100)]
    #[case(r"^\d{4}-\d{2}$", 0, 100)]
    #[case("^(foo|bar)+$", 5, 100)]
    #[case("^[A-Z]*$", 3, 5)]
    #[case("^[a-z]+$", 101, 101)]
    #[case("^usr_(ab)+$", 10, 10)]
    #[case(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", 65, 65)]
    #[case(r"^\+?[0-9]+( ?x[0-9])?( ?y)?$", 10, 20)]
    #[case("x", 0, 100)]
    fn matches_its_pattern(#[case] pattern: &str, #[case] min: usize, #[case] max: usize) {
        let text = matching(pattern, min, max).unwrap();
        assert!(regex::Regex::new(pattern).unwrap().is_match(&text), "{text}");
        assert!((min..=max).contains(&text.chars().count()), "{text}");
        let any: Vec<String> = (0..20).filter_map(|_| any_matching(pattern, (min, max), &mut random)).collect();
        assert!(any.iter().all(|one| regex::Regex::new(pattern).unwrap().is_match(one)), "{any:?}");
        assert!(any.iter().all(|one| (min..=max).contains(&one.chars().count())), "{any:?}");
    }

    #[test]
    fn another_one_is_another_one() {
        let all: std::collections::HashSet<String> =
            (0..50).filter_map(|_| any_matching("^[A-Z]{3}-[0-9]{4}$", (0, 100), &mut random)).collect();
        assert!(all.len() > 40, "{all:?}");
    }

    #[rstest]
    #[case("^[a-z]*$", "a")]
    #[case("^$", "")]
    fn nothing_is_the_last_choice(#[case] pattern: &str, #[case] expected: &str) {
        assert_eq!(matching(pattern, 0, 10).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_not_understood_is_none() {
        assert_eq!(matching("(?<=a)b", 0, 10), None);
    }
}
