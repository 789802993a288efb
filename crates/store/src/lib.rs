//! State only: collections of objects below their parents, found by any of their ids, and windows on them.
//!
//! Nothing here knows HTTP, a schema or an API. In reading order: [`collection`] (objects, and what became of ids),
//! [`window`] (a part of a collection), [`state`] (all collections of a workspace).

pub mod collection;
pub mod state;
pub mod window;

pub use collection::{Collection, Object, Sequence};
pub use state::{Place, State};
pub use window::{Order, Page, Query, Window};
