//! What an operation of a document means to the expressions and checks of scenarios.

use conformance_api::media::{is_json, takes};
use conformance_api::shape::inside;
use conformance_api::{Api, IdForm, IdMember, Proof, Resource, Role, Shape, Side, Violation};
use conformance_openapi::Operation as Declared;
use conformance_record::{Mismatch, Response};
use serde_json::Value;

use super::session::{documented, ids_of};
use crate::obstacle::Obstacle;
use crate::subject::{Place, Subject};
use crate::value::{Edge, edge};

/// An operation of a document.
#[derive(Clone, Copy)]
pub(crate) struct OfDocument<'d> {
    pub(crate) api: &'d Api,
    pub(crate) proof: &'d Proof,
    /// Its number.
    pub(crate) at: usize,
}

impl<'d> OfDocument<'d> {
    pub(crate) fn declared(&self) -> &'d Declared {
        &self.api.document.operations[self.at]
    }

    pub(crate) fn role(&self) -> Role {
        self.api.operations[self.at].role
    }

    pub(crate) fn resource(&self) -> Option<&'d Resource> {
        self.api.resource_of(&self.api.operations[self.at])
    }

    /// The member by which its objects are found.
    fn member(&self) -> Option<&'d IdMember> {
        self.resource()?.identity.iter().find(|one| one.is_in_path)
    }

    pub(crate) fn shape(&self) -> Option<&'d Shape> {
        self.api.operations[self.at].success.shape.as_ref()
    }

    /// The items of a list response.
    pub(crate) fn items<'v>(&self, body: &'v Value) -> &'v [Value] {
        let list = self.shape().and_then(|shape| shape.at.iter().try_fold(body, |here, member| here.get(member)));
        list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// What is asked of a member at a place.
    fn merged(&self, place: &Place) -> Option<conformance_api::Merged<'d>> {
        let schemas = &self.api.schemas;
        let mut here = schemas.outline(&[schemas.at(&place.location.pointer)?]);
        for member in &place.members {
            here = schemas.outline(here.property(member)?);
        }
        Some(here)
    }
}

impl Subject for OfDocument<'_> {
    fn ids(&self, body: &Value) -> Vec<String> {
        let id = |item: &Value| ids_of(self.resource()?, item).into_iter().next().map(|(_, id)| id);
        self.items(body).iter().map(|item| id(item).unwrap_or_default()).collect()
    }

    fn id_value(&self, id: &str) -> Value {
        let is_number = self.member().is_some_and(|member| member.form == IdForm::Integer);
        match id.parse::<u64>() {
            Ok(number) if is_number => number.into(),
            _ => id.into(),
        }
    }

    fn make_id(&self, random: &mut fastrand::Rng) -> String {
        let far = 800_000_000 + random.u64(..1_000_000);
        let made = self.member().map(|member| member.form.make(far, far, &mut |below| random.usize(..below.max(1))));
        made.map_or_else(|| format!("conformance-{far}"), |id| crate::value::plain(&id))
    }

    fn documented_members(&self, value: &Value) -> Value {
        let (Value::Object(members), Some(resource)) = (value, self.resource()) else { return value.clone() };
        let Some(shape) = resource.shape.as_ref().filter(|_| !ids_of(resource, value).is_empty()) else {
            return value.clone();
        };
        let known = self.api.schemas.outline(&inside(&self.api.schemas, shape));
        let documented = members.iter().filter(|(name, _)| known.property(name).is_some());
        Value::Object(documented.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn member_schema(&self, object: &Place, name: &str) -> Option<Place> {
        self.merged(object)?.property(name)?;
        let mut member = object.clone();
        member.members.push(name.to_owned());
        Some(member)
    }

    fn edge(&self, place: &Place, which: &str) -> Result<Edge, Obstacle> {
        let merged = self.merged(place).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "bounds of whole numbers")]
        let whole = |bound: Option<f64>| bound.filter(|bound| bound.fract() == 0.0).map(|bound| bound as i64);
        let bound = |keyword: &str| match keyword {
            "minLength" => merged.bounds.min_length.and_then(|length| length.try_into().ok()),
            "maxLength" => merged.bounds.max_length.and_then(|length| length.try_into().ok()),
            "minimum" => {
                whole(merged.bounds.minimum).or(whole(merged.bounds.above).map(|bound| bound.saturating_add(1)))
            }
            "maximum" => {
                whole(merged.bounds.maximum).or(whole(merged.bounds.below).map(|bound| bound.saturating_sub(1)))
            }
            _ => None,
        };
        edge(merged.kind() == Some("string"), &bound, place, which)
    }

    fn judge_documented(&self, response: &Response) -> Result<Vec<Mismatch>, Obstacle> {
        let Some(rule) = documented(self.declared(), response.status) else {
            return Ok(vec![Mismatch::of(format!("status {} is not documented", response.status))]);
        };
        let sent = response.header("content-type").unwrap_or("");
        if !rule.media.is_empty() && !sent.is_empty() && !rule.media.iter().any(|one| takes(&one.media_type, sent)) {
            return Ok(vec![Mismatch::of(format!("content-type is {sent}"))]);
        }
        let media = rule.media.iter().find(|one| is_json(&one.media_type)).filter(|_| sent.is_empty() || is_json(sent));
        let Some(schema) = media.and_then(|media| media.schema.as_deref()) else { return Ok(Vec::new()) };
        let Ok(body) = conformance_json::parse(&response.body) else {
            return Ok(vec![Mismatch::of("the body is not JSON")]);
        };
        let mismatch = |one: Violation| Mismatch {
            place: one.at.iter().map(|step| format!("/{step}")).collect(),
            found: one.message,
            ..Mismatch::default()
        };
        Ok(self.proof.violations(Side::Response, schema, &body).into_iter().map(mismatch).collect())
    }

    fn names_status(&self, status: u16) -> bool {
        self.declared().responses.iter().any(|one| one.status == status.to_string())
    }
}
