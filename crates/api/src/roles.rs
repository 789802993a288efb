//! What each operation does, by its verb and its path: the first of the rules that fits.

use conformance_openapi::Location;

use crate::infer::Inference;
use crate::model::{Certainty, Role};
use crate::names::same;
use crate::pages::Pages;
use crate::shape;
use crate::stated::{RULE, Stated};

/// A role, the rule by which it was concluded, and how sure it is.
pub(crate) type Concluded = (Role, &'static str, Certainty);

impl Inference<'_> {
    pub(crate) fn role(&self, index: usize) -> Concluded {
        if let Some(Stated { role: Some(role), certainty, .. }) = &self.stated[index] {
            return (*role, RULE, *certainty);
        }
        let (path, method) = (self.paths[index].as_str(), self.declared[index].method.as_str());
        if self.is_item(index) { self.item_role(index, path, method) } else { self.other_role(index, path, method) }
    }

    fn item_role(&self, index: usize, path: &str, method: &str) -> Concluded {
        let collection = path.rsplit_once('/').map_or("", |(before, _)| before);
        let is_object = self.has(path, "GET") || self.has(path, "DELETE");
        match method {
            "GET" if self.lists[index].as_ref().is_some_and(|list| list.at.is_empty()) => {
                (Role::List, "GET on a path that ends in a parameter, answered by an array", Certainty::Likely)
            }
            "GET" => (Role::Retrieve, "GET on the path of one object", Certainty::Certain),
            "PATCH" => (Role::Update, "PATCH on the path of one object", Certainty::Certain),
            "PUT" if self.has(path, "GET") || self.by_path.contains_key(collection) => {
                (Role::Replace, "PUT on the path of one object", Certainty::Certain)
            }
            "PUT" => (Role::Action, "PUT on a path of which nothing is read", Certainty::Likely),
            "POST" if is_object => {
                (Role::Update, "POST on the path of one object that is read or deleted there", Certainty::Likely)
            }
            "POST" => (Role::Action, "POST on the path of one object", Certainty::Likely),
            "DELETE" => (Role::Delete, "DELETE on the path of one object", Certainty::Certain),
            _ => (Role::Custom, "another method", Certainty::Guess),
        }
    }

    fn other_role(&self, index: usize, path: &str, method: &str) -> Concluded {
        let has_items = self.by_path.contains_key(&format!("{path}/{{}}"));
        let get = self.by_path.get(path).and_then(|all| all.get("GET")).copied();
        let lists = get.is_some_and(|get| self.lists[get].is_some());
        // An object that has a list among its members is one object all the same.
        let is_list = get.is_some_and(|get| self.is_list(get, path, has_items));
        match method {
            "GET" if self.is_list(index, path, has_items) => (
                Role::List,
                "GET answered by an array of objects",
                if has_items { Certainty::Certain } else { Certainty::Likely },
            ),
            "GET" => (Role::GetSingleton, "GET on a path without an id at its end", Certainty::Likely),
            "POST" if has_items => (Role::Create, "POST on the path above that of one object", Certainty::Certain),
            "POST" if lists => (Role::Create, "POST on the path of a list", Certainty::Likely),
            "POST" if path.contains("{}") => (Role::Action, "POST below an object", Certainty::Likely),
            "PUT" | "PATCH" if self.has(path, "GET") && !is_list => {
                (Role::SetSingleton, "written where it is read", Certainty::Likely)
            }
            "DELETE" if self.has(path, "GET") && !is_list => {
                (Role::ClearSingleton, "deleted where it is read", Certainty::Likely)
            }
            "PUT" if has_items && !lists && !self.has(path, "PATCH") => {
                (Role::Replace, "PUT on the path above that of one object, whose id is in the body", Certainty::Guess)
            }
            _ => (Role::Custom, "none of the usual forms", Certainty::Guess),
        }
    }

    fn is_list(&self, index: usize, path: &str, has_items: bool) -> bool {
        let Some(list) = &self.lists[index] else { return false };
        let query = self.declared[index].parameters.iter().filter(|one| one.location == Location::Query);
        let last = path.rsplit('/').next().unwrap_or("");
        has_items
            || list.at.is_empty()
            || query.into_iter().any(|one| Pages::is_name(&one.name))
            || list.at.last().is_some_and(|name| shape::LISTS.contains(&name.as_str()) || same(name, last))
    }
}
