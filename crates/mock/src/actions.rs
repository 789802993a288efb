//! What each action does to the state.

use std::sync::Arc;

use bytes::Bytes;
use conformance_contract::model::{BothCursors, Page, StatusRule, UnknownCursor};
use conformance_contract::request::Reading;
use conformance_contract::say::brief;
use conformance_contract::{Action, Operation, Resource};
use parking_lot::RwLock;
use serde_json::{Map, Value};

use crate::pipeline::{Done, Refusal, SuiteMock};
use crate::plan::{SuiteFault, stamp};
use crate::problem::Problem;
use crate::store::{Object, Rank, Wanted};
use crate::workspaces::State;

impl SuiteMock {
    /// Carries an admitted request out. Reads do not wait for each other.
    pub(crate) fn act(&self, reading: &Reading<'_>, state: &RwLock<State>) -> Done {
        match reading.operation.action {
            Action::List => self.list(reading, &state.read()),
            Action::Create => self.create(reading, state),
            Action::Retrieve => self.retrieve(reading, &state.read()),
            Action::Update => self.update(reading, &mut state.write()),
            Action::Delete => self.delete(reading, &mut state.write()),
        }
    }

    fn list(&self, reading: &Reading<'_>, state: &State) -> Done {
        let operation = reading.operation;
        let (Some(page), Some(envelope)) = (&operation.page, &self.plan.pages[operation.index]) else {
            return Err(SuiteFault(format!("{} has no x-page", operation.id)).into());
        };
        let collection = &state.collections[operation.resource];
        let (objects, more) = match self.wanted(reading, page, state)? {
            Some(wanted) => collection.page(wanted),
            None => (Vec::new(), false),
        };
        let (form, plan) = (&self.plan.forms[operation.index], &self.plan.resources[operation.resource]);
        Ok((success(operation), envelope.render(&objects, more, |object, to| form.write_item(object, plan, to))?))
    }

    /// What a page is asked for; none when a cursor names nothing and the contract answers that with an empty page.
    fn wanted(&self, reading: &Reading<'_>, page: &Page, state: &State) -> Result<Option<Wanted>, Refusal> {
        let collection = &state.collections[reading.operation.resource];
        let cursor = |name: &Option<String>| {
            let name = name.as_ref()?;
            Some((name.clone(), id_text(reading.parameters.get(name)?)))
        };
        let (after, before) = (cursor(&page.after), cursor(&page.before));
        if let (Some((one, _)), Some((other, _)), BothCursors::Refuse) = (&after, &before, page.both_cursors) {
            let message = format!("query.{one}: cannot be combined with `{other}`; give one of them");
            return Err(Problem::new("invalid-parameter", message).into());
        }
        let mut wanted = Wanted { limit: limit(reading, page), after: None, before: None };
        for (given, rank) in [(after, &mut wanted.after), (before, &mut wanted.before)] {
            let Some((name, id)) = given else { continue };
            *rank = collection.rank(&id);
            if rank.is_none() && page.unknown_cursor == UnknownCursor::EmptyPage {
                return Ok(None);
            }
            if rank.is_none() {
                let message = format!("query.{name}: no object here has or had the id {}", Value::from(id));
                return Err(Problem::new("invalid-parameter", message).into());
            }
        }
        Ok(Some(wanted))
    }

    /// The new object gets its id, time and place; is made, while others go on; and is put in its place.
    fn create(&self, reading: &Reading<'_>, state: &RwLock<State>) -> Done {
        let (operation, rules) = (reading.operation, self.rules(reading.operation));
        let (index, plan) = (operation.resource, &self.plan.resources[operation.resource]);
        let (id, ms, rank) = self.begin(operation, &mut state.write())?;
        let mut object = Map::new();
        object.insert(rules.id_property.clone(), rules.id_value(&id));
        object.extend(self.written(reading));
        stamp(&mut object, &rules.on_create, ms);
        let made = plan.object(&object).and_then(|object| {
            let body = self.plan.forms[operation.index].show(&object, plan)?;
            Ok((object, body))
        });
        let mut state = state.write();
        let collection = &mut Arc::make_mut(&mut state.collections)[index];
        match made {
            Ok((object, body)) => {
                collection.fill(rank, &id, object);
                Ok((success(operation), body))
            }
            Err(fault) => {
                collection.leave(rank);
                Err(fault.into())
            }
        }
    }

    /// The id, the time and the place of a new object.
    fn begin(&self, operation: &Operation, state: &mut State) -> Result<(String, u64, Rank), Refusal> {
        let (index, rules, most) = (operation.resource, self.rules(operation), self.settings.limits.objects);
        if state.collections[index].len() >= most {
            let message = format!(
                "this workspace holds {most} objects, the most it may (`--max-objects`); delete some, or use another token"
            );
            return Err(Problem::new("workspace-full", message).into());
        }
        let ms = state.clock.tick();
        let mut id = state.ids[index].next(rules, ms);
        while state.collections[index].rank(&id).is_some() {
            // A fixture has taken it.
            id = state.ids[index].next(rules, ms);
        }
        let rank = Arc::make_mut(&mut state.collections)[index].reserve();
        Ok((id, ms, rank))
    }

    fn retrieve(&self, reading: &Reading<'_>, state: &State) -> Done {
        let operation = reading.operation;
        let id = &id(reading);
        let found = state.collections[operation.resource].get(id).ok_or_else(|| self.not_found(operation, id))?;
        Ok((success(operation), self.show(operation, found)?))
    }

    fn show(&self, operation: &Operation, object: &Object) -> Result<Bytes, SuiteFault> {
        self.plan.forms[operation.index].show(object, &self.plan.resources[operation.resource])
    }

    /// `PATCH` changes what is given; `PUT` replaces everything that can be written.
    fn update(&self, reading: &Reading<'_>, state: &mut State) -> Done {
        let (operation, rules) = (reading.operation, self.rules(reading.operation));
        let (index, id) = (operation.resource, &id(reading));
        let found = state.collections[index].get(id).ok_or_else(|| self.not_found(operation, id))?;
        let plan = &self.plan.resources[index];
        let mut object = plan.state(found);
        if operation.method == "PUT" {
            object.retain(|name, _| !plan.writable.contains(name));
        }
        object.extend(self.written(reading));
        stamp(&mut object, &rules.on_update, state.clock.tick());
        let object = plan.object(&object)?;
        let body = self.show(operation, &object)?;
        Arc::make_mut(&mut state.collections)[index].replace(id, object);
        Ok((success(operation), body))
    }

    fn delete(&self, reading: &Reading<'_>, state: &mut State) -> Done {
        let (operation, id) = (reading.operation, &id(reading));
        let found = state.collections[operation.resource].get(id).ok_or_else(|| self.not_found(operation, id))?;
        // Of what its schema names, the answer shows the object as it was; what the schema fixes, as the schema has it.
        let body = self.show(operation, found)?;
        Arc::make_mut(&mut state.collections)[operation.resource].remove(id);
        Ok((success(operation), body))
    }

    /// The members of the body that the contract knows; the rest was noted.
    fn written(&self, reading: &Reading<'_>) -> Map<String, Value> {
        let writable = &self.plan.resources[reading.operation.resource].writable;
        let members = reading.body.as_ref().and_then(Value::as_object).into_iter().flatten();
        let known = members.filter(|(name, _)| writable.contains(name));
        known.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The path of the object that a create answered.
    pub(crate) fn location(&self, reading: &Reading<'_>, body: &[u8]) -> Option<String> {
        let operation = reading.operation;
        let created = conformance_json::parse(body).ok()?;
        let id = id_text(created.get(&self.rules(operation).id_property)?);
        let escaped = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC).to_string();
        self.contract.action(operation.resource, Action::Retrieve)?.path.fill(|_| Some(escaped.clone()))
    }

    fn rules(&self, operation: &Operation) -> &Resource {
        &self.contract.resources[operation.resource]
    }

    fn not_found(&self, operation: &Operation, id: &str) -> Problem {
        let name = &self.rules(operation).name;
        Problem::new("not-found", format!("no {name} has the id {}", brief(&Value::from(id))))
    }
}

/// How many objects a page may have.
fn limit(reading: &Reading<'_>, page: &Page) -> usize {
    let default = || reading.operation.parameter(&page.limit)?.default.as_ref();
    let limit = reading.parameters.get(&page.limit).or_else(default).and_then(Value::as_u64);
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX - 1)
}

fn success(operation: &Operation) -> u16 {
    match operation.success().map(|rule| rule.status) {
        Some(StatusRule::Exactly(status)) => status,
        _ => 200,
    }
}

/// The id in the path, as collections know it.
fn id(reading: &Reading<'_>) -> String {
    let parameter = reading.operation.id_parameter();
    parameter.and_then(|parameter| reading.parameters.get(&parameter.name)).map_or_else(String::new, id_text)
}

/// An id as collections know it: its text, also where it is a number.
fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
