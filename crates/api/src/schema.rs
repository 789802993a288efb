//! Schemas as they stand in a document, and what several of them ask for together.
//!
//! A value is often described in pieces: a reference, `allOf`, keywords beside both. [`Merged`] is what they ask for as
//! one, as far as that can be said without trying values; branches of `oneOf` and `anyOf` stay open in
//! [`Merged::choices`].

use std::sync::Arc;

use serde_json::Value;

/// References and `allOf` are followed so deep, and no further: documents nest them in circles.
const DEPTH: usize = 24;

/// The schemas of a document.
#[derive(Clone, Debug)]
pub struct Schemas {
    root: Arc<Value>,
}

/// What several schemas ask for together.
#[derive(Clone, Debug, Default)]
pub struct Merged<'s> {
    /// The types that all of them allow; none when nothing is said.
    pub types: Option<Vec<&'s str>>,
    /// Each property with every schema that applies to it.
    pub properties: Vec<(&'s str, Vec<&'s Value>)>,
    /// Properties that must be there.
    pub required: Vec<&'s str>,
    /// What is said of properties that have no name.
    pub additional: Option<&'s Value>,
    /// The schema of an array's items.
    pub items: Option<&'s Value>,
    /// The schemas of an array's first items.
    pub prefix_items: Vec<&'s Value>,
    /// The only value that is allowed.
    pub constant: Option<&'s Value>,
    /// The only values that are allowed.
    pub enumeration: Option<Vec<&'s Value>>,
    /// Examples, nearest first.
    pub examples: Vec<&'s Value>,
    /// The value that is meant when none is given.
    pub default: Option<&'s Value>,
    /// The first `format`.
    pub format: Option<&'s str>,
    /// Every `pattern`.
    pub patterns: Vec<&'s str>,
    /// Bounds by keyword: the narrowest of each.
    pub bounds: Bounds,
    /// Whether items may not repeat.
    pub unique: bool,
    /// The branches of each `oneOf` and `anyOf`: one of each list applies.
    pub choices: Vec<&'s [Value]>,
    /// Which property tells the branches apart, and which value names which branch.
    pub discriminator: Option<&'s Value>,
    /// Whether its description says that no two objects share its value.
    pub is_unique: bool,
    /// Whether only the server writes it.
    pub read_only: bool,
    /// Whether the server never tells it.
    pub write_only: bool,
    /// The references that were followed, outermost first.
    pub references: Vec<&'s str>,
}

/// The narrowest bounds of several schemas.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// `minLength`
    pub min_length: Option<u64>,
    /// `maxLength`
    pub max_length: Option<u64>,
    /// `minItems`
    pub min_items: Option<u64>,
    /// `maxItems`
    pub max_items: Option<u64>,
    /// `minProperties`
    pub min_properties: Option<u64>,
    /// `maxProperties`
    pub max_properties: Option<u64>,
    /// `minimum`
    pub minimum: Option<f64>,
    /// `maximum`
    pub maximum: Option<f64>,
    /// `exclusiveMinimum`
    pub above: Option<f64>,
    /// `exclusiveMaximum`
    pub below: Option<f64>,
    /// `multipleOf`
    pub multiple_of: Option<f64>,
}

impl Schemas {
    /// The schemas of a document in the form of OpenAPI 3.1, whose references all begin with `#/`.
    #[must_use]
    pub fn new(root: Arc<Value>) -> Self {
        Self { root }
    }

    /// The document.
    #[must_use]
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// What stands at a pointer.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }

    /// What a reference such as `#/components/schemas/Pet` leads to.
    #[must_use]
    pub fn target(&self, reference: &str) -> Option<&Value> {
        let pointer = reference.strip_prefix('#')?;
        self.root.pointer(pointer).or_else(|| {
            let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?;
            self.root.pointer(&decoded)
        })
    }

    /// What the schema at a pointer asks for.
    #[must_use]
    pub fn merged(&self, pointer: &str) -> Merged<'_> {
        self.at(pointer).map_or_else(Merged::default, |schema| self.merge_value(&[schema]))
    }

    /// What these schemas ask for together.
    #[must_use]
    pub fn merge<'s>(&'s self, schemas: &[&'s Value]) -> Merged<'s> {
        let mut merged = Merged::default();
        for schema in schemas {
            self.absorb(&mut merged, schema, 0);
        }
        merged
    }

    /// The same of a value: what may be one thing or null is that thing, and nullable.
    #[must_use]
    pub fn merge_value<'s>(&'s self, schemas: &[&'s Value]) -> Merged<'s> {
        let mut merged = self.merge(schemas);
        let is_null = |one: &&Value| one["type"] == "null";
        let only = match merged.choices.as_slice() {
            [branches] => branches.iter().filter(|one| !is_null(one)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        if let ([one], true) = (only.as_slice(), merged.is_nullable()) {
            let branch: &'s Value = one;
            merged.choices.clear();
            self.absorb(&mut merged, branch, 0);
            merged.types.get_or_insert_default().push("null");
        }
        merged
    }

    /// The same for an object or array: where neither properties nor items are said, the first branch that says some
    /// is taken for the whole.
    #[must_use]
    pub fn outline<'s>(&'s self, schemas: &[&'s Value]) -> Merged<'s> {
        let mut merged = self.merge(schemas);
        for _ in 0..4 {
            if !merged.properties.is_empty() || merged.items.is_some() {
                break;
            }
            let branches = std::mem::take(&mut merged.choices).into_iter().flatten();
            let says = |branch: &&Value| {
                let one = self.merge(&[branch]);
                !one.properties.is_empty() || one.items.is_some() || !one.choices.is_empty()
            };
            let Some(branch) = branches.into_iter().find(says) else { break };
            self.absorb(&mut merged, branch, 0);
        }
        merged
    }

    /// Adds what a schema asks for.
    pub fn absorb<'s>(&'s self, merged: &mut Merged<'s>, schema: &'s Value, depth: usize) {
        let Some(keywords) = schema.as_object() else { return };
        if depth > DEPTH {
            return;
        }
        // Keywords beside a reference are nearer than what it leads to: their examples come first.
        for (keyword, value) in keywords {
            merged.keyword(keyword, value);
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            merged.references.push(reference);
            if let Some(target) = self.target(reference) {
                self.absorb(merged, target, depth + 1);
            }
        }
        for part in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.absorb(merged, part, depth + 1);
        }
    }
}

/// Whether a description says that a value is to be had once.
fn says_unique(text: &str) -> bool {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).collect();
    words.contains(&"unique") && !words.contains(&"not")
}

impl<'s> Merged<'s> {
    fn keyword(&mut self, keyword: &'s str, value: &'s Value) {
        match keyword {
            "type" => self.restrict_types(value),
            "properties" => self.add_properties(value),
            "required" => {
                let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                let new: Vec<&str> = names.filter(|name| !self.required.contains(name)).collect();
                self.required.extend(new);
            }
            "additionalProperties" => self.additional = self.additional.or(Some(value)),
            "items" => self.items = self.items.or(Some(value)),
            "prefixItems" => self.prefix_items = value.as_array().into_iter().flatten().collect(),
            "const" => self.constant = self.constant.or(Some(value)),
            "enum" => self.restrict_values(value),
            "examples" => self.examples.extend(value.as_array().into_iter().flatten()),
            "example" => self.examples.push(value),
            "default" => self.default = self.default.or(Some(value)),
            "description" => self.is_unique |= value.as_str().is_some_and(says_unique),
            "format" => self.format = self.format.or(value.as_str()),
            "pattern" => self.patterns.extend(value.as_str()),
            "uniqueItems" => self.unique |= value == &Value::Bool(true),
            "oneOf" | "anyOf" => self.choices.extend(value.as_array().filter(|all| !all.is_empty()).map(Vec::as_slice)),
            "discriminator" => self.discriminator = self.discriminator.or(Some(value)),
            "readOnly" => self.read_only |= value == &Value::Bool(true),
            "writeOnly" => self.write_only |= value == &Value::Bool(true),
            bound => self.bounds.narrow(bound, value),
        }
    }

    fn restrict_types(&mut self, value: &'s Value) {
        let given: Vec<&str> = match value {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        self.types = Some(match self.types.take() {
            None => given,
            Some(before) => {
                let allows =
                    |one: &str, all: &[&str]| all.contains(&one) || (one == "integer" && all.contains(&"number"));
                let narrow = given.iter().chain(&before).copied();
                let mut both: Vec<&str> = narrow.filter(|one| allows(one, &given) && allows(one, &before)).collect();
                both.dedup();
                if both.is_empty() { before } else { both }
            }
        });
    }

    fn add_properties(&mut self, value: &'s Value) {
        for (name, schema) in value.as_object().into_iter().flatten() {
            match self.properties.iter_mut().find(|(known, _)| known == name) {
                Some((_, schemas)) => schemas.push(schema),
                None => self.properties.push((name, vec![schema])),
            }
        }
    }

    fn restrict_values(&mut self, value: &'s Value) {
        let given: Vec<&Value> = value.as_array().into_iter().flatten().collect();
        self.enumeration = Some(match self.enumeration.take() {
            None => given,
            Some(before) => before.into_iter().filter(|one| given.contains(one)).collect(),
        });
    }

    /// The schemas of a property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&[&'s Value]> {
        self.properties.iter().find(|(known, _)| *known == name).map(|(_, schemas)| schemas.as_slice())
    }

    /// The first type that is not null; else what the other keywords imply.
    #[must_use]
    pub fn kind(&self) -> Option<&'s str> {
        let said = self.types.as_ref().and_then(|types| types.iter().find(|one| **one != "null").or(types.first()));
        said.copied().or_else(|| {
            if !self.properties.is_empty() || self.additional.is_some_and(Value::is_object) || !self.required.is_empty()
            {
                Some("object")
            } else if self.items.is_some() || !self.prefix_items.is_empty() {
                Some("array")
            } else {
                None
            }
        })
    }

    /// Whether null is allowed.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.types.as_ref().is_some_and(|types| types.contains(&"null"))
            || self.choices.iter().any(|branches| branches.iter().any(|one| one["type"] == "null"))
    }
}

impl Bounds {
    fn narrow(&mut self, keyword: &str, value: &Value) {
        let Some(number) = value.as_f64() else { return };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a negative length bounds nothing")]
        let whole = number as u64;
        let most = |bound: &mut Option<u64>| *bound = Some(bound.map_or(whole, |one| one.max(whole)));
        let least = |bound: &mut Option<u64>| *bound = Some(bound.map_or(whole, |one| one.min(whole)));
        let lower = |bound: &mut Option<f64>| *bound = Some(bound.map_or(number, |one| one.max(number)));
        let upper = |bound: &mut Option<f64>| *bound = Some(bound.map_or(number, |one| one.min(number)));
        match keyword {
            "minLength" => most(&mut self.min_length),
            "maxLength" => least(&mut self.max_length),
            "minItems" => most(&mut self.min_items),
            "maxItems" => least(&mut self.max_items),
            "minProperties" => most(&mut self.min_properties),
            "maxProperties" => least(&mut self.max_properties),
            "minimum" => lower(&mut self.minimum),
            "maximum" => upper(&mut self.maximum),
            "exclusiveMinimum" => lower(&mut self.above),
            "exclusiveMaximum" => upper(&mut self.below),
            "multipleOf" => self.multiple_of = self.multiple_of.or(Some(number)),
            _ => {}
        }
    }
}
