//! Without a fault that happens, the boundary changes no byte of any exchange.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::{Arc, Mutex};

use conformance_contract::{Folder, Suite};
use conformance_fault::{Harm, parse};
use conformance_record::{Answer, Boundary as _, Request, Response, Upstream};
use conformance_source::SourceFile;
use proptest::collection::vec;
use proptest::prelude::*;

/// Answers what it is told to, and keeps what it was asked.
struct Echo {
    answer: Response,
    asked: Mutex<Vec<Request>>,
}

impl Upstream for Echo {
    fn send(&self, request: Request) -> Answer<'_> {
        self.asked.lock().unwrap().push(request);
        Box::pin(async { Ok(self.answer.clone()) })
    }
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    vec(("[a-z-]{1,12}", "[ -~]{0,20}"), 0..5)
}

fn requests() -> impl Strategy<Value = Request> {
    let target = prop_oneof![
        "/v2/conversations(\\?[a-z_]{1,8}=[A-Za-z0-9%]{0,8})?",
        "/v2/conversations/[a-zA-Z0-9_%]{1,30}",
        "/[ -~]{0,30}"
    ];
    ("GET|POST|PATCH|DELETE|HEAD|[A-Z]{1,8}", target, fields(), vec(any::<u8>(), 0..200))
        .prop_map(|(method, target, headers, body)| Request { method, target, headers, body })
}

fn responses() -> impl Strategy<Value = Response> {
    let body = prop_oneof![
        vec(any::<u8>(), 0..200),
        r#"\{"data": ?\[\], ?"has_more":(true|false) ?\}"#.prop_map(String::into_bytes)
    ];
    (100_u16..600, fields(), body).prop_map(|(status, headers, body)| Response { status, headers, body })
}

proptest! {
    #[test]
    fn what_no_fault_is_about_passes_untouched(request in requests(), answer in responses(), faults in prop::bool::ANY) {
        let suite = Suite::open(Arc::new(Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")))).unwrap();
        let text = "faults:\n  - { name: a, summary: Never, on: { with: [no-such-parameter-at-all] }, response: { status: 500 } }\n";
        let faults = if faults { parse(&SourceFile::new("faults.yaml", text)).unwrap() } else { Vec::new() };
        let harm = Harm::new(suite.contract, "", faults);
        let echo = Echo { answer: answer.clone(), asked: Mutex::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let passed = runtime.block_on(harm.pass(request.clone(), &echo)).unwrap();
        prop_assert_eq!(passed, answer);
        prop_assert_eq!(echo.asked.into_inner().unwrap(), vec![request]);
    }
}
