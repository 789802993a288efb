//! Reads `schemas/openapi.yaml` into the [`Contract`].
//!
//! It reads the part of OpenAPI 3.1 that a contract of this kind needs and refuses the rest by name, so that nothing in
//! the file is without effect unnoticed.

use std::collections::BTreeMap;

use conformance_source::{Diagnostic, Diagnostics, Node, Object, Reader, SourceFile, suggest};

use crate::model::{Action, Contract, Operation, PathTemplate, Place, Resource, StatusRule};
use crate::parts::{ErrorParts, OperationParts, ParameterParts, Parts, ResponseParts, Slot};
use crate::schemas::{Location, Schemas};
use crate::state::{self, PageKeys};
use crate::{keywords, meaning};

/// The contract file's path in a suite.
pub(crate) const PATH: &str = "schemas/openapi.yaml";

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];
const ACTIONS: &[(&str, Action)] = &[
    ("list", Action::List),
    ("create", Action::Create),
    ("retrieve", Action::Retrieve),
    ("update", Action::Update),
    ("delete", Action::Delete),
];

/// Reads the contract; `schemas` holds all files, this one included.
pub(crate) fn read(file: &SourceFile, root: &Node, schemas: Schemas) -> Result<Contract, Diagnostics> {
    let reader = Reader::new(file);
    let mut draft = Draft { reader: &reader, root, schemas: &schemas, locations: Vec::new() };
    let parts = draft.contract();
    let locations = draft.locations;
    let parts = reader.finish(parts)?;
    let lint: Vec<Diagnostic> =
        locations.iter().filter(|at| at.file == PATH).flat_map(|at| keywords::check(&schemas, at)).collect();
    if !lint.is_empty() {
        return Err(Diagnostics(lint));
    }
    let compiled = schemas.compile(&locations)?;
    let contract = parts.compile(file, schemas, &compiled);
    let contract = contract.ok_or_else(|| Diagnostics::from(Diagnostic::general("a schema was not compiled")))?;
    let mut unusable = unusable_limits(&contract);
    unusable.extend(meaning::check(&contract));
    if unusable.is_empty() { Ok(contract) } else { Err(Diagnostics(unusable)) }
}

/// Page limits without a default, or with one that their own schema refuses.
fn unusable_limits(contract: &Contract) -> Vec<Diagnostic> {
    let lists = contract.operations.iter().filter_map(|one| one.parameter(&one.page.as_ref()?.limit));
    let wrong = lists.filter_map(|limit| {
        let at = &limit.schema.location;
        let title = match contract.schemas.default_value(at) {
            Some(default) if limit.schema.accepts(&default) => return None,
            Some(default) => format!("the default of `{}`, {default}, breaks its own schema", limit.name),
            None => format!("`{}` bounds pages and needs a `default`", limit.name),
        };
        Some(contract.schemas.diagnostic(at, title, "this schema"))
    });
    wrong.collect()
}

/// The response when all goes well.
fn success(responses: &[ResponseParts]) -> Option<&ResponseParts> {
    responses.iter().find(|rule| matches!(rule.status, StatusRule::Exactly(200..=299)))
}

pub(crate) struct Draft<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) root: &'a Node,
    pub(crate) schemas: &'a Schemas,
    /// Where schemas stand that are to be compiled.
    pub(crate) locations: Vec<Location>,
}

impl<'a> Draft<'a> {
    fn contract(&mut self) -> Option<Parts> {
        const KEYS: &[&str] = &[
            "openapi",
            "jsonSchemaDialect",
            "info",
            "servers",
            "security",
            "paths",
            "components",
            "tags",
            "externalDocs",
            "x-state",
            "x-errors",
        ];
        let top = self.reader.object(self.root, "the contract", KEYS)?;
        if let Some(version) =
            top.required("openapi").filter(|node| !node.as_str().is_some_and(|v| v.starts_with("3.1.")))
        {
            self.reader.wrong(&version.span, "expected OpenAPI 3.1", "write `openapi: 3.1.0`");
        }
        let info = self.reader.object(
            top.required("info")?,
            "info",
            &["title", "version", "description", "summary", "contact", "license", "termsOfService"],
        )?;
        self.components(top);
        let resources = top.required("x-state").and_then(|node| state::resources(self.reader, node));
        let errors = self.errors(top);
        let secured = self.security(top.optional("security"));
        let server = self.server(top);
        let mut operations = Vec::new();
        for path in top.required("paths")?.entries() {
            let template = PathTemplate::parse(&path.key);
            if template.is_none() {
                self.reader.wrong(&path.key_span, "this is not a path", "expected `/segments/{parameter}`");
            }
            operations.extend(self.path(&template?, &path.node, resources.as_deref().unwrap_or(&[]), secured));
        }
        self.unique(&operations);
        Some(Parts {
            title: info.text("title")?,
            version: info.text("version")?,
            server: server.map(str::to_owned),
            operations,
            resources: resources?,
            errors: errors?,
        })
    }

    /// The URL of the real thing. Paths are served as they are written, so it must not bring one of its own.
    fn server(&self, top: Object<'a>) -> Option<&'a str> {
        let url = top.optional("servers")?.items().first()?.get("url")?;
        let text = url.as_str()?;
        let path = text.split_once("://").map_or(text, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
        if !path.trim_end_matches('/').is_empty() {
            self.reader.wrong(
                &url.span,
                format!("the path `{path}` of a server would be without effect"),
                "write it at the beginning of each path, and leave only scheme and host here",
            );
        }
        Some(text)
    }

    /// Components are read where they are used; here their own keys and schemas are checked.
    fn components(&mut self, top: Object<'a>) {
        let Some(node) = top.optional("components") else { return };
        let known = ["schemas", "responses", "parameters", "securitySchemes"];
        if self.reader.object(node, "components", &known).is_none() {
            return;
        }
        for schema in node.get("schemas").map(Node::entries).unwrap_or_default() {
            self.locations.push(Location::new(PATH, "/components/schemas").child(&schema.key));
        }
        for scheme in node.get("securitySchemes").map(Node::entries).unwrap_or_default() {
            let keys = ["type", "scheme", "bearerFormat", "description"];
            let Some(object) = self.reader.object(&scheme.node, "a security scheme", &keys) else { continue };
            if object.text("type").as_deref() != Some("http") || object.text("scheme").as_deref() != Some("bearer") {
                self.reader.wrong(
                    &scheme.key_span,
                    "this kind of security is not supported",
                    "supported: `type: http, scheme: bearer`",
                );
            }
        }
    }

    /// Whether a security requirement asks for the token. An unknown scheme is a mistake.
    fn security(&self, node: Option<&Node>) -> bool {
        let Some(node) = node else { return false };
        for scheme in node.items().iter().flat_map(Node::entries) {
            let schemes = self.root.at("/components/securitySchemes").map(Node::entries).unwrap_or_default();
            if !schemes.iter().any(|known| known.key == scheme.key) {
                let title = format!("`{}` is not one of components.securitySchemes", scheme.key);
                let mut diagnostic =
                    Diagnostic::at(self.reader.file(), scheme.key_span.clone(), title, "unknown scheme");
                diagnostic.help.extend(suggest::help(&scheme.key, schemes.iter().map(|known| known.key.as_str())));
                self.reader.report(diagnostic);
            }
        }
        // One empty alternative (`{}`) makes security optional.
        !node.items().is_empty() && node.items().iter().all(|alternative| !alternative.entries().is_empty())
    }

    fn errors(&mut self, top: Object<'_>) -> Option<ErrorParts> {
        let node = top.required("x-errors")?;
        let object = self.reader.object(node, "x-errors", &["body", "message", "code", "statuses"])?;
        let body = object.required("body")?;
        let name = self.reader.text(body)?;
        let Some(at) = self.schemas.resolve(&Location::new(PATH, ""), &name) else {
            self.reader.wrong(&body.span, format!("there is no schema `{name}`"), "expected a file beside this one");
            return None;
        };
        self.locations.push(at.clone());
        let message = state::json_pointer(self.reader, object.required("message")?)?;
        let code = object.optional("code").and_then(|node| state::json_pointer(self.reader, node));
        let statuses = match object.optional("statuses") {
            Some(node) => state::statuses(self.reader, node)?,
            None => BTreeMap::new(),
        };
        Some(ErrorParts { body: at, message, code, statuses })
    }

    fn path(
        &mut self,
        template: &PathTemplate,
        node: &Node,
        resources: &[Resource],
        secured: bool,
    ) -> Vec<OperationParts> {
        let at = Location::new(PATH, "/paths").child(&template.to_string());
        let known: Vec<&str> = METHODS.iter().chain(&["parameters", "summary", "description"]).copied().collect();
        let Some(item) = self.reader.object(node, "a path", &known) else { return Vec::new() };
        let mut shared = Vec::new();
        for (index, parameter) in item.optional("parameters").map(Node::items).unwrap_or_default().iter().enumerate() {
            shared.extend(self.parameter(parameter, &at.child("parameters").child(&index.to_string())));
        }
        let mut all = Vec::new();
        for method in METHODS {
            let Some(node) = item.optional(method) else { continue };
            all.extend(self.operation(template, method, node, &at.child(method), &shared, resources, secured));
        }
        all
    }

    #[expect(clippy::too_many_arguments, reason = "what a path shares with its operations")]
    fn operation(
        &mut self,
        path: &PathTemplate,
        method: &str,
        node: &Node,
        at: &Location,
        shared: &[ParameterParts],
        resources: &[Resource],
        secured: bool,
    ) -> Option<OperationParts> {
        const KEYS: &[&str] = &[
            "operationId",
            "summary",
            "description",
            "tags",
            "deprecated",
            "parameters",
            "requestBody",
            "responses",
            "security",
            "externalDocs",
            "x-action",
            "x-resource",
            "x-page",
        ];
        let object = self.reader.object(node, "an operation", KEYS)?;
        let action = object.required("x-action").and_then(|node| self.reader.choice(node, ACTIONS));
        let mut parameters = shared.to_vec();
        for (index, parameter) in object.optional("parameters").map(Node::items).unwrap_or_default().iter().enumerate()
        {
            parameters.extend(self.parameter(parameter, &at.child("parameters").child(&index.to_string())));
        }
        let body = object.optional("requestBody").and_then(|node| self.body(node, &at.child("requestBody")));
        let responses = self.responses(object.required("responses")?, &at.child("responses"));
        let page = object.optional("x-page").and_then(|node| self.page(node, &responses));
        let parts = OperationParts {
            operation: Operation {
                index: 0,
                id: object.text("operationId")?,
                summary: object.optional_text("summary").unwrap_or_default(),
                method: method.to_uppercase(),
                path: path.clone(),
                action: action?,
                resource: self.resource(object, resources)?,
                parameters: Vec::new(),
                body: None,
                responses: Vec::new(),
                secured: object.optional("security").map_or(secured, |node| self.security(Some(node))),
                page: None,
                span: object.required("operationId")?.span.clone(),
            },
            parameters,
            body,
            responses,
            page,
        };
        self.coherent(&parts, object);
        Some(parts)
    }

    fn resource(&self, object: Object<'_>, resources: &[Resource]) -> Option<usize> {
        let Some(node) = object.optional("x-resource") else {
            if resources.len() > 1 {
                object.required("x-resource")?;
            }
            return Some(0);
        };
        let names: Vec<(&str, usize)> = resources.iter().enumerate().map(|(i, one)| (one.name.as_str(), i)).collect();
        self.reader.choice(node, &names)
    }

    /// What an action needs to have, and the names that `x-page` uses.
    fn coherent(&self, parts: &OperationParts, object: Object<'_>) {
        let operation = &parts.operation;
        let wrong = |what: String| self.reader.wrong(&operation.span, what, "this operation");
        let path_parameters: Vec<&str> = operation.path.parameters().collect();
        let declared =
            |name: &str, place: Place| parts.parameters.iter().any(|one| one.name == name && one.place == place);
        for name in path_parameters.iter().filter(|name| !declared(name, Place::Path)) {
            wrong(format!("the path parameter `{name}` is not declared under `parameters`"));
        }
        let on_one = matches!(operation.action, Action::Retrieve | Action::Update | Action::Delete);
        if on_one && path_parameters.len() != 1 {
            wrong("an operation on one object needs exactly one path parameter, its id".to_owned());
        }
        if !on_one && !path_parameters.is_empty() {
            wrong("nested resources are not supported: list and create have no path parameters".to_owned());
        }
        if matches!(operation.action, Action::Create | Action::Update) && parts.body.is_none() {
            wrong("create and update need a `requestBody`".to_owned());
        }
        match success(&parts.responses) {
            None => wrong("no 2xx response is documented".to_owned()),
            Some(ResponseParts { slot: None, .. }) if operation.action != Action::Delete => {
                wrong("the 2xx response needs a JSON schema".to_owned());
            }
            Some(_) => {}
        }
        if operation.action == Action::List && object.optional("x-page").is_none() {
            wrong("a list needs `x-page`".to_owned());
        }
        let Some((page, _)) = &parts.page else { return };
        let node = object.optional("x-page");
        for (key, name) in
            [("limit", Some(&page.limit)), ("after", page.after.as_ref()), ("before", page.before.as_ref())]
        {
            let Some(name) = name.filter(|name| !declared(name, Place::Query)) else { continue };
            let span = node.and_then(|node| node.get(key)).map_or(&operation.span, |node| &node.span);
            let title = format!("`{name}` is not a query parameter of {}", operation.id);
            let mut diagnostic = Diagnostic::at(self.reader.file(), span.clone(), title, "unknown parameter");
            diagnostic.help.extend(suggest::help(name, parts.parameters.iter().map(|one| one.name.as_str())));
            self.reader.report(diagnostic);
        }
    }

    /// `x-page`, and the schema of the objects that it finds in the answer.
    fn page(&mut self, node: &Node, responses: &[ResponseParts]) -> Option<(PageKeys, Slot)> {
        let keys = state::page(self.reader, node)?;
        let success = success(responses)?.slot.as_ref()?;
        let place = |key: &str| node.get(key).map_or(&node.span, |node| &node.span);
        if keys.more.as_ref().is_some_and(|more| self.schemas.descend(success, more).is_none()) {
            self.reader.wrong(
                place("more"),
                "the schema of the answer has no such property",
                format!("see {}", success.file),
            );
        }
        let lists = self.schemas.descend(success, &keys.items).unwrap_or_default();
        let Some((item, _)) = lists.iter().find_map(|at| self.schemas.keyword(at, "items")) else {
            self.reader.wrong(
                place("items"),
                "the schema of the answer has no list here",
                "expected an array with `items`",
            );
            return None;
        };
        self.locations.push(item.clone());
        Some((keys, item))
    }

    fn unique(&self, operations: &[OperationParts]) {
        for (index, one) in operations.iter().enumerate() {
            if operations[..index].iter().any(|earlier| earlier.operation.id == one.operation.id) {
                let title = format!("`{}` is used twice", one.operation.id);
                self.reader.wrong(&one.operation.span, title, "an earlier operation has this id");
            }
        }
    }
}
