//! What a document, or an overlay of it, says of its own meaning, under `x-conformance`: it wins over every rule.
//!
//! On an operation: its `role`, its `resource`, its `pages`, where what it makes is kept (`keptIn`). On the path of one object:
//! the member that is its `id`. Whoever writes these means them, so that what cannot be obeyed is a [`Problem`].

use conformance_openapi::{Document, EXTENSION, Location, Operation as Declared};
use conformance_source::{pointer, suggest};
use serde_json::{Map, Value};

use crate::identity;
use crate::model::{Certainty, Fact, IdMember, Resource, Role, Shape};
use crate::order;
use crate::pages::{DEFAULT_LIMIT, Direction, Limit, MOST, Pages, Style, bound};
use crate::path;
use crate::schema::Schemas;
use crate::shape;

/// By which "rule" such facts hold.
pub(crate) const RULE: &str = "x-conformance says so";

/// Something that a document says of its meaning and that cannot be obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it says so, as a pointer into the document.
    pub pointer: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: Option<String>,
}

/// What is said of an operation.
#[derive(Debug)]
pub(crate) struct Stated {
    /// Where.
    pub(crate) pointer: String,
    pub(crate) role: Option<Role>,
    /// The item path of the resource, parameters as `{}`.
    pub(crate) resource: Option<String>,
    pub(crate) kept_in: Option<String>,
    pub(crate) pages: Option<StatedPages>,
    pub(crate) certainty: Certainty,
}

/// What is said of the pages of a list.
#[derive(Debug)]
pub(crate) enum StatedPages {
    /// There are none.
    None,
    Some {
        pages: Option<Box<Pages>>,
        items: Option<Vec<String>>,
    },
}

/// Reads what is said, and collects what is wrong with it.
#[derive(Debug)]
pub(crate) struct Statements<'d> {
    document: &'d Document,
    schemas: &'d Schemas,
    /// The paths whose statements were read.
    paths_read: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

impl<'d> Statements<'d> {
    pub(crate) fn new(document: &'d Document, schemas: &'d Schemas) -> Self {
        Self { document, schemas, paths_read: Vec::new(), problems: Vec::new() }
    }

    /// What is said of each operation, in their order.
    pub(crate) fn operations(&mut self) -> Vec<Option<Stated>> {
        self.document.operations.iter().map(|one| self.operation(one)).collect()
    }

    /// Makes the member that the path of one object names the first by which one is found.
    pub(crate) fn name_id(&mut self, resource: &mut Resource, template: &str) {
        let path = pointer::push("/paths", template);
        let at = format!("{path}/{EXTENSION}");
        self.paths_read.push(template.to_owned());
        let Some(members) = self.document.at(&at).and_then(|value| self.members(&at, value, &["id", "certainty"]))
        else {
            return;
        };
        let Some(name) = self.text(&at, members, "id") else { return };
        let inside = resource.shape.as_ref().map(|shape| shape::inside(self.schemas, shape)).unwrap_or_default();
        let Some(property) = self.schemas.outline(&inside).property(&name).map(<[&Value]>::to_vec) else {
            let help = "name a member of the object that the path's operations show".to_owned();
            return self.wrong(&format!("{at}/id"), format!("the object has no member `{name}`"), Some(help));
        };
        let known = resource.identity.iter().position(|one| one.name == name);
        let is_given = known.is_some_and(|at| resource.identity.remove(at).is_given);
        // The path means this one and no other.
        resource.identity.iter_mut().for_each(|one| one.is_in_path = false);
        let form = identity::form(&self.schemas.outline(&property), &name);
        resource.facts.retain(|fact| !fact.what.starts_with("id: "));
        let what = format!("id: member `{name}`");
        let certainty = self.certainty(&at, members);
        resource.facts.push(Fact { what, rule: RULE, pointer: path, certainty });
        resource.identity.insert(0, IdMember { name, form, is_given, is_in_path: true, segments: 1 });
    }

    /// Notes what is said where nobody reads it: of a path that is not that of one object, or is written twice.
    pub(crate) fn check_paths(&mut self) {
        let paths: Vec<String> = self.document.operations.iter().map(|one| one.path.clone()).collect();
        for path in paths.iter().collect::<std::collections::BTreeSet<_>>() {
            let at = format!("{}/{EXTENSION}", pointer::push("/paths", path));
            if !self.paths_read.contains(path) && self.document.at(&at).is_some() {
                let help = "an `id` is said of the path of one object, as `/pets/{petId}`".to_owned();
                self.wrong(&at, format!("nothing is known of one object at {path}"), Some(help));
            }
        }
    }

    /// Notes that something is kept elsewhere that is not, or nowhere.
    pub(crate) fn check_home(&mut self, stated: &Stated, role: Role, kind: Option<&Resource>) {
        if stated.kept_in.is_some() && (role != Role::Create || kind.is_none_or(|kind| kind.kept_in.is_none())) {
            let help = "`keptIn` is said of a create whose own path has none for one object".to_owned();
            self.wrong(
                &format!("{}/keptIn", stated.pointer),
                "nothing made here is kept elsewhere".to_owned(),
                Some(help),
            );
        }
    }

    /// Notes what is said of an operation and does not fit it.
    pub(crate) fn check(
        &mut self,
        stated: &Stated,
        (role, path, has_list): (Role, &str, bool),
        kind: Option<&Resource>,
    ) {
        let at = stated.pointer.as_str();
        if stated.pages.is_some() && role != Role::List {
            self.wrong(at, format!("`pages` is of a list, and this is a {}", role.name()), None);
        }
        if role == Role::List && !has_list {
            let help = "say where it stands: `pages: { items: /data }`".to_owned();
            self.wrong(at, "its response shows no list".to_owned(), Some(help));
        }
        let of_objects = [Role::List, Role::Create, Role::Retrieve, Role::Update, Role::Replace, Role::Delete];
        if !of_objects.contains(&role) || (stated.role.is_none() && stated.resource.is_none()) {
            return;
        }
        // What is only listed is no resource: nothing makes one, and nothing finds one.
        let Some(kind) = kind else {
            if role == Role::List {
                return;
            }
            let help = "name the path of one object: `resource: /pets/{petId}`".to_owned();
            return self.wrong(at, format!("{path} is not the path of a resource"), Some(help));
        };
        let wanted = if matches!(role, Role::List | Role::Create) { &kind.collection } else { &kind.item };
        let (wanted, found) = (wanted.matches("{}").count(), path.matches("{}").count());
        let is_at_its_other_path = match role {
            Role::Replace => found + 1 == wanted,
            Role::List => found == wanted + 1,
            _ => false,
        };
        if wanted != found && !is_at_its_other_path {
            let what =
                format!("a {} of {} has {wanted} parameters in its path, and this has {found}", role.name(), kind.item);
            self.wrong(at, what, None);
        }
    }

    fn wrong(&mut self, pointer: &str, what: String, help: Option<String>) {
        self.problems.push(Problem { pointer: pointer.to_owned(), what, help });
    }

    fn operation(&mut self, declared: &'d Declared) -> Option<Stated> {
        let at = format!("{}/{EXTENSION}", declared.pointer);
        let keys = ["role", "resource", "keptIn", "pages", "certainty"];
        let members = self.members(&at, declared.extensions.get(EXTENSION)?, &keys)?;
        let certainty = self.certainty(&at, members);
        let role = self.choice(&at, members, "role", &Role::ALL.map(|one| (one.key(), one)));
        let resource = self.item_path(&at, members, "resource");
        let kept_in = self.item_path(&at, members, "keptIn");
        let pages = members.get("pages").and_then(|value| self.pages(&format!("{at}/pages"), value, declared));
        Some(Stated { pointer: at, role, resource, kept_in, pages, certainty })
    }

    /// The path of one object of the document, its parameters made equal.
    fn item_path(&mut self, at: &str, members: &Map<String, Value>, key: &str) -> Option<String> {
        let plain = path::plain(&self.text(at, members, key)?);
        let items = self.document.operations.iter().map(|one| one.path.as_str()).filter(|one| one.ends_with('}'));
        if items.clone().any(|one| path::plain(one) == plain) {
            return Some(plain);
        }
        let help = suggest::help(&plain, items).unwrap_or_else(|| "name a path that ends in a parameter".to_owned());
        self.wrong(&format!("{at}/{key}"), format!("`{plain}` is not the path of one object"), Some(help));
        None
    }

    fn pages(&mut self, at: &str, value: &'d Value, declared: &Declared) -> Option<StatedPages> {
        if value == &Value::Bool(false) {
            return Some(StatedPages::None);
        }
        let keys = ["limit", "page", "firstPage", "offset", "after", "before", "cursor", "items", "order", "certainty"];
        let members = self.members(at, value, &keys)?;
        let limit = self.parameter(at, members, "limit", declared).map(|(parameter, schema)| {
            let most = bound(self.schemas, schema, "maximum").unwrap_or(MOST).clamp(1, MOST);
            let declared = bound(self.schemas, schema, "default");
            Limit { parameter, default: declared.unwrap_or(DEFAULT_LIMIT).clamp(1, most), declared, most }
        });
        let first = match members.get("firstPage").map(Value::as_u64) {
            None | Some(Some(1)) => 1,
            Some(Some(0)) => 0,
            Some(_) => {
                self.wrong(&format!("{at}/firstPage"), "expected 0 or 1".to_owned(), None);
                1
            }
        };
        let mut styles = Vec::new();
        let page = self.parameter(at, members, "page", declared);
        styles.extend(page.map(|(parameter, _)| Style::Page { parameter, first }));
        styles.extend(self.parameter(at, members, "offset", declared).map(|(name, _)| Style::Offset(name)));
        for (key, style) in [("after", Style::After as fn(String) -> Style), ("before", Style::Before)] {
            styles.extend(self.parameters(at, members, key, declared).into_iter().map(style));
        }
        let orders = [("newest-first".to_owned(), true), ("oldest-first".to_owned(), false)];
        let goes_back = styles.iter().any(|style| matches!(style, Style::Before(_)));
        let stated = self.choice(at, members, "order", &orders);
        // What is said of pages need not be all that is said of the list.
        let told = order::told(self.schemas, declared).filter(|_| stated.is_none());
        let newest_first = stated.or(told.as_ref().map(|(newest_first, _)| *newest_first)).unwrap_or(goes_back);
        let cursors = [("id".to_owned(), true), ("token".to_owned(), false)];
        let begins_behind_id = self.choice(at, members, "cursor", &cursors).unwrap_or(false);
        let what = format!("pages: {}", styles.iter().map(Style::parameter).collect::<Vec<_>>().join(", "));
        let certainty = self.certainty(at, members);
        let fact = |what: String| Fact { what, rule: RULE, pointer: at.to_owned(), certainty };
        let order = stated.map(|newest| fact(format!("order: {} first", if newest { "newest" } else { "oldest" })));
        let order = order.or(told.map(|(_, fact)| fact));
        let facts = vec![fact(what)];
        let is_paged = limit.is_some() || !styles.is_empty();
        let pages = is_paged.then(|| {
            Box::new(Pages {
                limit,
                styles,
                direction: Direction::infer(self.schemas, declared),
                newest_first,
                order,
                begins_behind_id,
                facts,
            })
        });
        let items = self.text(at, members, "items").map(|items| pointer::tokens(&items).collect());
        Some(StatedPages::Some { pages, items })
    }

    /// A query parameter of the operation, and its schema.
    fn parameter<'o>(
        &mut self,
        at: &str,
        members: &Map<String, Value>,
        key: &str,
        declared: &'o Declared,
    ) -> Option<(String, Option<&'o str>)> {
        let name = self.text(at, members, key)?;
        self.known_parameter(&format!("{at}/{key}"), name, declared)
    }

    /// The same, one or a list of them.
    fn parameters(&mut self, at: &str, members: &Map<String, Value>, key: &str, declared: &Declared) -> Vec<String> {
        let Some(Value::Array(names)) = members.get(key) else {
            return self.parameter(at, members, key, declared).map(|(name, _)| name).into_iter().collect();
        };
        let names = names.iter().map(|name| name.as_str().unwrap_or("").to_owned());
        let known = names.filter_map(|name| self.known_parameter(&format!("{at}/{key}"), name, declared));
        known.map(|(name, _)| name).collect()
    }

    fn known_parameter<'o>(
        &mut self,
        at: &str,
        name: String,
        declared: &'o Declared,
    ) -> Option<(String, Option<&'o str>)> {
        let query = || declared.parameters.iter().filter(|one| one.location == Location::Query);
        if let Some(found) = query().find(|one| one.name == name) {
            return Some((name, found.schema.as_deref()));
        }
        let help = suggest::help(&name, query().map(|one| one.name.as_str()));
        self.wrong(at, format!("`{}` has no query parameter `{name}`", declared.id), help);
        None
    }

    /// How sure it is: what somebody wrote here is declared, unless it says otherwise.
    fn certainty(&mut self, at: &str, members: &Map<String, Value>) -> Certainty {
        let all = [Certainty::Declared, Certainty::Certain, Certainty::Likely];
        self.choice(at, members, "certainty", &all.map(|one| (one.name().to_owned(), one)))
            .unwrap_or(Certainty::Declared)
    }

    fn members<'v>(&mut self, at: &str, value: &'v Value, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.wrong(at, format!("expected an object with {}", known.join(", ")), None);
            return None;
        };
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let help = suggest::help(key, known.iter().copied());
            let what = format!("`{key}` is not a key here; the keys are {}", known.join(", "));
            self.wrong(&pointer::push(at, key), what, help);
        }
        Some(members)
    }

    fn text(&mut self, at: &str, members: &Map<String, Value>, key: &str) -> Option<String> {
        let value = members.get(key)?;
        if value.as_str().is_none() {
            self.wrong(&format!("{at}/{key}"), format!("expected text, found {value}"), None);
        }
        value.as_str().map(str::to_owned)
    }

    fn choice<T: Copy>(
        &mut self,
        at: &str,
        members: &Map<String, Value>,
        key: &str,
        choices: &[(String, T)],
    ) -> Option<T> {
        let word = self.text(at, members, key)?;
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let help = suggest::help(&word, choices.iter().map(|(name, _)| name.as_str()));
            self.wrong(&format!("{at}/{key}"), format!("`{word}` is not a {key}"), help);
        }
        found
    }
}

/// The list in a body at these members; none where no array of objects is documented there.
pub(crate) fn list_at(schemas: &Schemas, body: &str, at: &[String]) -> Option<Shape> {
    let mut shape = Shape { body: body.to_owned(), at: at.to_vec(), is_item: true, reference: None };
    let items = shape::inside(schemas, &shape);
    if items.is_empty() {
        return None;
    }
    shape.reference = shape::reference(schemas, &items);
    Some(shape)
}
