//! What a page says of itself and of its neighbours, in members and header fields named for it.

use conformance_api::names::plain;
use conformance_api::pages::Style;
use conformance_api::{Merged, Shape};
use conformance_store::{Object, Page, Window};
use serde_json::Value;

use super::Derived;
use super::call::Call;
use super::list::Asked;
use super::projection::as_text;

/// A page, as its response tells it.
pub(crate) struct PageInfo {
    pub count: usize,
    pub total: usize,
    pub limit: usize,
    pub offset: usize,
    pub page: usize,
    pub pages: usize,
    pub is_followed: bool,
    pub has_previous: bool,
    /// Whether the list was asked for backwards: there is more where there is more before.
    is_backwards: bool,
    /// Ids of the first and the last item.
    pub first: Option<String>,
    pub last: Option<String>,
    /// Targets with path and query.
    pub next: Option<String>,
    pub previous: Option<String>,
    pub begin: String,
    pub end: String,
    /// Where the server is: `http://127.0.0.1:4010`.
    pub origin: String,
    first_page: usize,
}

impl PageInfo {
    pub fn new(call: &Call<'_>, page: &Page<'_>, asked: &Asked, origin: String) -> Self {
        let id = |one: Option<&(u64, &Object)>| one.and_then(|(_, object)| object.ids.first().cloned());
        let (first, last) = (id(page.items.first()), id(page.items.last()));
        let total = page.total();
        let number = |offset: usize| asked.first_page + offset / asked.limit.max(1);
        let page_number = if matches!(asked.window, Window::Offset(_)) { asked.page } else { number(page.before) };
        let pages = total.div_ceil(asked.limit.max(1)).max(1);
        let at = |style: Option<&Style>, page: usize, offset: usize, id: Option<&String>, back: bool| {
            let set: (String, String) = match style? {
                Style::Page { parameter, .. } => (parameter.clone(), page.to_string()),
                Style::Offset(parameter) => (parameter.clone(), offset.to_string()),
                Style::After(parameter) if !back => (parameter.clone(), id?.clone()),
                Style::Before(parameter) if back => (parameter.clone(), id?.clone()),
                Style::After(_) | Style::Before(_) => return None,
            };
            Some(target(call, &set))
        };
        let style = asked.style.as_ref();
        let is_followed = page.after > 0 && asked.is_paged;
        let has_previous = page.before > 0 && asked.is_paged;
        let next = if is_followed {
            at(style, page_number + 1, page.before + page.items.len(), last.as_ref(), false)
        } else {
            None
        };
        let previous = if has_previous {
            at(style, page_number.saturating_sub(1), page.before.saturating_sub(asked.limit), first.as_ref(), true)
        } else {
            None
        };
        let last_page = asked.first_page + pages - 1;
        let own = call.request.target.clone();
        let begin = at(style, asked.first_page, 0, None, false).unwrap_or_else(|| own.clone());
        let end = at(style, last_page, (pages - 1) * asked.limit, None, false).unwrap_or(own);
        Self {
            count: page.items.len(),
            total,
            limit: asked.limit,
            offset: page.before,
            page: page_number,
            pages,
            is_followed,
            has_previous,
            is_backwards: matches!(asked.window, Window::Before(_)),
            first,
            last,
            next,
            previous,
            begin,
            end,
            origin,
            first_page: asked.first_page,
        }
    }

    /// The value of a member with this name, if the name is one for pages; the outer none for any other name. An inner none
    /// is where there is nothing to say: no next page.
    fn value(&self, name: &str, around: &str, shape: &Merged<'_>, sample: Option<&Value>) -> Option<Option<Value>> {
        let plain_name = plain(name);
        match shape.kind() {
            Some("boolean") => self.flag(&plain_name).map(|flag| Some(flag.into())),
            Some("integer" | "number") => self.number(&plain_name).map(|number| number.map(Value::from)),
            _ if is_address(&plain_name, &plain(around), shape, sample) => {
                self.address(&plain_name).map(|target| target.map(|target| self.link(&plain_name, target)))
            }
            _ => self.token(&plain_name, &plain(around)).map(|token| token.map(Value::from)),
        }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match name {
            "hasmore" | "more" | "hasmoreitems" | "hasmoreresults" if self.is_backwards => Some(self.has_previous),
            "hasmore" | "more" | "hasnext" | "hasnextpage" | "hasmoreitems" | "hasmoreresults" => {
                Some(self.is_followed)
            }
            "done" | "islast" | "islastpage" | "last" => Some(!self.is_followed),
            "isfirst" | "isfirstpage" | "first" => Some(!self.has_previous),
            "hasprevious" | "hasprev" | "haspreviouspage" | "hasprevpage" => Some(self.has_previous),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<Option<usize>> {
        match name {
            "total" | "totalcount" | "totalitems" | "totalresults" | "totalelements" | "totalsize" | "totalhits"
            | "totalentries" => Some(Some(self.total)),
            "limit" | "perpage" | "pagesize" | "itemsperpage" | "resultsperpage" => Some(Some(self.limit)),
            "offset" | "startindex" | "skip" | "start" => Some(Some(self.offset)),
            "page" | "currentpage" | "pagenumber" | "pageno" | "pageindex" | "current" => Some(Some(self.page)),
            "pages" | "totalpages" | "pagecount" | "numpages" | "lastpage" => Some(Some(self.pages)),
            "count" | "returned" | "numberofelements" | "resultcount" => Some(Some(self.count)),
            "nextpage" | "next" => Some(self.is_followed.then_some(self.page + 1)),
            "nextoffset" => Some(self.is_followed.then_some(self.offset + self.count)),
            "previouspage" | "prevpage" | "previous" | "prev" => {
                Some(self.has_previous.then(|| self.page.saturating_sub(1).max(self.first_page)))
            }
            _ => None,
        }
    }

    fn address(&self, name: &str) -> Option<Option<&String>> {
        match name {
            "nextpageuri" | "nextpageurl" | "nexturl" | "nextlink" | "next" | "nextpage" | "nexthref" => {
                Some(self.next.as_ref())
            }
            "previouspageuri" | "prevpageuri" | "previouspageurl" | "previousurl" | "prevurl" | "prev" | "previous"
            | "prevpage" | "previouspage" => Some(self.previous.as_ref()),
            "firstpageuri" | "firstpageurl" | "first" => Some(Some(&self.begin)),
            "lastpageuri" | "lastpageurl" | "last" => Some(Some(&self.end)),
            _ => None,
        }
    }

    fn token(&self, name: &str, around: &str) -> Option<Option<String>> {
        let (next, previous) =
            (self.last.clone().filter(|_| self.is_followed), self.first.clone().filter(|_| self.has_previous));
        match name {
            "firstid" => Some(self.first.clone()),
            "lastid" | "iterator" | "endcursor" => Some(self.last.clone()),
            "startcursor" => Some(self.first.clone()),
            "nextcursor" | "nextpagetoken" | "nexttoken" | "nextmarker" | "nextiterator" | "nextpage" | "next"
            | "continuationtoken" | "nextpagecursor" | "nextstreamposition" | "aftercursor" | "nextkey"
            | "bookmark" | "continuation" | "scrollid" | "cursor" => Some(next),
            "after" if matches!(around, "cursors" | "paging" | "pagination" | "meta" | "pageinfo") => Some(next),
            "previouscursor" | "prevcursor" | "previouspagetoken" | "prevmarker" | "previterator" | "beforecursor"
            | "previous" | "prev" | "prevpage" => Some(previous),
            "before" if matches!(around, "cursors" | "paging" | "pagination" | "meta" | "pageinfo") => Some(previous),
            _ => None,
        }
    }

    /// A member that ends in `uri` is a path; any other address is whole.
    fn link(&self, name: &str, target: &str) -> Value {
        if name.ends_with("uri") { target.into() } else { format!("{}{target}", self.origin).into() }
    }
}

/// The request's target with one query parameter set, and without the other ways to say where a page begins.
fn target(call: &Call<'_>, (name, value): &(String, String)) -> String {
    let styles = call.operation.pages.iter().flat_map(|pages| &pages.styles);
    let others: Vec<&str> = styles.map(Style::parameter).collect();
    let mut pairs: Vec<(&str, &str)> = call
        .query
        .iter()
        .map(|(one, value)| (one.as_str(), value.as_str()))
        .filter(|(one, _)| !others.contains(one) && one != name)
        .collect();
    pairs.push((name, value));
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let plain =
        |text: &str| text.bytes().all(|one| one.is_ascii_alphanumeric() || matches!(one, b'_' | b'-' | b'.' | b'~'));
    let part = |text: &str| if plain(text) { text.to_owned() } else { encode(text) };
    let query: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{}={}", part(name), part(value))).collect();
    format!("{}?{}", call.request.path(), query.join("&"))
}

impl Derived {
    /// Sets the members of a list's body that speak of pages.
    pub(crate) fn fill_page_members(&self, body: &mut Value, shape: &Shape, info: &PageInfo) {
        let root = self.api.schemas.at(&shape.body).map(|schema| self.api.schemas.outline(&[schema]));
        if let Some(root) = root {
            self.fill_members(body, &root, shape.at.first().map_or("", String::as_str), "", info, 0);
        }
    }

    fn fill_members(
        &self,
        body: &mut Value,
        shape: &Merged<'_>,
        list: &str,
        around: &str,
        info: &PageInfo,
        depth: usize,
    ) {
        let Some(members) = body.as_object_mut() else { return };
        for (name, schemas) in shape.properties.iter().filter(|(name, _)| *name != list) {
            let merged = self.api.schemas.outline(schemas);
            if merged.kind() == Some("object") && depth < 3 && !merged.properties.is_empty() {
                if !members.contains_key(*name) && info.is_followed && is_about_pages(name) {
                    members.insert((*name).to_owned(), Value::Object(serde_json::Map::new()));
                }
                if let Some(inner) = members.get_mut(*name) {
                    self.fill_members(inner, &merged, "", name, info, depth + 1);
                    if inner.as_object().is_some_and(serde_json::Map::is_empty) && !shape.required.contains(name) {
                        members.remove(*name);
                    }
                }
                continue;
            }
            // `count` beside a total is that of the page; alone it is that of the whole.
            let is_lone_count =
                plain(name) == "count" && !shape.properties.iter().any(|(one, _)| plain(one).starts_with("total"));
            let value = if is_lone_count {
                Some(Some(Value::from(info.total)))
            } else {
                info.value(name, around, &merged, members.get(*name))
            };
            match value {
                None => {}
                Some(Some(value)) => {
                    let text = || as_text(&value).map(Value::from);
                    let value = if merged.kind() == Some("string") && value.is_number() {
                        text().unwrap_or(value)
                    } else {
                        value
                    };
                    members.insert((*name).to_owned(), value);
                }
                Some(None) if merged.is_nullable() => drop(members.insert((*name).to_owned(), Value::Null)),
                Some(None) if shape.required.contains(name) && merged.kind() == Some("string") => {
                    members.insert((*name).to_owned(), Value::from(""));
                }
                Some(None) => drop(members.remove(*name)),
            }
        }
    }

    /// `Link` and totals, where the response documents such fields.
    pub(crate) fn page_headers(&self, call: &Call<'_>, info: &PageInfo) -> Vec<(String, String)> {
        let Some(response) = call.operation.success.response.and_then(|at| call.declared.responses.get(at)) else {
            return Vec::new();
        };
        let mut headers = Vec::new();
        for field in &response.headers {
            match plain(&field.name).as_str() {
                "link" => {
                    let mut links = Vec::new();
                    let mut add = |target: Option<&String>, relation: &str| {
                        links.extend(target.map(|target| format!("<{}{target}>; rel=\"{relation}\"", info.origin)));
                    };
                    add(info.previous.as_ref(), "prev");
                    add(info.next.as_ref(), "next");
                    add(info.next.as_ref().map(|_| &info.end), "last");
                    add(info.previous.as_ref().map(|_| &info.begin), "first");
                    if !links.is_empty() {
                        headers.push((field.name.to_ascii_lowercase(), links.join(", ")));
                    }
                }
                "xtotalcount" | "xtotal" | "totalcount" | "xtotalresults" | "xpaginationtotalcount" => {
                    headers.push((field.name.to_ascii_lowercase(), info.total.to_string()));
                }
                _ => {}
            }
        }
        headers
    }
}

/// Whether a text member holds an address, and not a token.
fn is_address(name: &str, around: &str, shape: &Merged<'_>, sample: Option<&Value>) -> bool {
    let by_format = shape.format.is_some_and(|one| one.starts_with("uri") || one == "url");
    let by_name = ["uri", "url", "link", "href"].iter().any(|end| name.ends_with(end));
    let by_sample = sample.and_then(Value::as_str).is_some_and(|one| one.starts_with("http") || one.starts_with('/'));
    // `links.next` is a link whatever its schema leaves out.
    let by_place = matches!(around, "links" | "link" | "pages") && shape.kind() == Some("string");
    by_format || by_name || by_sample || by_place
}

fn is_about_pages(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "links" | "meta" | "pages" | "pagination" | "paging" | "cursors" | "page" | "pageinfo"
    )
}
