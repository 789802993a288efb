//! One reading and one writing of JSON, for every body of every peer.
//!
//! RFC 8259's grammar allows more than most parsers take: half surrogate pairs, numbers beyond doubles, deep nesting. A server
//! that sends them is right, so all of it is read, exactly, and written back as it came. What the RFC forbids but a reader may
//! tolerate (a byte order mark, UTF-16, duplicate members) is read too, and noted.
//!
//! ```
//! let document = conformance_json::read(br#"{"name": "\ud83d", "size": 9007199254740993}"#)?;
//! assert_eq!(conformance_json::write(&document.value), r#"{"name":"\ud83d","size":9007199254740993}"#);
//! # Ok::<(), conformance_json::Error>(())
//! ```
//!
//! In reading order: [`mod@read`], `surrogates`, [`mod@write`], [`number`], [`mod@equal`].

mod duplicates;
pub mod equal;
pub mod number;
pub mod read;
mod surrogates;
pub mod write;

pub use equal::{compare, equal};
pub use read::{Document, Error, MAX_DEPTH, Note, parse, read};
pub use write::write;
