//! Lists, page by page: each object once, never more than asked for.

use conformance_api::pages::{Limit, Pages, Style};
use conformance_api::{Certainty, Role};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::Arguments;
use super::session::{Answer, Object, Session};
use super::walk::{Walk, is_total, page_count, total};

/// So many objects are made to be divided into pages.
const OBJECTS: usize = 5;
impl Session<'_> {
    pub(crate) async fn pages(&mut self, at: usize) {
        let api = self.run.api;
        let Some(list) = operation(api, at, Role::List) else { return };
        let statement = format!("the pages of GET {} hold every object once", self.declared(list).path);
        let partition = self.page_rule(list, "each-object-once", statement);
        let Some(pages) = api.operations[list].pages.clone() else {
            self.skip(partition, "its parameters do not say that it has pages");
            return self.holds_all(at, list).await;
        };
        let Some(limit) = pages.limit.clone() else {
            self.skip(partition, "no parameter says how long a page is");
            return self.holds_all(at, list).await;
        };
        if self.is_filtered(list) {
            return self.skip(partition, "it wants a filter, and nobody knows which objects pass it");
        }
        let more_than_a_page = |default: usize| if default < 21 { OBJECTS.max(default + 1) | 1 } else { OBJECTS };
        let (above, own) = match self.own_objects(at, limit.declared.map_or(OBJECTS, more_than_a_page)).await {
            Ok(made) => made,
            Err(why) => return self.skip(partition, why),
        };
        let asked = 2.min(limit.most);
        let walk = self.walk_until(list, &above, (Some(asked), &[]), &own).await;
        let Some(last) = walk.last.clone() else { return };
        if walk.sizes.is_empty() && last.is_rejection() {
            let statement = format!("GET {} accepts {asked} as the size of a page", self.declared(list).path);
            let wrong = vec![Mismatch::of(format!("the status is {}", last.status.unwrap_or(0)))];
            return self.judge(self.page_rule(list, "page-size-accepted", statement), &last, "a 2XX response", wrong);
        }
        self.judge_sizes(list, &limit, asked, &walk, &last);
        if pages.styles.iter().all(|style| matches!(style, Style::Before(_))) {
            return self.skip(partition, "no parameter says where a page begins");
        }
        if !walk.is_whole {
            return self.skip(partition, "the end of the list was not reached");
        }
        let Some(wrong) = self.misplaced(list, &above, asked, &walk, &own).await else {
            return self.skip(partition, "others write to this list");
        };
        let is_right = wrong.is_empty();
        let told = walk.repeating(&own).unwrap_or(&last).clone();
        self.judge(partition.clone(), &told, "each of the created objects once", wrong);
        if is_right {
            self.divides_its_own(list, &above, (&limit, asked), &own, (&walk, partition)).await;
        }
        // What was made twice under one name is one object all the same.
        let different: std::collections::BTreeSet<&[String]> = own.iter().map(|one| one.path.as_slice()).collect();
        self.counts(list, &walk, different.len(), (&above, Some(asked), &[])).await;
        self.numbers_pages(list, &walk);
        self.counts_pages(list, &above, asked, &walk).await;
        self.all_found(at, &own).await;
        self.goes_back(list, &above, asked, &walk, &own).await;
        self.ends_exactly(list, &above, (&limit, asked), &walk).await;
        self.keeps_order((at, list), &above, &walk, &own).await;
        self.filters(list, &above, &own).await;
        self.filters_ranges(list, &above, &own).await;
        self.filters_by_several(list, &above, &own).await;
        self.sorts(list, &above, &own).await;
        self.odd_places(list, &above).await;
        self.bounds(list, &above, &limit).await;
    }

    /// What is judged of a list that has no pages of a size that one can ask for.
    async fn holds_all(&mut self, at: usize, list: usize) {
        if self.is_filtered(list) {
            return;
        }
        let Ok((above, own)) = self.own_objects(at, OBJECTS).await else { return };
        let walk = self.walk_until(list, &above, (None, &[]), &own).await;
        if !walk.is_whole {
            return;
        }
        let different: std::collections::BTreeSet<&[String]> = own.iter().map(|one| one.path.as_slice()).collect();
        self.counts(list, &walk, different.len(), (&above, None, &[])).await;
        self.keeps_order((at, list), &above, &walk, &own).await;
        self.filters(list, &above, &own).await;
        self.filters_ranges(list, &above, &own).await;
        self.filters_by_several(list, &above, &own).await;
        self.sorts(list, &above, &own).await;
    }

    /// The same with pages of which the first ends between two of the run's own objects, which may stand behind many others.
    async fn divides_its_own(
        &mut self,
        list: usize,
        above: &[String],
        (limit, asked): (&Limit, usize),
        own: &[Object],
        (whole, partition): (&Walk, Rule),
    ) {
        let first = whole.items.iter().position(|item| own.iter().any(|object| Self::is_same(item, object)));
        let size = first.map_or(0, |first| first + 1);
        if size <= asked || size > limit.most {
            return;
        }
        let walk = self.walk(list, above, Some(size)).await;
        let Some(last) = walk.last.clone().filter(|_| walk.is_whole) else { return };
        let Some(wrong) = self.misplaced(list, above, size, &walk, own).await else { return };
        let told = walk.repeating(own).unwrap_or(&last).clone();
        self.judge(partition, &told, "each of the created objects once", wrong);
    }

    /// The run's own objects that a walk did not see once, whenever it is made; none where others write to the list: what they delete
    /// shifts its pages.
    async fn misplaced(
        &mut self,
        list: usize,
        above: &[String],
        size: usize,
        walk: &Walk,
        own: &[Object],
    ) -> Option<Vec<Mismatch>> {
        let mut wrong = misplaced(walk, own);
        if !wrong.is_empty() {
            let again = self.walk(list, above, Some(size)).await;
            if foreign(walk, own) != foreign(&again, own) {
                return None;
            }
            wrong.retain(|one| misplaced(&again, own).contains(one));
        }
        Some(wrong)
    }

    /// A rule about the pages of a list. Parameters that are only likely to divide it promise nothing.
    fn page_rule(&self, list: usize, name: &str, statement: String) -> Rule {
        let declared = self.declared(list);
        let is_certain = |pages: &Pages| pages.facts.iter().all(|fact| fact.certainty <= Certainty::Certain);
        let pages = self.run.api.operations[list].pages.as_ref();
        let level = if pages.is_some_and(is_certain) { Level::Must } else { Level::Should };
        Rule::new(format!("{}.{name}", declared.id), level, statement, format!("{}/parameters", declared.pointer))
    }

    /// Objects to be divided into pages: more than a page holds when nothing is asked for, where that is not too many; an odd number, so
    /// that pages of two end with one.
    async fn own_objects(&mut self, at: usize, count: usize) -> Result<(Vec<String>, Vec<Object>), String> {
        if !self.can_create(at) {
            return Err("what is created could not be found again, or not be deleted".to_owned());
        }
        let above = self.above(at).await?;
        let mut own = Vec::new();
        for index in 0..count {
            let object = self.create_varied(at, &above, index).await?;
            self.has_new_id(at, &object, &own);
            own.push(object);
        }
        Ok((above, own))
    }

    /// Whether a new object has an id of its own. What clients name is theirs.
    fn has_new_id(&mut self, at: usize, object: &Object, others: &[Object]) {
        let Some(create) = operation(self.run.api, at, Role::Create) else { return };
        let declared = self.declared(create);
        let is_free = self.content_media(declared).is_some_and(|(_, pointer)| !self.free_members(pointer).is_empty());
        // What is named by its body is named by the client.
        if !is_free || !self.ids_of(&self.run.api.resources[at], &object.sent).is_empty() {
            return;
        }
        let statement = format!("{} {} gives each object an id of its own", declared.method, declared.path);
        let rule = Rule::new(format!("{}.creates", declared.id), Level::Must, statement, declared.pointer.clone());
        let is_taken = others.iter().any(|one| one.path == object.path);
        let wrong =
            if is_taken { vec![Mismatch::of(format!("another one has the id {}", object.id))] } else { Vec::new() };
        self.judge(rule, &self.answer_of(object.number), "an id that no other object has", wrong);
    }

    /// Whether a list has as many objects as it says; the run's own, at the least. Who else writes may do so while it is read: it is
    /// read again, in the same way, before anybody is blamed.
    pub(crate) async fn counts(
        &mut self,
        list: usize,
        walk: &Walk,
        own: usize,
        (above, limit, asked): (&[String], Option<usize>, &[(String, String)]),
    ) {
        let Some(mut wrong) = self.miscounted(list, walk, own) else { return };
        let mut last = walk.last.clone();
        if !wrong.is_empty() {
            let again = self.walk_with(list, above, limit, asked).await;
            let Some(found) = self.miscounted(list, &again, own) else { return };
            (wrong, last) = (found, again.last);
        }
        let Some(answer) = last else { return };
        let statement = format!("GET {} has as many objects as it says", self.declared(list).path);
        self.judge(self.page_rule(list, "total", statement), &answer, "a total of what is there", wrong);
    }

    /// What a list says of the number of its objects and is not so; none where it says nothing.
    fn miscounted(&self, list: usize, walk: &Walk, own: usize) -> Option<Vec<Mismatch>> {
        let said = |answer: &Option<Answer>| answer.as_ref().and_then(|one| self.total(list, one));
        let (first, last) = (said(&walk.first)?, said(&walk.last)?);
        let seen = walk.items.len();
        // While others write, it may be more or less than was seen, and still not less than the run's own.
        let is_steady = first == last && walk.is_whole;
        let is_wrong = (is_steady && last != seen) || first < own || last < own;
        let found = format!("{seen} objects, and a total of {first}, at the end of {last}");
        Some(if is_wrong { vec![Mismatch::of(found)] } else { Vec::new() })
    }

    /// How many objects a page says that the list has: in its body, or in a field that the document has for it.
    fn total(&self, list: usize, answer: &Answer) -> Option<usize> {
        let field = || {
            let mut documented = self.declared(list).responses.iter().flat_map(|one| &one.headers);
            let field = documented.find(|one| is_total(one.name.trim_start_matches(['X', 'x', '-'])))?;
            let response = self.exchanges[answer.number].response.as_ref().ok()?;
            response.header(&field.name.to_ascii_lowercase())?.trim().parse().ok()
        };
        answer.json.as_ref().and_then(total).or_else(field)
    }

    /// Whether pages that give themselves numbers count on. From which number on is the server's affair.
    fn numbers_pages(&mut self, list: usize, walk: &Walk) {
        let numbers: Vec<i64> = walk.numbers.iter().copied().flatten().collect();
        let (Some(answer), true) = (walk.last.clone(), numbers.len() > 1 && numbers.len() == walk.numbers.len()) else {
            return;
        };
        let wrong = if numbers.windows(2).all(|pair| pair[1] == pair[0] + 1) {
            Vec::new()
        } else {
            let told: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            vec![Mismatch::of(format!("the pages say that they are {}", told.join(", ")))]
        };
        let statement = format!("pages of GET {} say which they are", self.declared(list).path);
        self.judge(self.page_rule(list, "page-number", statement), &answer, "numbers that follow each other", wrong);
    }

    /// Whether a list has as many pages as it says. Who else writes may do so while it is read: it is read again before anybody is told.
    async fn counts_pages(&mut self, list: usize, above: &[String], asked: usize, walk: &Walk) {
        let mut styles = self.run.api.operations[list].pages.iter().flat_map(|pages| &pages.styles);
        let first = styles.find_map(|style| if let Style::Page { first, .. } = style { Some(*first) } else { None });
        let Some(from_zero) = first.map(|first| first == 0) else { return };
        let Some(mut wrong) = miscounted_pages(walk, from_zero) else { return };
        let mut answer = walk.last.clone();
        if !wrong.is_empty() {
            let again = self.walk(list, above, Some(asked)).await;
            let Some(found) = miscounted_pages(&again, from_zero) else { return };
            (wrong, answer) = (found, again.last);
        }
        let Some(answer) = answer else { return };
        let statement = format!("GET {} has as many pages as it says", self.declared(list).path);
        let rule = Rule { level: Level::Should, ..self.page_rule(list, "page-count", statement) };
        self.judge(rule, &answer, "a number of pages of what is there", wrong);
    }

    /// Each of several objects is found.
    async fn all_found(&mut self, at: usize, own: &[Object]) {
        for object in own.iter().take(OBJECTS) {
            let _ = self.current(at, object).await;
        }
    }

    /// How long pages are, and whether they say truly that there is more.
    fn judge_sizes(&mut self, list: usize, limit: &Limit, asked: usize, walk: &Walk, last: &Answer) {
        let path = &self.declared(list).path;
        let too_long = walk.sizes.iter().filter(|size| **size > asked);
        let wrong = too_long.map(|size| Mismatch::of(format!("a page of {size} items"))).collect();
        let statement = format!("a page of GET {path} is never longer than `{}` says", limit.parameter);
        self.judge(self.page_rule(list, "page-size", statement), last, format!("at most {asked} items"), wrong);
        if walk.is_overpromised || walk.sizes.len() > 1 {
            let statement = format!("GET {path} says that there is more only where there is");
            let promise = || Mismatch::of("a page says so, and the next one holds nothing new");
            let wrong = if walk.is_overpromised { vec![promise()] } else { Vec::new() };
            self.judge(self.page_rule(list, "end", statement), last, "an end where the list ends", wrong);
        }
    }

    /// Whether a page that holds all that is left says that there is more.
    async fn ends_exactly(&mut self, list: usize, above: &[String], (limit, asked): (&Limit, usize), walk: &Walk) {
        let size = walk.items.len();
        if size <= asked || size > limit.most || size.is_multiple_of(asked) {
            return;
        }
        let exact = self.walk(list, above, Some(size)).await;
        let Some(answer) = exact.last.clone().filter(|_| exact.is_whole && exact.items.len() == size) else { return };
        let found = || Mismatch::of("a page of all that there is says that there is more");
        let wrong = if exact.is_overpromised { vec![found()] } else { Vec::new() };
        let statement = format!("GET {} says that there is more only where there is", self.declared(list).path);
        self.judge(self.page_rule(list, "end", statement), &answer, "an end where the list ends", wrong);
    }

    /// Whether the page before a page is the one that it was reached from.
    async fn goes_back(&mut self, list: usize, above: &[String], asked: usize, walk: &Walk, own: &[Object]) {
        let Some(pages) = self.run.api.operations[list].pages.clone() else { return };
        let has_after = pages.styles.iter().any(|style| matches!(style, Style::After(_)));
        let Some(Style::Before(parameter)) = pages.styles.iter().find(|style| matches!(style, Style::Before(_))) else {
            return;
        };
        let (Some(limit), true) = (&pages.limit, has_after) else { return };
        let at: Vec<usize> = (0..walk.items.len())
            .filter(|at| own.iter().any(|object| Self::is_same(&walk.items[*at], object)))
            .collect();
        // From the last of the run's own objects; those before it are its own, too, unless others write.
        let Some(from) = at.last().copied().filter(|from| *from >= asked) else { return };
        let resource = self.run.api.operations[list].resource.map(|at| &self.run.api.resources[at]);
        let Some(cursor) = resource.and_then(|resource| self.id_of(resource, &walk.items[from])) else { return };
        let expected = &walk.items[from - asked..from];
        if !(from - asked..from).all(|one| at.contains(&one)) {
            return;
        }
        let answer =
            self.send(list, Arguments::at(above).with(&limit.parameter, &asked).with(parameter, &cursor)).await;
        let found = answer.json.as_ref().and_then(|body| self.items(list, body)).unwrap_or_default();
        let declared = self.declared(list);
        let rule = Rule::new(
            format!("{}.goes-back", declared.id),
            Level::Must,
            format!("GET {} gives the page before an object in the order of the list", declared.path),
            format!("{}/parameters", declared.pointer),
        );
        let ids = |items: &[Value]| {
            items.iter().filter_map(|item| self.id_of(resource?, item)).collect::<Vec<_>>().join(", ")
        };
        let (wanted, got) = (ids(expected), ids(&found));
        let wrong = if wanted == got { Vec::new() } else { vec![Mismatch::of(format!("the page holds {got}"))] };
        self.judge(rule, &answer, format!("the page {wanted}"), wrong);
    }

    /// Sizes beyond the documented bound are rejected, or cut to it.
    async fn bounds(&mut self, list: usize, above: &[String], limit: &Limit) {
        let declared = self.declared(list);
        let parameter = limit.parameter.as_str();
        if let Some(default) = limit.declared {
            let answer = self.send(list, Arguments::at(above)).await;
            let statement = format!("a page of GET {} holds {default} items when nothing is asked for", declared.path);
            self.page_size(list, self.page_rule(list, "default-page-size", statement), &answer, default);
        }
        let Some(one) = declared.parameters.iter().find(|one| one.name == parameter) else { return };
        let bounds =
            one.schema.as_deref().map(|pointer| self.run.api.schemas.merged(pointer).bounds).unwrap_or_default();
        let rule = |name: &str, level: Level, statement: String| {
            Rule::new(format!("{}.{name}", declared.id), level, statement, format!("{}/parameters", declared.pointer))
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a small whole number"
        )]
        if let Some(most) = bounds.maximum.filter(|most| (1.0..=1e6).contains(most)).map(|most| most as usize) {
            let answer = self.send(list, Arguments::at(above).with(parameter, &most)).await;
            let statement = format!("GET {} accepts {most} as the size of a page", declared.path);
            let wrong = answer.otherwise_than_success();
            self.judge(rule("page-size-accepted", Level::Must, statement), &answer, "a 2XX response", wrong);
            let answer = self.send(list, Arguments::at(above).with(parameter, &(most + 1))).await;
            let statement = format!("GET {} never gives more than {most} items", declared.path);
            if answer.is_success() {
                self.page_size(list, rule("page-size-bound", Level::Must, statement), &answer, most);
            } else {
                self.judge_rejected(rule("page-size-bound", Level::Must, statement), list, &answer);
            }
        }
        let nothing = self.send(list, Arguments::at(above).with(parameter, &0)).await;
        self.judge_no_error(list, &nothing);
        let answer = self.send(list, Arguments::at(above).with(parameter, &"many")).await;
        self.judge_no_error(list, &answer);
        let statement = format!("GET {} rejects a page size that is no number", declared.path);
        self.judge_rejected(rule("page-size-number", Level::Should, statement), list, &answer);
    }
}

/// Objects that do not stand in a list exactly once.
fn misplaced(walk: &Walk, own: &[Object]) -> Vec<Mismatch> {
    let count = |object: &Object| walk.items.iter().filter(|item| Session::is_same(item, object)).count();
    let counted = own.iter().map(|object| (object, count(object))).filter(|(_, count)| *count != 1);
    counted.map(|(object, count)| Mismatch::of(format!("{} stands there {count} times", object.id))).collect()
}

/// What others have in a list.
fn foreign<'w>(walk: &'w Walk, own: &[Object]) -> Vec<&'w Value> {
    walk.items.iter().filter(|item| !own.iter().any(|object| Session::is_same(item, object))).collect()
}

/// How many pages a list says that it has and has not; none where it says nothing, or not the same throughout.
fn miscounted_pages(walk: &Walk, from_zero: bool) -> Option<Vec<Mismatch>> {
    let said = |answer: &Option<Answer>| answer.as_ref().and_then(|one| page_count(one.json.as_ref()?, from_zero));
    let (first, last) = (said(&walk.first)?, said(&walk.last)?);
    let seen = walk.sizes.iter().filter(|size| **size > 0).count();
    if first != last || !walk.is_whole || seen == 0 {
        return None;
    }
    let found = || Mismatch::of(format!("{seen} pages, and {first} by what it says"));
    Some(if first == seen { Vec::new() } else { vec![found()] })
}
