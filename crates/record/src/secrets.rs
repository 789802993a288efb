//! Takes secrets out of text before it goes anywhere: into a report, a recording, a journal, a snapshot.
//!
//! `Authorization` is removed by structure where headers are told. This is the second net: a token of eight or more
//! characters is also found by value, as it is and as base64, percent-encoding or JSON would write it.

/// What stands where a secret stood.
const HIDDEN: &str = "<token>";
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

/// The secrets of a run.
#[derive(Clone, Default)]
pub struct Secrets {
    forms: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.forms.len())
    }
}

impl Secrets {
    /// Hides these tokens.
    pub fn new<'t>(tokens: impl IntoIterator<Item = &'t str>) -> Self {
        let mut forms: Vec<String> =
            tokens.into_iter().filter(|token| token.len() >= SHORTEST).flat_map(forms).collect();
        // The longest first, or a part of a form would be hidden and the rest left.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self { forms }
    }

    /// The text without secrets.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), HIDDEN);
            }
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
            let begun = self.forms.iter().filter_map(|form| {
                let lengths = (SHORTEST..form.len()).rev();
                lengths.filter_map(|length| form.get(..length)).find(|begun| part.ends_with(begun))
            });
            if let Some(begun) = begun.max_by_key(|begun| begun.len()) {
                part.truncate(part.len() - begun.len());
                part.push_str(HIDDEN);
            }
        }
        parts.join(CUT)
    }
}

/// Every way in which a token may be written.
fn forms(token: &str) -> Vec<String> {
    let percent = |hex: fn(u8) -> String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        token.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { hex(byte) }).collect::<String>()
    };
    let json = serde_json::Value::from(token).to_string();
    let mut all = vec![
        token.to_owned(),
        percent(|byte| format!("%{byte:02X}")),
        percent(|byte| format!("%{byte:02x}")),
        json[1..json.len() - 1].to_owned(),
        json[1..json.len() - 1].replace('/', "\\/"),
    ];
    // Inside longer base64 a token may begin at any of three places in a group; what is whole of it then is hidden.
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
