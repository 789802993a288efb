//! What an OpenAPI document means: what an API keeps, what each operation does, how it talks.
//!
//! A document says which requests there are and what answers them; it does not say that `POST /pets` makes what
//! `GET /pets/{id}` finds. [`infer`](infer::infer) concludes it, each conclusion with its [`Fact`].
//!
//! In reading order: [`schema`] (what schemas ask for together), [`sample`] and [`pattern`] (proposals), [`proof`] (the
//! judge of them), [`names`], [`path`], [`routes`], [`query`], [`media`], [`body`] (how requests are read), [`credentials`],
//! [`errors`], [`identity`], [`pages`], `order`, [`versions`], [`references`], [`model`], [`mod@shape`], [`mod@envelope`], `stated`, [`mod@infer`] with `roles`, `overlay`.

pub mod body;
pub mod credentials;
pub mod envelope;
pub mod errors;
pub mod examples;
pub mod identity;
pub mod infer;
pub mod media;
pub mod model;
pub mod names;
mod order;
mod overlay;
pub mod pages;
pub mod path;
pub mod pattern;
pub mod plausible;
pub mod proof;
pub mod query;
pub mod references;
mod roles;
pub mod routes;
pub mod sample;
pub mod schema;
pub mod shape;
mod stated;
pub mod versions;

pub use infer::infer;
pub use model::{Api, Certainty, Fact, IdForm, IdMember, Operation, Resource, Role, Shape, Success};
pub use overlay::overlay_file;
pub use proof::{Made, Proof, Violation};
pub use sample::Side;
pub use schema::{Merged, Schemas};
pub use stated::Problem;
