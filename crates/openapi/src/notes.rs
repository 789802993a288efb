//! What could not be used, counted by kind: a document of a thousand operations repeats its habits.

use std::collections::HashMap;

use crate::Note;

/// Collects notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    notes: Vec<Note>,
    /// Where each kind stands in `notes`.
    places: HashMap<String, usize>,
}

impl Notes {
    /// One more of a kind, at a pointer.
    pub(crate) fn add(&mut self, kind: impl Into<String>, at: &str) {
        self.many(kind, 1, at);
    }

    /// Several of a kind, the first of them at a pointer.
    pub(crate) fn many(&mut self, kind: impl Into<String>, count: usize, at: &str) {
        let kind = kind.into();
        if let Some(note) = self.places.get(&kind).and_then(|place| self.notes.get_mut(*place)) {
            note.count += count;
            return;
        }
        self.places.insert(kind.clone(), self.notes.len());
        self.notes.push(Note { kind, count, first: at.to_owned() });
    }

    /// All of them, in the order in which they were found.
    pub(crate) fn into_list(self) -> Vec<Note> {
        self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_once_with_its_count_and_its_first_place() {
        let mut notes = Notes::default();
        notes.add("callbacks are not served", "/a");
        notes.add("links are not followed", "/b");
        notes.many("callbacks are not served", 2, "/c");
        let told: Vec<_> = notes.into_list().into_iter().map(|note| (note.kind, note.count, note.first)).collect();
        assert_eq!(
            told,
            [
                ("callbacks are not served".to_owned(), 3, "/a".to_owned()),
                ("links are not followed".to_owned(), 1, "/b".to_owned())
            ]
        );
    }
}
