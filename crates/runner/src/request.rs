//! From a call to a request, through the contract; and what a raw step does to it.

use conformance_contract::Operation;
use conformance_contract::model::{ListStyle, Parameter, Place as ParameterPlace};
use conformance_record::Request;
use conformance_scenario::Call;
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::replay::Replay;
use crate::subject::{OfSuite, Place};
use crate::target::Target;
use crate::url::{add_query, escaped};
use crate::value::{self, Scope};

impl Replay<'_> {
    /// The token that the step sends.
    fn bearer(&self) -> String {
        let second = if self.second { self.target.second(self.number) } else { None };
        second.unwrap_or_else(|| self.target.token(self.number))
    }

    /// The request that a call comes to.
    pub(crate) fn request(
        &mut self,
        call: &Call,
        operation: &Operation,
        scope: Scope<'_>,
    ) -> Result<Request, Obstacle> {
        let mut arguments = Vec::new();
        for (name, _, template) in &call.parameters {
            let Some(parameter) = operation.parameter(name) else { continue };
            let schema = Place::from(parameter.schema.location.clone());
            let value = value::template(
                &mut self.world.variables,
                &OfSuite::new(self.world.contract, operation),
                scope,
                template,
                Some(&schema),
            )?;
            arguments.extend(written(parameter, &value).into_iter().map(|text| (parameter, text)));
        }
        let path = operation.path.fill(|name| {
            let found = arguments.iter().find(|(parameter, _)| parameter.name == name)?;
            Some(escaped(&found.1))
        });
        let mut target = format!("{}{}", self.target.path, path.ok_or(Obstacle::from("a path parameter is missing"))?);
        for (parameter, value) in arguments.iter().filter(|(parameter, _)| parameter.place == ParameterPlace::Query) {
            add_query(&mut target, &parameter.name, value);
        }
        let token = operation.secured.then(|| self.bearer());
        let mut headers = Target::headers(token.as_deref());
        let mut body = Vec::new();
        if let Some(template) = &call.body {
            let schema = operation.body.as_ref().map(|body| Place::from(body.schema.location.clone()));
            body = conformance_json::write(&value::template(
                &mut self.world.variables,
                &OfSuite::new(self.world.contract, operation),
                scope,
                template,
                schema.as_ref(),
            )?)
            .into_bytes();
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let mut request = Request { method: operation.method.clone(), target, headers, body };
        self.alter(call, operation, scope, &mut request)?;
        Ok(request)
    }

    /// Does to a request what a raw step asks for.
    fn alter(
        &mut self,
        call: &Call,
        operation: &Operation,
        scope: Scope<'_>,
        request: &mut Request,
    ) -> Result<(), Obstacle> {
        let Some(raw) = &call.raw else { return Ok(()) };
        if let Some(method) = &raw.method {
            request.method.clone_from(method);
        }
        if let Some(query) = &raw.query {
            request.target.push(if request.target.contains('?') { '&' } else { '?' });
            request.target.push_str(query);
        }
        if let Some(body) = &raw.body {
            let body = value::template(
                &mut self.world.variables,
                &OfSuite::new(self.world.contract, operation),
                scope,
                body,
                None,
            )?;
            request.body = value::plain(&body).into_bytes();
            set_header(&mut request.headers, "content-type", Some("application/json"));
        }
        if let Some(authorization) = &raw.authorization {
            set_header(
                &mut request.headers,
                "authorization",
                Some(authorization).filter(|text| !text.is_empty()).map(String::as_str),
            );
        }
        for (name, value) in &raw.headers {
            set_header(&mut request.headers, name, value.as_deref());
        }
        Ok(())
    }
}

/// A value as it travels: a list as its parameter's style has it.
fn written(parameter: &Parameter, value: &Value) -> Vec<String> {
    match (parameter.list, value) {
        (Some(ListStyle::Exploded), Value::Array(items)) => items.iter().map(value::plain).collect(),
        (Some(ListStyle::Commas), Value::Array(items)) => {
            vec![items.iter().map(value::plain).collect::<Vec<_>>().join(",")]
        }
        _ => vec![value::plain(value)],
    }
}

fn set_header(headers: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    headers.retain(|(one, _)| one != name);
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}
