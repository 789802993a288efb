//! Media types, as far as this project tells them apart.

/// The type without its parameters, in lower case: `application/json`.
#[must_use]
pub fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// Whether bodies of a type are JSON: `application/json`, `application/problem+json`, and whatever takes anything.
#[must_use]
pub fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "*/*"
        || essence == "application/*"
        || essence == "text/json"
        || essence.ends_with("/json")
        || essence.ends_with("+json")
        || (essence.starts_with("application/")
            && essence.contains("json")
            && !essence.contains("json-seq")
            && !essence.contains("jsonl")
            && !essence.contains("ndjson"))
}

/// Whether bodies of a type are forms in the way of a query.
#[must_use]
pub fn is_form(media_type: &str) -> bool {
    essence(media_type) == "application/x-www-form-urlencoded"
}

/// Whether bodies of a type are forms in parts.
#[must_use]
pub fn is_multipart(media_type: &str) -> bool {
    essence(media_type).starts_with("multipart/")
}

/// Whether a documented type, which may have stars, takes a sent one.
#[must_use]
pub fn takes(documented: &str, sent: &str) -> bool {
    let (documented, sent) = (essence(documented), essence(sent));
    let (Some((kind, sub)), Some((sent_kind, sent_sub))) = (documented.split_once('/'), sent.split_once('/')) else {
        return documented == sent;
    };
    (kind == "*" || kind == sent_kind) && (sub == "*" || sub == sent_sub)
}
