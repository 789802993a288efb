//! Takes secrets out of text before it goes anywhere: into a report, a recording, a journal, a snapshot.
//!
//! `Authorization` is removed by structure where headers are told. This is the second net: a token of eight or more
//! characters is also found by value, however each of its characters is written: as it is, escaped as JSON, XML or a URL do
//! it, once or twice, a mix of all of these; and as a whole in hex or base64.

/// What stands where a secret stood.
pub const HIDDEN: &str = "<token>";
/// What stands in place of a header field's value that may be a secret.
pub const REMOVED: &str = "<removed>";
/// What stands where a long text was cut short.
const CUT: &str = "…";
/// Shorter tokens would make holes in ordinary words.
const SHORTEST: usize = 8;

/// Credentials as they may be told: the scheme, where there is one, and nothing of the rest.
#[must_use]
pub fn credentials(value: &str) -> String {
    match value.trim().split_once(' ') {
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => format!("{scheme} {HIDDEN}"),
        _ => HIDDEN.to_owned(),
    }
}

/// Whether a header field may hold a secret, by its name in lower case.
#[must_use]
pub fn is_telling(name: &str) -> bool {
    // The control token of a mock; `cache-control` is none.
    name == "conformance-control" || ["auth", "cookie", "key", "secret", "token"].iter().any(|word| name.contains(word))
}

/// Names of query parameters that hold a secret. A word among others would take cursors away (`page_token`).
const QUERY_NAMES: [&str; 14] = [
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "auth_token",
    "client_secret",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
    "x-api-key",
];

/// A path and query with the values of parameters that hold a secret taken out.
#[must_use]
pub fn without_query_secrets(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let clean = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && QUERY_NAMES.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}={HIDDEN}")
        }
        _ => pair.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(clean).collect::<Vec<_>>().join("&"))
}

/// The secrets of a run.
#[derive(Clone, Default)]
pub struct Secrets {
    tokens: Vec<Token>,
}

/// A token, and how it may be written.
#[derive(Clone)]
struct Token {
    /// For each byte, the ways to write it; the plain one first.
    bytes: Vec<Vec<String>>,
    /// The whole, in encodings that do not go byte by byte.
    encoded: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.tokens.len())
    }
}

impl Secrets {
    /// Hides these tokens.
    pub fn new<'t>(tokens: impl IntoIterator<Item = &'t str>) -> Self {
        let mut tokens: Vec<&str> = tokens.into_iter().filter(|token| token.len() >= SHORTEST).collect();
        // The longest first, or a part of one would be hidden and the rest left.
        tokens.sort_by_key(|token| std::cmp::Reverse(token.len()));
        tokens.dedup();
        Self { tokens: tokens.into_iter().map(Token::of).collect() }
    }

    /// The text without secrets.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for token in &self.tokens {
            text = token.scrub(text);
        }
        if text.contains(CUT) { self.scrub_cut(&text) } else { text }
    }

    /// Bytes without secrets. Those with a secret among them become text.
    #[must_use]
    pub fn scrub_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(bytes);
        let clean = self.scrub(&text);
        if clean == text { bytes.to_vec() } else { clean.into_bytes() }
    }

    /// The text without beginnings of secrets where something long was cut short.
    fn scrub_cut(&self, text: &str) -> String {
        let mut parts: Vec<String> = text.split(CUT).map(str::to_owned).collect();
        let last = parts.len() - 1;
        for part in &mut parts[..last] {
            if let Some(at) = self.tokens.iter().filter_map(|token| token.begins_at_the_end_of(part)).min() {
                part.truncate(at);
                part.push_str(HIDDEN);
            }
        }
        parts.join(CUT)
    }
}

impl Token {
    fn of(token: &str) -> Self {
        Self { bytes: token.bytes().map(spellings).collect(), encoded: encodings(token) }
    }

    fn scrub(&self, mut text: String) -> String {
        for form in &self.encoded {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), HIDDEN);
            }
        }
        let (mut clean, mut kept, mut at) = (String::new(), 0, 0);
        while at < text.len() {
            match self.length_at(text.as_bytes(), at) {
                Some(length) => {
                    clean.push_str(text.get(kept..at).unwrap_or_default());
                    clean.push_str(HIDDEN);
                    at += length;
                    kept = at;
                }
                None => at += 1,
            }
        }
        if kept == 0 {
            return text;
        }
        clean.push_str(text.get(kept..).unwrap_or_default());
        clean
    }

    /// How many bytes of a text the whole token takes up from here on, if it stands here.
    fn length_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let (length, bytes) = self.longest_at(text, at, 0)?;
        (bytes == self.bytes.len()).then_some(length)
    }

    /// How far the token reaches from here on: bytes of the text, and bytes of the token.
    fn longest_at(&self, text: &[u8], at: usize, index: usize) -> Option<(usize, usize)> {
        let spellings = self.bytes.get(index)?;
        let reached = spellings.iter().filter_map(|spelling| {
            let here = text.get(at..at + spelling.len())?;
            let same = if spelling.len() == 1 {
                here == spelling.as_bytes()
            } else {
                here.eq_ignore_ascii_case(spelling.as_bytes())
            };
            if !same {
                return None;
            }
            let (length, bytes) = self.longest_at(text, at + spelling.len(), index + 1).unwrap_or((0, 0));
            Some((spelling.len() + length, 1 + bytes))
        });
        reached.max_by_key(|(_, bytes)| *bytes)
    }

    /// Where the beginning of the token stands, when a text ends with one.
    fn begins_at_the_end_of(&self, text: &str) -> Option<usize> {
        let plain = (0..text.len()).find(|at| {
            let reached = self.longest_at(text.as_bytes(), *at, 0);
            // An escape that was cut in its middle hides the end of what came before it.
            reached.is_some_and(|(length, bytes)| bytes >= SHORTEST && text.len() - (at + length) < LONGEST_SPELLING)
        });
        let encoded = self.encoded.iter().filter_map(|form| {
            let lengths = (SHORTEST..form.len()).rev();
            let begun = lengths.filter_map(|length| form.get(..length)).find(|begun| text.ends_with(begun))?;
            Some(text.len() - begun.len())
        });
        plain.into_iter().chain(encoded).min()
    }
}

/// No way to write a byte is longer than this.
const LONGEST_SPELLING: usize = 8;

/// Every way to write a byte of a token; letters of escapes in any case.
fn spellings(byte: u8) -> Vec<String> {
    let plain = char::from(byte);
    if !byte.is_ascii() {
        // A part of a longer character, which goes over the wire as it is or percent-encoded.
        return vec![format!("%{byte:02x}")];
    }
    let mut all = vec![
        plain.to_string(),
        format!("%{byte:02x}"),
        format!("%25{byte:02x}"),
        format!("\\u00{byte:02x}"),
        format!("\\\\u00{byte:02x}"),
        format!("\\x{byte:02x}"),
        format!("&#{byte};"),
        format!("&#x{byte:x};"),
    ];
    all.extend(match plain {
        '&' => Some("&amp;".to_owned()),
        '<' => Some("&lt;".to_owned()),
        '>' => Some("&gt;".to_owned()),
        '"' => Some("&quot;".to_owned()),
        '\'' => Some("&apos;".to_owned()),
        _ => None,
    });
    match plain {
        '/' => all.push("\\/".to_owned()),
        // JSON in JSON doubles what the JSON inside has escaped.
        '"' => all.extend(["\\\"", "\\\\\\\""].map(str::to_owned)),
        '\\' => all.extend(["\\\\", "\\\\\\\\", "\\\\\\\\\\\\\\\\"].map(str::to_owned)),
        _ => {}
    }
    all
}

/// The whole token in hex and base64. Inside longer base64 a token may begin at any of three places in a group; what is whole
/// of it then is hidden.
fn encodings(token: &str) -> Vec<String> {
    let hex = |digit: fn(u8) -> String| token.bytes().map(digit).collect::<String>();
    let mut all = vec![hex(|byte| format!("{byte:02x}")), hex(|byte| format!("{byte:02X}"))];
    for shift in 0..3 {
        for alphabet in [STANDARD, URL_SAFE] {
            let padded = [&[0; 2][..shift], token.as_bytes()].concat();
            let encoded = base64(&padded, alphabet);
            let (from, to) = ([0, 2, 3][shift], padded.len() * 4 / 3);
            let part = &encoded[from..to.min(encoded.len())];
            if part.len() >= SHORTEST {
                all.push(part.to_owned());
            }
        }
    }
    all.sort_by_key(|form| std::cmp::Reverse(form.len()));
    all.dedup();
    all
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 without padding.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for index in 0..=group.len() {
            text.push(char::from(alphabet[(bits >> (18 - 6 * index) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TOKEN: &str = "s3cr+t/&token";

    #[rstest]
    #[case::plain("s3cr+t/&token")]
    #[case::as_dot_net_escapes_json(r"s3cr\u002Bt/\u0026token")]
    #[case::as_go_escapes_json(r"s3cr+t/\u0026token")]
    #[case::every_character_escaped(r"\u0073\u0033\u0063\u0072\u002b\u0074\u002f\u0026\u0074\u006f\u006b\u0065\u006e")]
    #[case::json_in_json(r"s3cr\\u002bt\/\\u0026token")]
    #[case::percent("s3cr%2Bt%2f%26token")]
    #[case::percent_twice("s3cr%252Bt%252F%2526token")]
    #[case::html("s3cr+t/&amp;token")]
    #[case::numeric_references("s3cr&#43;t&#x2F;&#38;token")]
    #[case::hex("733363722b742f26746f6b656e")]
    #[case::base64("czNjcit0LyZ0b2tlbg")]
    fn a_token_is_hidden_however_it_is_written(#[case] written: &str) {
        let secrets = Secrets::new([TOKEN]);
        let clean = secrets.scrub(&format!("before {written} after"));
        assert!(clean.starts_with("before <token>") && clean.ends_with(" after"), "{clean}");
    }

    #[rstest]
    #[case::plain("s3cr+t/&tok…")]
    #[case::escaped(r"s3cr\u002bt/\u0026t…")]
    #[case::in_the_middle_of_an_escape(r"s3cr\u002bt/&\u00…")]
    fn the_beginning_of_one_is_hidden_where_a_text_was_cut(#[case] cut: &str) {
        assert_eq!(Secrets::new([TOKEN]).scrub(&format!("x {cut} y")), "x <token>… y");
    }

    #[rstest]
    #[case("/v2/things?limit=3&api_key=abc&page_token=x", "/v2/things?limit=3&api_key=<token>&page_token=x")]
    #[case("/v2/things?Token=abc", "/v2/things?Token=<token>")]
    #[case("/v2/things", "/v2/things")]
    fn parameters_that_hold_a_secret_are_told_by_name(#[case] target: &str, #[case] clean: &str) {
        assert_eq!(without_query_secrets(target), clean);
    }

    #[test]
    fn other_text_stays_as_it_is() {
        let text = r"naïve \u002B %2B s3cr+t/&toke";
        assert_eq!(Secrets::new([TOKEN]).scrub(text), text);
    }
}
