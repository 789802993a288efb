//! Deletes what a scenario made, and looks whether it is gone.

use conformance_api::versions::wants_version;
use conformance_api::{Role, versions};
use serde_json::Value;

use super::operation;
use super::request::Arguments;
use super::session::{Object, Session};

/// Why an object is still there.
#[derive(Clone, Debug)]
pub(crate) struct Undeleted {
    pub reason: String,
    /// Whether it was refused for something that may be otherwise later: another object that is in the way.
    pub may_pass: bool,
}

impl Undeleted {
    fn of(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: false }
    }
}

impl Session<'_> {
    /// How many objects were made with a member of this value.
    pub fn made_with(&self, name: &str, value: &Value) -> usize {
        self.there.iter().filter(|one| one.sent.get(name) == Some(value)).count()
    }

    /// An object was deleted by the scenario itself.
    pub fn forget(&mut self, object: &Object) {
        let before = self.there.len();
        self.there.retain(|one| one.path != object.path || one.resource != object.resource);
        // Made twice under one name, it is one object all the same.
        self.deleted += before - self.there.len();
        self.log.delete(&self.run.api.resources[object.resource].item, &object.path);
    }

    /// Deletes what is still there, newest first; what is left, and why.
    pub async fn clean_up(&mut self) -> Vec<(Object, Undeleted)> {
        let all: Vec<Object> = std::mem::take(&mut self.there).into_iter().rev().collect();
        let mut left = self.delete_all(all).await;
        // What was in the way of one may be gone now.
        let (again, lasting): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, why)| why.may_pass);
        left = self.delete_all(again.into_iter().map(|(object, _)| object).collect()).await;
        left.extend(lasting);
        self.leaking.extend(left.iter().map(|(object, _)| object.resource));
        left
    }

    /// Deletes objects, one after the other; what is left of them, and why.
    pub async fn delete_all(&mut self, objects: Vec<Object>) -> Vec<(Object, Undeleted)> {
        let mut left = Vec::new();
        for object in objects {
            match self.delete_again(&object).await {
                None => {
                    self.deleted += 1;
                    self.log.delete(&self.run.api.resources[object.resource].item, &object.path);
                }
                Some(reason) => left.push((object, reason)),
            }
        }
        left
    }

    /// Deletes an object; why it is still there, if it is.
    pub(crate) async fn delete_again(&mut self, object: &Object) -> Option<Undeleted> {
        let Some(delete) = operation(self.run.api, object.resource, Role::Delete) else {
            return Some(Undeleted::of("nothing deletes it"));
        };
        if object.path.is_empty() {
            return Some(Undeleted::of("the response to its create shows no id"));
        }
        let mut answer = self.send(delete, Arguments::at(&object.path)).await;
        if wants_version(self.declared(delete)) && matches!(answer.status, Some(412 | 428)) {
            // Whatever version it is by now.
            let mut arguments = Arguments::at(&object.path);
            arguments.headers.push((versions::FIELD.to_owned(), "*".to_owned()));
            answer = self.send(delete, arguments).await;
        }
        match answer.status {
            Some(status @ 200..=299) if self.is_still_there(object, status).await => {
                Some(Undeleted::of(format!("its deletion is answered {status}, and it is still there")))
            }
            Some(200..=299 | 404 | 410) => None,
            Some(status) => {
                let may_pass = matches!(status, 400 | 409 | 412 | 422..=424 | 429);
                Some(Undeleted { may_pass, ..Undeleted::of(format!("its deletion is answered {status}")) })
            }
            None => Some(Undeleted::of(answer.obstacle.unwrap_or_default())),
        }
    }

    /// Whether an object is found after its deletion was answered. What is deleted later (202) gets the benefit.
    pub(crate) async fn is_still_there(&mut self, object: &Object, status: u16) -> bool {
        let Some(retrieve) = operation(self.run.api, object.resource, Role::Retrieve).filter(|_| status != 202) else {
            return false;
        };
        let answer = self.send(retrieve, Arguments::at(&object.path)).await;
        answer.is_success() && !self.shows_deleted(retrieve, &answer)
    }
}
