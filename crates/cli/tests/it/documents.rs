//! `mock --openapi`: a document per shape of API in `fixtures/documents`, and over the wire what each promises.
//!
//! `client` sends, `lives` (objects from their beginning to their end), `pages`, `credentials`, `ids` (those that nobody
//! made), `wrong` (requests that break the document), `forms`, `json_api`, `kinds` (what only one shape has), `versions`, `opening` (what is no
//! document), `overlays`.

mod client;
mod credentials;
mod forms;
mod ids;
mod json_api;
mod kinds;
mod lives;
mod opening;
mod overlays;
mod pages;
mod versions;
mod wrong;
