//! Lists: which objects, in which order, from where on.

use conformance_api::envelope::{members, path_of};
use conformance_api::names::{asked_for, plain, same, singular};
use conformance_api::pages::{DEFAULT_LIMIT, MOST, Pages, SORTS, Style, is_descending};
use conformance_api::{Resource, Shape};
use conformance_openapi::{Location, Parameter};
use conformance_store::{Collection, Object, Order, Page, Place, Query, Window};
use serde_json::Value;

use super::call::Call;
use super::meta::PageInfo;
use super::projection::{Members, Placed, as_text, concrete, slot};
use super::trouble::Trouble;
use super::workspace::Kept;
use super::{Basis, Content, Derived, Outcome};

/// An equality that the query asks for.
struct Filter {
    /// The names that lead to it.
    member: Vec<String>,
    values: Vec<String>,
}

impl Derived {
    pub(crate) fn list(&self, call: &Call<'_>, place: &Place, kept: &Kept) -> Result<Outcome, Trouble> {
        let resource = &self.api.resources[place.resource];
        let empty = Collection::default();
        let collection = kept.state.collection(place).unwrap_or(&empty);
        let asked = self.asked(call, resource, collection)?;
        let filters = call.operation.success.shape.as_ref().map(|shape| self.filters(call, shape)).unwrap_or_default();
        let wanted = |object: &Object| filters.iter().all(|one| one.lets(object));
        let (member, is_descending) = self.order(call, resource);
        let member: Option<Vec<&str>> = member.as_ref().map(|path| path.iter().map(String::as_str).collect());
        let query = Query {
            filter: &wanted,
            order: Order { member: member.as_deref(), is_descending },
            window: asked.window,
            limit: asked.limit,
        };
        let page = collection.page(&query);
        let info = PageInfo::new(call, &page, &asked, self.settings.origin(call.request));
        self.page_outcome(call, resource, &page, &info)
    }

    fn page_outcome(
        &self,
        call: &Call<'_>,
        resource: &Resource,
        page: &Page<'_>,
        info: &PageInfo,
    ) -> Result<Outcome, Trouble> {
        let success = &call.operation.success;
        let (Some(media), Some(shape)) = (self.success_media(call), &success.shape) else {
            let (body, basis) = self.plain_content(self.success_media(call))?;
            return Ok(Outcome { status: success.status, body, basis, headers: Vec::new() });
        };
        let Some(pointer) = media.schema.as_deref().filter(|_| conformance_api::media::is_json(&media.media_type))
        else {
            let (body, basis) = self.plain_content(Some(media))?;
            return Ok(Outcome { status: success.status, body, basis, headers: Vec::new() });
        };
        let made = self.template(pointer, &media.examples)?;
        let mut body = made.value.clone();
        let (fallback, known) = (self.sample_members(shape), self.known_members(shape));
        let keep: Vec<String> = resource.identity.iter().map(|one| one.name.clone()).collect();
        let items: Vec<Value> =
            page.items.iter().map(|(_, one)| Value::Object(self.overlaid(&fallback, &known, &one.members))).collect();
        let mut placed: Vec<Placed> = (0..items.len())
            .map(|index| {
                let at = shape.at.iter().cloned().chain([index.to_string()]).collect();
                Placed { at, fallback: Members::clone(&fallback), keep: keep.clone() }
            })
            .collect();
        if let Some(there) = slot(&mut body, &shape.at) {
            *there = Value::Array(items);
        }
        // What is said of pages gives way before an item does.
        if let Value::Object(around) = &body {
            placed.push(Placed { at: Vec::new(), fallback: around.clone(), keep: Vec::new() });
        }
        self.fill_page_members(&mut body, shape, info);
        let body = match self.settle(pointer, body, &placed) {
            Some(body) => body,
            None => return Err(Trouble::Unproducible(pointer.to_owned())),
        };
        let headers = self.page_headers(call, info);
        Ok(Outcome {
            status: success.status,
            body: Content::Json(concrete(&media.media_type), body),
            basis: Basis::State,
            headers,
        })
    }

    /// Where the page begins, and how long it may be.
    fn asked(&self, call: &Call<'_>, resource: &Resource, collection: &Collection) -> Result<Asked, Trouble> {
        let Some(pages) = &call.operation.pages else {
            return Ok(Asked {
                window: Window::Offset(0),
                limit: MOST,
                is_paged: false,
                page: 1,
                first_page: 1,
                style: None,
            });
        };
        let number = |parameter: &str| call.argument(parameter).and_then(count);
        let limit = match &pages.limit {
            Some(limit) => number(&limit.parameter).unwrap_or(limit.default).clamp(1, limit.most),
            None => DEFAULT_LIMIT,
        };
        let mut asked = Asked {
            window: Window::Offset(0),
            limit,
            is_paged: true,
            page: 1,
            first_page: 1,
            style: pages.styles.first().cloned(),
        };
        for style in &pages.styles {
            if let Style::Page { first, .. } = style {
                (asked.page, asked.first_page) = (*first, *first);
            }
            let Some(value) = call.argument(style.parameter()) else { continue };
            asked.style = Some(style.clone());
            match style {
                Style::Page { first, .. } => match count(value) {
                    Some(page) => {
                        asked.page = page.max(*first);
                        asked.window = Window::Offset((asked.page - first).saturating_mul(limit));
                    }
                    // A page that is a token, whatever its parameter is called.
                    None => asked.window = collection.position(value).map_or(asked.window, Window::After),
                },
                Style::Offset(_) => asked.window = Window::Offset(count(value).unwrap_or(0)),
                Style::After(_) | Style::Before(_) => match collection.position(value) {
                    Some(at) if matches!(style, Style::After(_)) => asked.window = Window::After(at),
                    Some(at) => asked.window = Window::Before(at),
                    // Beginning anew would let a client that sends a wrong cursor go round for ever. A number may be a bound
                    // that stands for no object.
                    None if count(value).is_none() && self.is_own_form(resource, value) => {
                        return Err(Trouble::Invalid(format!("query.{}: nothing is at `{value}`", style.parameter())));
                    }
                    None => {}
                },
            }
        }
        Ok(asked)
    }

    /// The equalities that the query asks for: parameters named like a scalar member of the items.
    fn filters(&self, call: &Call<'_>, shape: &Shape) -> Vec<Filter> {
        let item = self.api.schemas.outline(&members(&self.api.schemas, shape));
        let reserved = |one: &Parameter| {
            let name = plain(&one.name);
            Pages::is_name(&one.name)
                || SORTS.contains(&name.as_str())
                || matches!(name.as_str(), "direction" | "fields" | "expand" | "include")
        };
        let query = call.declared.parameters.iter().filter(|one| one.location == Location::Query && !reserved(one));
        let is_list = |one: &Parameter| {
            one.schema.as_deref().is_some_and(|at| self.api.schemas.merged(at).kind() == Some("array"))
        };
        let filter = |one: &Parameter| {
            let given = call.query.iter().filter(|(name, _)| *name == one.name || *name == format!("{}[]", one.name));
            let is_given = given.clone().next().is_some();
            let mut values: Vec<String> = given
                .flat_map(|(_, value)| {
                    if is_list(one) { value.split(',').map(str::to_owned).collect() } else { vec![value.clone()] }
                })
                .filter(|value| !value.is_empty() && !matches!(value.as_str(), "all" | "any" | "*"))
                .collect();
            // `event_types` filters by `eventType`.
            let asked_for = asked_for(&one.name);
            let (member, schemas) = item
                .properties
                .iter()
                .find(|(name, _)| same(name, asked_for) || (is_list(one) && same(name, &singular(asked_for))))?;
            let merged = self.api.schemas.merge(schemas);
            if !is_given {
                values.extend(self.usual(one, shape, member));
            }
            let comparable = matches!(merged.kind(), Some("string" | "integer" | "number" | "boolean" | "array"))
                || self.takes_text(schemas);
            (comparable && !values.is_empty())
                .then(|| Filter { member: path_of(&self.api.schemas, shape, member), values })
        };
        query.filter_map(filter).collect()
    }

    /// What a filter asks for when it is not given: its default, where a new object is one of those.
    fn usual(&self, parameter: &Parameter, shape: &Shape, member: &str) -> Option<String> {
        let default = as_text(self.api.schemas.merged(parameter.schema.as_deref()?).default?)?;
        let new = as_text(self.sample_members(shape).get(member)?)?;
        (default == new).then_some(default)
    }

    /// By which member the list is ordered, if by any, and whether the largest, or newest, comes first.
    fn order(&self, call: &Call<'_>, resource: &Resource) -> (Option<Vec<String>>, bool) {
        let pages = call.operation.pages.as_ref();
        let direction = pages.and_then(|pages| pages.direction.as_ref()).and_then(|direction| {
            let declared = call.declared.parameters.iter().find(|one| one.name == direction.parameter);
            let default = declared.and_then(|one| self.api.schemas.merged(one.schema.as_deref()?).default?.as_str());
            call.argument(&direction.parameter).or(default).and_then(is_descending)
        });
        let schemas = &self.api.schemas;
        let known = resource.shape.as_ref().map(|shape| (shape, schemas.outline(&members(schemas, shape))));
        let sorts = call.declared.parameters.iter().filter(|one| SORTS.contains(&plain(&one.name).as_str()));
        for parameter in sorts {
            let default = || self.api.schemas.merged(parameter.schema.as_deref()?).default?.as_str();
            let Some(value) = call.argument(&parameter.name).or_else(default) else { continue };
            let (word, down) = match value.strip_prefix('-') {
                Some(rest) => (rest, Some(true)),
                None => {
                    let (word, direction) = value.split_once([':', ' ']).unwrap_or((value, ""));
                    (word, is_descending(direction))
                }
            };
            let found = known.as_ref().and_then(|(shape, object)| {
                let (member, _) = object.properties.iter().find(|(one, _)| same(one, word))?;
                Some(path_of(schemas, shape, member))
            });
            if found.is_some() {
                return (found, down.or(direction).unwrap_or(false));
            }
        }
        (None, direction.unwrap_or(pages.is_some_and(|pages| pages.newest_first)))
    }
}

impl Filter {
    fn lets(&self, object: &Object) -> bool {
        let is_wanted = |value: &Value| as_text(value).is_some_and(|text| self.values.contains(&text));
        match object.member(&self.member) {
            Some(Value::Array(items)) => {
                items.iter().any(|item| is_wanted(item) || item.get("name").is_some_and(is_wanted))
            }
            Some(value) => is_wanted(value),
            None => false,
        }
    }
}

/// What a request asks of a list.
pub(crate) struct Asked {
    pub window: Window,
    pub limit: usize,
    pub is_paged: bool,
    pub page: usize,
    pub first_page: usize,
    pub style: Option<Style>,
}

/// How many, as a query says it: more than can be counted is as many as can.
fn count(value: &str) -> Option<usize> {
    let is_whole = !value.is_empty() && value.bytes().all(|one| one.is_ascii_digit());
    is_whole.then(|| value.parse().unwrap_or(usize::MAX))
}
