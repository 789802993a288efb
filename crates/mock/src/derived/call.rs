//! What a request asks: its operation, its arguments, its body.

use conformance_api::body::{self, BodyError};
use conformance_api::credentials::{self, Carriers};
use conformance_api::media::is_json;
use conformance_api::routes::{self, Methods};
use conformance_api::{Operation, Side, Violation, query, versions};
use conformance_openapi::{Location, Operation as Declared, Parameter};
use conformance_record::Request;
use serde_json::Value;

use super::Derived;
use super::trouble::Trouble;

/// Keywords whose violation is clear by itself; where branches or formats are in question, the request gets the benefit.
const CLEAR: &[&str] = &[
    "type",
    "required",
    "enum",
    "const",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "additionalProperties",
    "minProperties",
    "maxProperties",
];

/// An operation, and the values in the path.
#[derive(Clone, Debug)]
pub(crate) struct Routed {
    pub operation: usize,
    pub values: Vec<String>,
}

/// A request that is understood.
#[derive(Debug)]
pub(crate) struct Call<'c> {
    pub declared: &'c Declared,
    pub operation: &'c Operation,
    /// The values in the path, in its order.
    pub values: Vec<String>,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    /// The schema of that body.
    pub body_schema: Option<String>,
    pub request: &'c Request,
}

impl Call<'_> {
    /// The first query parameter with this name.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

impl Derived {
    /// The operations of the path that fits best, with or without a documented server's prefix.
    pub(crate) fn methods_of(&self, path: &str) -> Option<&Methods> {
        self.routes.find(path).map(|(methods, _)| methods)
    }

    pub(crate) fn route(&self, request: &Request) -> Result<Routed, Trouble> {
        let unknown = || Trouble::UnknownPath(request.path().to_owned());
        let (methods, values) = self.routes.find(request.path()).ok_or_else(unknown)?;
        match routes::operation(methods, &request.method) {
            Some(operation) => Ok(Routed { operation, values }),
            None => Err(Trouble::MethodNotAllowed(methods.keys().cloned().collect())),
        }
    }

    /// Whose request it is.
    pub(crate) fn admit(&self, routed: &Routed, request: &Request) -> Result<String, Trouble> {
        let query = query::parse(request.query().unwrap_or(""));
        let carriers = Carriers { headers: &request.headers, query: &query };
        let declared = &self.api.document.operations[routed.operation];
        credentials::admit(&self.api.document.schemes, declared, carriers).map_err(|wanted| {
            // A word alone may be a secret.
            let sent = request.header("authorization").and_then(|value| value.split_once(' '));
            let scheme = sent.map(|(scheme, _)| scheme).filter(|one| one.chars().all(char::is_alphabetic));
            let found = scheme.map_or_else(|| "no credentials".to_owned(), |scheme| format!("found `{scheme} …`"));
            Trouble::Unauthorized(format!("{found}; expected {wanted}"))
        })?;
        let key = credentials::whose(&self.api.document.schemes, carriers);
        match &self.settings.require_token {
            Some(required) if !declared.security.is_empty() && *required != key => {
                Err(Trouble::Unauthorized("these are not the credentials that this server lets in".to_owned()))
            }
            _ => Ok(key),
        }
    }

    /// Whose request it is, whatever it asks.
    pub(crate) fn whose(&self, request: &Request) -> String {
        let query = query::parse(request.query().unwrap_or(""));
        credentials::whose(&self.api.document.schemes, Carriers { headers: &request.headers, query: &query })
    }

    /// Reads arguments and body.
    pub(crate) fn read<'c>(&'c self, routed: Routed, request: &'c Request) -> Result<Call<'c>, Trouble> {
        let declared = &self.api.document.operations[routed.operation];
        let query = query::parse(request.query().unwrap_or(""));
        for parameter in &declared.parameters {
            self.check_parameter(parameter, &query, request)?;
        }
        let decoded =
            body::decode(&self.api.schemas, declared.body.as_ref(), request.header("content-type"), &request.body);
        let decoded = decoded.map_err(|error| match error {
            BodyError::Malformed(what) => Trouble::Malformed(format!("body: {what}")),
            BodyError::MediaType(what) => Trouble::MediaType(what),
            BodyError::Missing => Trouble::Invalid("body: is missing".to_owned()),
        })?;
        if let (Some(value), Some(pointer)) = (&decoded.value, &decoded.schema) {
            self.check_body(pointer, value, request)?;
        }
        let operation = &self.api.operations[routed.operation];
        Ok(Call {
            declared,
            operation,
            values: routed.values,
            query,
            body: decoded.value,
            body_schema: decoded.schema,
            request,
        })
    }

    fn check_body(&self, pointer: &str, value: &Value, request: &Request) -> Result<(), Trouble> {
        // A form has no other word for nothing than an empty text.
        let is_empty_text =
            |at: &[String]| at.iter().try_fold(value, |here, step| here.get(step)) == Some(&Value::from(""));
        let typed = request.header("content-type").is_none_or(is_json);
        let clear = |one: &Violation| CLEAR.contains(&one.keyword.as_str()) && (typed || !is_empty_text(&one.at));
        let violations = self.proof.violations(Side::Request, pointer, value);
        let told: Vec<String> = violations
            .iter()
            .filter(|one| clear(one))
            .map(|one| {
                format!("body{}: {}", one.at.iter().map(|step| format!(".{step}")).collect::<String>(), one.message)
            })
            .collect();
        if told.is_empty() { Ok(()) } else { Err(Trouble::Invalid(told.join("; "))) }
    }

    fn check_parameter(
        &self,
        parameter: &Parameter,
        query: &[(String, String)],
        request: &Request,
    ) -> Result<(), Trouble> {
        let name = parameter.name.as_str();
        let is_here = |one: &str| one == name || one.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
        let (place, given): (&str, Vec<&str>) = match parameter.location {
            Location::Query => {
                ("query", query.iter().filter(|(one, _)| is_here(one)).map(|(_, value)| value.as_str()).collect())
            }
            Location::Header => ("header", request.header(&name.to_ascii_lowercase()).into_iter().collect()),
            Location::Path | Location::Cookie => return Ok(()),
        };
        if given.is_empty() {
            let is_object = parameter.style == "deepObject"
                || parameter.schema.as_deref().is_some_and(|at| self.api.schemas.merged(at).kind() == Some("object"));
            let missing = || match name.eq_ignore_ascii_case(versions::FIELD) {
                true => Trouble::NoVersion(
                    "header.If-Match: is missing; send the `ETag` that `GET` shows, or `*`".to_owned(),
                ),
                false => Trouble::Invalid(format!("{place}.{name}: is missing")),
            };
            return if parameter.required && !is_object { Err(missing()) } else { Ok(()) };
        }
        let [one] = given.as_slice() else { return Ok(()) };
        let (Some(pointer), false, false) = (&parameter.schema, parameter.json, one.is_empty()) else { return Ok(()) };
        let shape = self.api.schemas.merged(pointer);
        if !matches!(shape.kind(), Some("string" | "integer" | "number" | "boolean"))
            || !query.iter().all(|(one, _)| one == name || !is_here(one))
        {
            return Ok(());
        }
        self.check_text(&format!("{place}.{name}"), pointer, one)
    }

    /// Whether a text that stands for a value is one that a schema allows.
    fn check_text(&self, place: &str, pointer: &str, text: &str) -> Result<(), Trouble> {
        let value = query::typed(text, &self.api.schemas.merged(pointer));
        let violations = self.proof.violations(Side::Request, pointer, &value);
        match violations.iter().find(|one| CLEAR.contains(&one.keyword.as_str())) {
            Some(violation) => Err(Trouble::Invalid(format!("{place}: {}", violation.message))),
            None => Ok(()),
        }
    }

    /// Whether a name under which a client makes an object is one that the path allows.
    pub(crate) fn check_new_name(&self, call: &Call<'_>, parameter: &str, name: &str) -> Result<(), Trouble> {
        let of_path = |one: &&Parameter| one.location == Location::Path && one.name == parameter;
        match call.declared.parameters.iter().find(of_path).and_then(|one| one.schema.as_deref()) {
            Some(pointer) => self.check_text(&format!("path.{parameter}"), pointer, name),
            None => Ok(()),
        }
    }
}
