//! What a script has to know of the contract: its operations, schemas, and ids that name nothing.

use std::collections::BTreeMap;

use conformance_contract::model::{IdMaker, Place, StatusRule};
use conformance_contract::{Action, Contract, Location, Operation, Suite};
use serde_json::{Map, Value, json};

use crate::schema;
use crate::text::literal;

/// Collects what the steps use while they are compiled.
pub(crate) struct Compiler<'c> {
    pub(crate) suite: &'c Suite,
    pub(crate) contract: &'c Contract,
    /// Ids that were made up.
    pub(crate) unknown: Vec<String>,
    /// Whether any value is judged by a JSON Schema.
    pub(crate) validates: bool,
    /// Whether any step sends the second token.
    pub(crate) second: bool,
    operations: BTreeMap<String, Value>,
    schemas: BTreeMap<String, Value>,
    seed: u64,
}

impl<'c> Compiler<'c> {
    /// Made-up ids follow from the scenario's name, so that the same failure always gives the same script.
    pub(crate) fn new(suite: &'c Suite, name: &str) -> Self {
        let seed = name
            .bytes()
            .fold(0x9e37_79b9_7f4a_7c15_u64, |seed, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self {
            suite,
            contract: &suite.contract,
            unknown: Vec::new(),
            validates: false,
            second: false,
            operations: BTreeMap::new(),
            schemas: BTreeMap::new(),
            seed,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        // Knuth's MMIX generator; its upper bits are good enough for ids that nobody has.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    /// An id as the contract makes them, which no object has.
    pub(crate) fn unknown_id(&mut self, resource: usize) -> String {
        let contract = self.contract;
        let rules = &contract.resources[resource];
        let mut digits = |alphabet: &[u8], count: usize| -> String {
            let size = alphabet.len() as u64;
            (0..count)
                .filter_map(|_| alphabet.get(usize::try_from(self.random(size)).ok()?))
                .map(|one| char::from(*one))
                .collect()
        };
        let hex = b"0123456789abcdef";
        let made = match rules.id_maker {
            IdMaker::Ulid => format!("{}{}", digits(b"01234567", 1), digits(b"0123456789abcdefghjkmnpqrstvwxyz", 25)),
            IdMaker::Uuid => format!(
                "{}-{}-4{}-8{}-{}",
                digits(hex, 8),
                digits(hex, 4),
                digits(hex, 3),
                digits(hex, 3),
                digits(hex, 12)
            ),
            IdMaker::Sequence => format!("{}{}", digits(b"123456789", 1), digits(b"0123456789", 9)),
        };
        let id = format!("{}{made}", rules.id_prefix);
        self.unknown.push(id.clone());
        id
    }

    /// The list of the kind of object that an operation works on.
    pub(crate) fn list_of(&self, operation: &Operation) -> Option<&'c Operation> {
        self.contract.action(operation.resource, Action::List)
    }

    /// Notes that an operation is called.
    pub(crate) fn uses(&mut self, operation: &Operation) {
        if self.operations.contains_key(&operation.id) {
            return;
        }
        let rules = self.rules(operation);
        self.operations.insert(operation.id.clone(), rules);
        // What it creates is deleted.
        if operation.action == Action::Create
            && let Some(delete) = self.contract.action(operation.resource, Action::Delete)
        {
            self.uses(delete);
        }
    }

    fn rules(&self, operation: &Operation) -> Value {
        let resource = &self.contract.resources[operation.resource];
        let named = operation.parameters.iter().filter(|one| one.place == Place::Query);
        let query: Map<String, Value> = named.map(|one| (one.name.clone(), Value::Bool(true))).collect();
        let mut rules = json!({
            "method": operation.method,
            "path": operation.path.to_string(),
            "names": operation.path.parameters().collect::<Vec<_>>(),
            "query": query,
            "secured": operation.secured,
            "action": word(operation.action),
            "id": resource.id_property,
        });
        if operation.action == Action::Create
            && let Some(delete) = self.contract.action(operation.resource, Action::Delete)
        {
            rules["delete"] = json!(delete.id);
        }
        if let Some(page) = &operation.page {
            rules["items"] = json!(page.items);
            rules["more"] = json!(page.more);
            rules["after"] = json!(page.after);
            rules["before"] = json!(page.before);
            rules["limit"] = json!(page.limit);
        }
        rules
    }

    /// Notes that answers of all operations are judged by what is known of the scenario's own objects.
    pub(crate) fn oversees(&mut self) {
        let contract = self.contract;
        for operation in &contract.operations {
            self.uses(operation);
            let Some(rules) = self.operations.get_mut(&operation.id) else { continue };
            rules["documented"] = json!(contract.documented(operation.resource));
            rules["most"] = json!(contract.largest_page(operation));
            rules["newest_first"] = json!(contract.resources[operation.resource].newest_first);
        }
    }

    /// Notes that answers of an operation are judged by the documents.
    pub(crate) fn documents(&mut self, operation: &Operation) {
        self.uses(operation);
        self.validates = true;
        let mut responses = Vec::new();
        for rule in &operation.responses {
            let status = match rule.status {
                StatusRule::Exactly(status) => status.to_string(),
                StatusRule::Class(hundred) => format!("{hundred}XX"),
                StatusRule::Default => "default".to_owned(),
            };
            let schema = rule.schema.as_ref().map(|schema| schema.location.clone());
            // A body that the documents leave open is never judged.
            if let Some(at) = schema.as_ref().filter(|_| rule.status != StatusRule::Default) {
                self.needs(at);
            }
            responses.push(json!({ "status": status, "schema": schema.map(|at| at.to_string()) }));
        }
        if let Some(rules) = self.operations.get_mut(&operation.id) {
            rules["responses"] = Value::Array(responses);
        }
    }

    /// Notes a schema and all that it refers to.
    fn needs(&mut self, at: &Location) {
        let name = at.to_string();
        if self.schemas.contains_key(&name) {
            return;
        }
        let mut more = Vec::new();
        let found = schema::bare(&self.contract.schemas, at, &mut more);
        self.schemas.insert(name, found);
        more.iter().for_each(|one| self.needs(one));
    }

    /// All that was noted, as jq definitions.
    pub(crate) fn definitions(&self) -> String {
        let table = |name: &str, entries: &BTreeMap<String, Value>| {
            let lines: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("  {}: {}", crate::text::quoted(key), literal(value)))
                .collect();
            format!("def {name}: {{\n{}\n}};\n", lines.join(",\n"))
        };
        let mut text = table("operations", &self.operations);
        if self.validates {
            text.push_str(&table("schemas", &self.schemas));
        }
        text
    }
}

/// The word for what an operation does.
const fn word(action: Action) -> &'static str {
    match action {
        Action::List => "list",
        Action::Create => "create",
        Action::Retrieve => "retrieve",
        Action::Update => "update",
        Action::Delete => "delete",
    }
}
