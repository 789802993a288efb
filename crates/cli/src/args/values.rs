//! Values as they are typed, read: what they may be is said where they are wrong.

use std::time::Duration;

use clap::ValueEnum as _;
use conformance_record::Code;
use conformance_runner::sdk::Code as SdkCode;
use conformance_source::suggest;

use super::{Report, ReportKind};

/// `junit=report.xml`
pub(super) fn report(text: &str) -> Result<Report, String> {
    let (kind, file) = text.split_once('=').map_or((text, None), |(kind, file)| (kind, Some(file)));
    let known: Vec<String> = ReportKind::value_variants()
        .iter()
        .filter_map(|one| one.to_possible_value().map(|value| value.get_name().to_owned()))
        .collect();
    let kind = ReportKind::from_str(kind, false).map_err(|_| {
        let near = suggest::nearest(kind, known.iter().map(String::as_str));
        let help = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!("there is no report `{kind}`, only {}{help}", known.join(", "))
    })?;
    match file {
        Some("") => Err("the file's name is missing".to_owned()),
        Some("-") | None => Ok(Report { kind, file: None }),
        Some(file) => Ok(Report { kind, file: Some(file.into()) }),
    }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a whole number from 1".to_owned())
}

/// `API_URL={url}`
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, such as `API_URL={url}`".to_owned()),
    }
}

pub(super) fn sdk_code(text: &str) -> Result<SdkCode, String> {
    SdkCode::ALL.into_iter().find(|code| code.as_str() == text).ok_or_else(|| {
        let near = suggest::nearest(text, SdkCode::ALL.iter().map(|code| code.as_str()));
        let known = || format!("the codes are {}", SdkCode::ALL.map(SdkCode::as_str).join(", "));
        near.map_or_else(known, |near| format!("did you mean `{near}`?"))
    })
}

pub(super) fn code(text: &str) -> Result<Code, String> {
    Code::ALL.into_iter().find(|code| code.as_str() == text).ok_or_else(|| {
        let near = suggest::nearest(text, Code::ALL.iter().map(|code| code.as_str()));
        let known = || format!("the codes are {}", Code::ALL.map(Code::as_str).join(", "));
        near.map_or_else(known, |near| format!("did you mean `{near}`?"))
    })
}

/// `https://app.example`, `http://192.168.1.20:5173`, `null`, or `any`.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let is_origin = text.split_once("://").is_some_and(|(scheme, host)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        !scheme.is_empty() && scheme.chars().all(is_name) && !host.contains(['/', '?', '#', '@', ' ', '*'])
    });
    if is_origin || text == "null" || text == "any" {
        return Ok(text.to_owned());
    }
    Err("expected an origin such as `https://app.example` or `http://192.168.1.20:5173`, `null`, or `any`".to_owned())
}

/// `200ms`, `1.5s`, or two of these with `..` between them.
pub(super) fn latency(text: &str) -> Result<(Duration, Duration), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    match (duration(from), duration(to)) {
        (Some(from), Some(to)) if from <= to => Ok((from, to)),
        _ => {
            Err("expected a time such as `200ms` or `1.5s`, or two with `..` between them, the shorter first"
                .to_owned())
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let seconds = number.trim().parse::<f64>().ok()? * unit;
    // Nobody waits longer than an hour on purpose.
    (0.0..=3600.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}
