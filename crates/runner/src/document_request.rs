//! What a request has against it, by a document: paths, methods, credentials, parameters, bodies.
//!
//! What a document leaves open is no finding, except for names that it does not have: those are most often misspelled.

use conformance_api::body::{self, BodyError};
use conformance_api::credentials::{self, Carriers};
use conformance_api::media::is_json;
use conformance_api::routes::{self, Routes};
use conformance_api::{Api, Merged, Proof, Side, Violation, query};
use conformance_openapi::{Location, Operation as Declared, Parameter, Scheme};
use conformance_record::secrets::HIDDEN;
use conformance_record::{Code, Finding, Request};
use conformance_source::suggest;
use serde_json::Value;

/// Of each kind of finding, so many are told of a request.
const MOST: usize = 20;
/// Names that a body has too many of are looked for so deep.
const DEPTH: usize = 8;

/// Reads requests by a document.
pub struct DocumentReader {
    /// What the document means.
    pub api: Api,
    proof: Proof,
    routes: Routes,
}

impl std::fmt::Debug for DocumentReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentReader").field("title", &self.api.document.title).finish_non_exhaustive()
    }
}

impl DocumentReader {
    /// Reads by what a document means.
    ///
    /// # Errors
    /// When its schemas can't be used at all.
    pub fn new(api: Api) -> Result<Self, String> {
        let proof = Proof::new(&api.schemas)?;
        let routes = Routes::of(&api.document);
        Ok(Self { api, proof, routes })
    }

    /// The operation that a request means.
    ///
    /// # Errors
    /// Why it means none.
    pub fn operation(&self, request: &Request) -> Result<&Declared, Finding> {
        self.number(request).map(|at| &self.api.document.operations[at])
    }

    /// Which of the document's operations a request means.
    #[must_use]
    pub fn index(&self, request: &Request) -> Option<usize> {
        self.number(request).ok()
    }

    /// The values of the parameters in a path, decoded; none where no operation has it.
    #[must_use]
    pub fn path_values(&self, path: &str) -> Vec<String> {
        self.routes.find(path).map(|(_, values)| values).unwrap_or_default()
    }

    /// The document's schemas.
    #[must_use]
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The pairs of a query that are keys of the document's security schemes.
    #[must_use]
    pub fn keys_in(&self, query: &str) -> String {
        let is_key = |pair: &&str| self.is_key(pair.split('=').next().unwrap_or(""));
        query.split('&').filter(is_key).collect::<Vec<_>>().join("&")
    }

    /// Whether a query parameter is a key.
    fn is_key(&self, name: &str) -> bool {
        let mut schemes = self.api.document.schemes.values();
        schemes.any(|one| matches!(one, Scheme::ApiKey { name: key, location: Location::Query } if key == name))
    }

    fn number(&self, request: &Request) -> Result<usize, Finding> {
        let path = request.path();
        let Some((methods, _)) = self.routes.find(path) else {
            let near = self.near(path).map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let message = format!("no operation has the path of {} {}{near}", request.method, shortened(path));
            return Err(Finding::new(Code::UnknownPath, "path", message));
        };
        routes::operation(methods, &request.method).ok_or_else(|| {
            let allowed: Vec<&str> = methods.keys().map(String::as_str).collect();
            let message =
                format!("{} is not a method of {}; it has {}", request.method, shortened(path), allowed.join(", "));
            Finding::new(Code::UnknownMethod, "method", message)
        })
    }

    /// The path that was most likely meant: as long as this one, and spelled almost the same.
    fn near(&self, path: &str) -> Option<String> {
        let given: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let filled = self.api.document.operations.iter().filter_map(|one| {
            let parts: Vec<&str> = one.path.split('/').collect();
            let fill = |(part, given): (&&str, &&str)| {
                if part.contains('{') { (*given).to_owned() } else { (*part).to_owned() }
            };
            (parts.len() == given.len()).then(|| parts.iter().zip(&given).map(fill).collect::<Vec<_>>().join("/"))
        });
        let filled: Vec<String> = filled.collect();
        suggest::nearest(path, filled.iter().map(String::as_str)).map(str::to_owned)
    }

    /// What the credentials of a request have against them. `token` is what the client was given.
    #[must_use]
    pub fn credentials(&self, request: &Request, token: &str) -> Option<Finding> {
        let declared = self.operation(request).ok()?;
        let query = query::parse(request.query().unwrap_or(""));
        let carriers = Carriers { headers: &request.headers, query: &query };
        let wanted = credentials::admit(&self.api.document.schemes, declared, carriers).err()?;
        let field = request.headers.iter().find(|(_, value)| value.contains(token));
        let place = field
            .map(|(name, _)| format!("the header field `{name}`"))
            .or_else(|| request.query()?.contains(token).then(|| "the query".to_owned()));
        Some(match place {
            Some(place) => {
                let message = format!("the token stands in {place}; expected {wanted}");
                Finding::new(Code::MisplacedCredentials, "credentials", message)
            }
            None => Finding::new(Code::MissingCredentials, "credentials", format!("there are none; expected {wanted}")),
        })
    }

    /// What else a request to an operation has against it.
    #[must_use]
    pub fn findings(&self, declared: &Declared, request: &Request) -> Vec<Finding> {
        let query = query::parse(request.query().unwrap_or(""));
        let mut found = Vec::new();
        for parameter in &declared.parameters {
            found.extend(self.parameter(parameter, &query, request));
        }
        found.extend(self.unknown_parameters(declared, &query));
        found.extend(self.body(declared, request));
        found
    }

    fn parameter(&self, parameter: &Parameter, query: &[(String, String)], request: &Request) -> Option<Finding> {
        let name = parameter.name.as_str();
        let shape = parameter.schema.as_deref().map(|at| self.api.schemas.merged(at)).unwrap_or_default();
        let (place, given): (&str, Vec<&str>) = match parameter.location {
            Location::Query => (
                "query",
                query.iter().filter(|(one, _)| is_part_of(one, name)).map(|(_, value)| value.as_str()).collect(),
            ),
            Location::Header => ("header", request.header(&name.to_ascii_lowercase()).into_iter().collect()),
            Location::Path | Location::Cookie => return None,
        };
        let place = format!("{place}.{name}");
        let is_whole = matches!(shape.kind(), Some("string" | "integer" | "number" | "boolean")) && !parameter.json;
        match given.as_slice() {
            [] if parameter.required && shape.kind() != Some("object") => {
                Some(Finding::new(Code::MissingParameter, place, "is missing; it is required"))
            }
            [] => None,
            _ if !is_whole || query.iter().any(|(one, _)| one != name && is_part_of(one, name)) => None,
            [one] => self.value(parameter, &shape, one, place),
            _ => Some(Finding::new(Code::RepeatedParameter, place, "is given more than once; once was expected")),
        }
    }

    fn value(&self, parameter: &Parameter, shape: &Merged<'_>, text: &str, place: String) -> Option<Finding> {
        let pointer = parameter.schema.as_deref()?;
        // What was taken out as a secret was something else.
        if text.contains(HIDDEN) || text == "<removed>" {
            return None;
        }
        let violations = self.proof.violations(Side::Request, pointer, &query::typed(text, shape));
        violations.first().map(|one| self.broken(Code::InvalidParameter, place, one, pointer))
    }

    fn unknown_parameters(&self, declared: &Declared, query: &[(String, String)]) -> Vec<Finding> {
        let known: Vec<&Parameter> = declared.parameters.iter().filter(|one| one.location == Location::Query).collect();
        let is_member = |name: &str| {
            known.iter().any(|one| {
                one.explode
                    && one.schema.as_deref().is_some_and(|at| {
                        let shape = self.api.schemas.merged(at);
                        shape.kind() == Some("object") && (shape.property(name).is_some() || shape.additional.is_none())
                    })
            })
        };
        let is_known =
            |name: &str| known.iter().any(|one| is_part_of(name, &one.name)) || self.is_key(name) || is_member(name);
        let mut unknown: Vec<&str> =
            query.iter().map(|(name, _)| name.as_str()).filter(|name| !is_known(name)).collect();
        unknown.dedup();
        let finding = |name: &str| {
            let near = suggest::help(name, known.iter().map(|one| one.name.as_str()));
            let near = near.map_or_else(String::new, |near| format!("; {near}"));
            let message = format!("is not a parameter of {}{near}", declared.id);
            Finding::new(Code::UnknownParameter, format!("query.{}", shortened(name)), message)
        };
        unknown.into_iter().take(MOST).map(finding).collect()
    }

    fn body(&self, declared: &Declared, request: &Request) -> Vec<Finding> {
        let Some(expected) = &declared.body else {
            let message = format!("{} takes no body", declared.id);
            let given = !request.body.is_empty();
            return given.then(|| Finding::new(Code::UnexpectedBody, "body", message)).into_iter().collect();
        };
        let decoded = body::decode(&self.api.schemas, Some(expected), request.header("content-type"), &request.body);
        let one = |code: Code, place: &str, message: String| vec![Finding::new(code, place, message)];
        let decoded = match decoded {
            Ok(decoded) => decoded,
            Err(BodyError::Missing) => return one(Code::MissingBody, "body", "is missing; it is required".to_owned()),
            Err(BodyError::MediaType(what)) => return one(Code::WrongContentType, "header.content-type", what),
            Err(BodyError::Malformed(what)) => {
                return one(Code::MalformedBody, "body", format!("cannot be read: {what}"));
            }
        };
        let mut found = Vec::new();
        if !request.body.is_empty() && request.header("content-type").is_none() {
            let known: Vec<&str> = expected.media.iter().map(|one| one.media_type.as_str()).collect();
            let message = format!("is missing; expected {}", known.join(" or "));
            found.push(Finding::new(Code::WrongContentType, "header.content-type", message));
        }
        if let (Some(value), Some(pointer)) = (&decoded.value, &decoded.schema) {
            found.extend(self.members(pointer, value, request.header("content-type").is_none_or(is_json)));
        }
        found
    }

    /// What a body has against it. A form has no other word for nothing than an empty text.
    fn members(&self, pointer: &str, value: &Value, is_typed: bool) -> Vec<Finding> {
        let is_empty_text =
            |at: &[String]| at.iter().try_fold(value, |here, step| here.get(step)) == Some(&Value::from(""));
        let violations = self.proof.violations(Side::Request, pointer, value);
        let clear = violations.iter().filter(|one| is_typed || !is_empty_text(&one.at)).take(MOST);
        let mut found: Vec<Finding> = clear
            .map(|one| {
                let is_name = matches!(one.keyword.as_str(), "additionalProperties" | "unevaluatedProperties");
                let code = if is_name { Code::UnknownProperty } else { Code::InvalidBody };
                self.broken(code, place(&one.at), one, pointer)
            })
            .collect();
        if !found.iter().any(|one| one.code == Code::UnknownProperty) {
            let shape = self.api.schemas.merged(pointer);
            self.unknown_members(&shape, value, &mut Vec::new(), &mut found);
        }
        found
    }

    /// Members that no schema names, where the schema leaves open whether there may be others.
    fn unknown_members(&self, shape: &Merged<'_>, value: &Value, at: &mut Vec<String>, found: &mut Vec<Finding>) {
        let Some(members) = value.as_object() else { return };
        // Branches name members of their own; maps have any.
        if !shape.choices.is_empty() || shape.additional.is_some() || shape.properties.is_empty() || at.len() > DEPTH {
            return;
        }
        for (name, inner) in members {
            at.push(name.clone());
            match shape.property(name) {
                Some(schemas) => self.unknown_members(&self.api.schemas.merge(schemas), inner, at, found),
                None if found.len() < MOST => {
                    let near = suggest::help(name, shape.properties.iter().map(|(one, _)| *one));
                    let near = near.map_or_else(String::new, |near| format!("; {near}"));
                    let message = format!("is not a property of this body{near}");
                    found.push(Finding::new(Code::UnknownProperty, place(at), message));
                }
                None => {}
            }
            at.pop();
        }
    }

    fn broken(&self, code: Code, place: String, violation: &Violation, pointer: &str) -> Finding {
        let rule = format!("{}#{pointer}, {}", self.api.document.name, violation.keyword);
        Finding { code, place, message: violation.message.clone(), rule: Some(rule) }
    }
}

/// `filter[name]` is a part of `filter`.
fn is_part_of(given: &str, name: &str) -> bool {
    given == name || given.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
}

fn place(at: &[String]) -> String {
    let steps: String = at.iter().map(|step| format!("/{}", shortened(step))).collect();
    format!("body{steps}")
}

fn shortened(text: &str) -> String {
    conformance_record::truncate::truncate(text, 120).to_string()
}
