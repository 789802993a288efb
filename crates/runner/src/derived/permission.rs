//! What a written scenario may send: nothing that could change what is not the run's own.

use conformance_api::{Role, path};

use super::operation;
use super::request::Arguments;
use super::session::Object;
use super::subject::OfDocument;
use super::written::Written;
use crate::obstacle::Obstacle;

/// Why a call may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// It changes nothing.
    Reads,
    /// It makes an object, which is the run's own from then on.
    Creates,
    /// It may make one, under a name that nobody has.
    MayCreate,
    /// It is about an object of the run's own, or what stands below it.
    OwnObject,
    /// It is about an id that nobody has.
    UnknownId,
    /// `--allow` names it.
    Allowed,
}

/// Whether a path is that of an object, or below it. Objects of different kinds may have the same id.
fn is_own(of: OfDocument<'_>, object: &Object, path: &[String]) -> bool {
    let of_its_kind = of.api.operations[of.at].resource == Some(object.resource);
    let item = &of.api.resources[object.resource].item;
    let template = path::plain(&of.declared().path);
    let is_below = template.strip_prefix(item.as_str()).is_some_and(|rest| rest.starts_with('/'));
    !object.path.is_empty() && (of_its_kind || is_below) && path.starts_with(&object.path)
}

impl<'r> Written<'_, 'r> {
    /// Why a call may be sent; an obstacle where it might change what is not the run's own.
    pub(super) fn permit(
        &self,
        of: OfDocument<'r>,
        method: &str,
        arguments: &Arguments,
    ) -> Result<Permission, Obstacle> {
        let (declared, options) = (of.declared(), &self.session.run.options);
        if matches!(method, "GET" | "HEAD" | "OPTIONS") {
            return Ok(Permission::Reads);
        }
        if options.read_only {
            return Err(Obstacle::NotApplicable(format!("{method} is not sent with --read-only")));
        }
        let is_declared = method == declared.method;
        let is_nobody =
            |value: &String| self.variables.unknown.contains(value) || value.contains(&self.variables.marker);
        let permission = if is_declared && of.role() == Role::Create {
            Permission::Creates
        } else if self.session.there.iter().chain(&self.gone).any(|object| is_own(of, object, &arguments.path)) {
            Permission::OwnObject
        } else if arguments.path.iter().any(is_nobody) {
            // A server may make what is put under a name that nobody has.
            if is_declared && of.role() == Role::Replace { Permission::MayCreate } else { Permission::UnknownId }
        } else if options.allow.contains(&declared.id) {
            Permission::Allowed
        } else {
            let id = &declared.id;
            let why = format!("{id} is sent to objects of the run's own only; `--allow {id}` sends it");
            return Err(Obstacle::NotApplicable(why));
        };
        if matches!(permission, Permission::Creates | Permission::MayCreate) {
            self.may_create(of)?;
        }
        Ok(permission)
    }

    /// Whether what is created can be deleted again.
    fn may_create(&self, of: OfDocument<'r>) -> Result<(), Obstacle> {
        if self.second {
            return Err(Obstacle::NotApplicable("what the second token creates could not be deleted".to_owned()));
        }
        let can_delete = of.api.operations[of.at]
            .resource
            .is_some_and(|at| operation(of.api, at, Role::Delete).is_some() && !self.session.leaking.contains(&at));
        if can_delete || self.session.run.options.allow_leftovers {
            return Ok(());
        }
        Err(Obstacle::NotApplicable("what it creates could not be deleted".to_owned()))
    }
}
