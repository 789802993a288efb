//! "Did you mean …?"

/// The candidate that `word` most likely meant, if any is close enough to be worth saying.
///
/// Case, hyphens and underscores count for nothing: `pageSize` is as near to `page_size` as can be.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody means a name by so long a word, and the comparison takes time with the square of it.
    const LONGEST: usize = 128;
    if word.len() > LONGEST {
        return None;
    }
    let folded = fold(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&folded, &fold(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean `x`?`, or the whole choice when nothing is near and the choice is short.
pub fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let all: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(word, all.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    (!all.is_empty() && all.len() <= 24).then(|| format!("known here: {}", all.join(", ")))
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}
