//! Members that name an object of another kind.

use crate::model::{Api, Role};
use crate::names::{plain, singular};
use crate::schema::Merged;

/// The resource that a member names an object of: `customerId` and `customer` one of `/customers`, `tags` several of `/tags`.
#[must_use]
pub fn referred(api: &Api, name: &str, property: &Merged<'_>) -> Option<usize> {
    let plain_name = plain(name);
    let is_list = property.kind() == Some("array");
    let is_word = |kind: Option<&str>| matches!(kind, Some("string" | "integer"));
    let item = property.items.map(|items| api.schemas.merge_value(&[items]));
    if !(is_word(property.kind()) || (is_list && item.is_some_and(|item| is_word(item.kind())))) {
        return None;
    }
    let ends = if is_list { &["uuids", "ids"][..] } else { &["uuid", "id"][..] };
    // A member that is called as a kind of objects names one: `author`, `genres`.
    let own = if is_list { singular(name) } else { name.to_owned() };
    let is_free = property.enumeration.is_none() && property.constant.is_none();
    let own = Some(plain(&own)).filter(|_| is_free);
    let stem = ends.iter().find_map(|end| plain_name.strip_suffix(end)).map(str::to_owned).or(own)?;
    let is_it = |at: usize| {
        let resource = &api.resources[at];
        !stem.is_empty() && resource.parent.is_none() && plain(&singular(&resource.name)) == stem
    };
    let is_made = |at: usize| {
        let mut operations = api.operations.iter().filter(|one| one.resource == Some(at));
        operations.any(|one| matches!(one.role, Role::Create | Role::Replace))
    };
    (0..api.resources.len()).find(|at| is_it(*at) && is_made(*at))
}
