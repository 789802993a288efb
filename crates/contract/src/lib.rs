//! What should be: the operations and schemas of an API, its requirements, and one check for requests and responses.
//!
//! A [`Suite`] is a folder of plain files. [`Suite::open`] reads its contract and refuses, with `file:line` and advice,
//! whatever would otherwise pass silently: unknown keys and keywords, references that lead nowhere, policies for things
//! that do not exist. The same [`Contract`] then drives the mock, the judge of servers and the judge of SDKs.
//!
//! In reading order: [`files`], [`suite`], [`model`], `openapi` and `state` (read the model), [`schemas`], `keywords` (refuses unknown
//! ones), [`requirements`], [`request`] and [`response`] (the check), [`say`] (values and violations in words).

pub mod bundle;
pub mod files;
mod keywords;
mod meaning;
mod messages;
pub mod model;
mod openapi;
mod parts;
pub mod request;
pub mod requirements;
pub mod response;
pub mod say;
pub mod schemas;
pub mod state;
pub mod suite;

pub use files::{Embedded, Files, Folder};
pub use model::{Action, Contract, Operation, Page, Parameter, Resource};
pub use requirements::{Requirement, Requirements};
pub use schemas::{Location, Schemas};
pub use suite::Suite;
