//! What to do: scenario files, parsed and diagnosed. Text only; nothing here sends a request.
//!
//! A scenario calls operations of the contract and says what each answer must be, citing requirements. Words are
//! Arazzo's where it has them (`operationId`, `parameters`, `requestBody`, `outputs`, runtime expressions).
//! docs/scenarios.md is the reference, schemas/formats/scenario.schema.json the JSON Schema.
//!
//! In reading order: [`model`], [`expression`], [`template`] (values with expressions in them), [`relation`], [`mod@parse`],
//! [`fragments`] (steps that scenarios share), `names` (outputs that are used before they are made).

pub mod expression;
pub mod fragments;
pub mod model;
mod names;
pub mod parse;
pub mod relation;
pub mod template;

pub use expression::Expression;
pub use fragments::{Fragment, Fragments};
pub use model::{Call, Capability, Check, Direction, Expectation, Poll, Raw, Rounds, Scenario, Step, StepKind, Walk};
pub use parse::parse;
pub use relation::{Operator, Relation};
pub use template::{Boundary, Template};
