//! HTTP Archives (HAR 1.2), as browsers and proxies export them.

use std::time::Duration;

use conformance_record::{Exchange, NoResponse, Request, Response};
use serde_json::Value;

/// The exchanges of an archive, in its order; with an `origin`, only those with that server.
///
/// # Errors
/// When it is no archive, or an entry of it is none; says which.
pub fn exchanges(text: &str, origin: Option<&str>) -> Result<Vec<Exchange>, String> {
    // Some programs write a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let root = conformance_json::parse(text.as_bytes()).map_err(|error| format!("this is no JSON: {error}"))?;
    let entries = root.pointer("/log/entries").and_then(Value::as_array);
    let entries = entries.ok_or("this is no HTTP Archive: expected `log.entries`, a list")?;
    let mut all = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let read =
            exchange(entry).ok_or_else(|| format!("log.entries[{number}] has no `request` with method and url"))?;
        let (url, mut exchange) = read;
        if origin.is_none_or(|origin| url.starts_with(origin.trim_end_matches('/'))) {
            exchange.number = all.len();
            all.push(exchange);
        }
    }
    Ok(all)
}

/// An entry, and the URL that it was sent to.
fn exchange(entry: &Value) -> Option<(String, Exchange)> {
    let (request, response) = (entry.get("request")?, &entry["response"]);
    let url = request["url"].as_str()?;
    let method = request["method"].as_str()?.to_owned();
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = after.find(['/', '?']).map_or("/", |at| &after[at..]);
    let target = target.split('#').next().unwrap_or("/").to_owned();
    let mut sent = headers(&request["headers"]);
    if let Some(media_type) = request.pointer("/postData/mimeType").and_then(Value::as_str)
        && !sent.iter().any(|(name, _)| name == "content-type")
    {
        sent.push(("content-type".to_owned(), media_type.to_owned()));
    }
    let body = request.pointer("/postData/text").and_then(Value::as_str).unwrap_or("").as_bytes().to_vec();
    let status =
        response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| *status >= 100);
    let response = match status {
        Some(status) => {
            Ok(Response { status, headers: headers(&response["headers"]), body: content(&response["content"]) })
        }
        // What a browser was not given, or did not wait for, has the status 0.
        None => Err(NoResponse::ClientGone),
    };
    let took = Duration::try_from_secs_f64(entry["time"].as_f64().unwrap_or(0.0) / 1000.0).unwrap_or_default();
    let request = Request { method, target, headers: sent, body };
    Some((url.to_owned(), Exchange { number: 0, request, response, took }))
}

fn headers(list: &Value) -> Vec<(String, String)> {
    let all = list.as_array().into_iter().flatten();
    let pair = |one: &Value| Some((one["name"].as_str()?.to_ascii_lowercase(), one["value"].as_str()?.to_owned()));
    // HTTP/2 tells method and path as if they were header fields.
    all.filter_map(pair).filter(|(name, _)| !name.starts_with(':')).collect()
}

fn content(content: &Value) -> Vec<u8> {
    let text = content["text"].as_str().unwrap_or("");
    let is_base64 = content["encoding"].as_str() == Some("base64");
    let decoded = is_base64.then(|| data_encoding::BASE64.decode(text.as_bytes()).ok()).flatten();
    decoded.unwrap_or_else(|| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::exchanges;

    const ARCHIVE: &str = r#"{ "log": { "version": "1.2", "entries": [
        { "time": 12.5,
          "request": { "method": "POST", "url": "http://localhost:1/v1/pets?dry=1#top",
            "headers": [{ "name": ":method", "value": "POST" }, { "name": "Authorization", "value": "Bearer a" }],
            "postData": { "mimeType": "application/json", "text": "{}" } },
          "response": { "status": 201, "headers": [{ "name": "Content-Type", "value": "application/json" }],
            "content": { "text": "e30=", "encoding": "base64" } } },
        { "request": { "method": "GET", "url": "https://other.example" }, "response": { "status": 0 } }
    ] } }"#;

    #[test]
    fn entries_are_exchanges() {
        let all = exchanges(ARCHIVE, None).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].request.target, "/v1/pets?dry=1");
        assert_eq!(all[0].request.header("authorization"), Some("Bearer a"));
        assert_eq!(all[0].request.header("content-type"), Some("application/json"));
        assert_eq!(all[0].response.as_ref().unwrap().body, b"{}");
        assert_eq!(all[1].request.target, "/");
        assert!(all[1].response.is_err());
        assert_eq!(exchanges(ARCHIVE, Some("http://localhost:1/")).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_archive_is_said() {
        assert!(exchanges("nothing", None).unwrap_err().contains("no JSON"));
        assert!(exchanges("[]", None).unwrap_err().contains("log.entries"));
        assert!(exchanges(r#"{"log":{"entries":[{}]}}"#, None).unwrap_err().contains("log.entries[0]"));
    }
}
