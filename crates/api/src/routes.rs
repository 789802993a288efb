//! Which operation of a document a method and a path mean.

use std::collections::BTreeMap;

use conformance_openapi::Document;

use crate::path::Router;

/// The operations of a path, by method: their numbers in the document.
pub type Methods = BTreeMap<String, usize>;

/// The operations of a document, found by method and path.
#[derive(Debug, Default)]
pub struct Routes {
    router: Router,
    /// The operations of each template.
    methods: Vec<Methods>,
    /// What documented servers have before their paths.
    base_paths: Vec<String>,
}

impl Routes {
    /// The routes of a document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let mut routes = Self { base_paths: document.base_paths.clone(), ..Self::default() };
        for (index, operation) in document.operations.iter().enumerate() {
            let at = routes.router.add(&operation.path);
            if at == routes.methods.len() {
                routes.methods.push(Methods::new());
            }
            routes.methods[at].entry(operation.method.clone()).or_insert(index);
        }
        routes
    }

    /// The operations of the path that fits best, with or without a documented server's prefix, and the values in it.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(&Methods, Vec<String>)> {
        let shorter = self.base_paths.iter().filter_map(|prefix| path.strip_prefix(prefix.as_str()));
        let shorter = shorter.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let found = std::iter::once(path).chain(shorter).find_map(|path| self.router.find(path))?;
        Some((self.methods.get(found.template)?, found.values))
    }

    /// The number of the operation that a method and a path mean.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<usize> {
        self.find(path).and_then(|(methods, _)| operation(methods, method))
    }
}

/// The operation of a method among those of a path; a `HEAD` is a `GET` where it is not declared.
#[must_use]
pub fn operation(methods: &Methods, method: &str) -> Option<usize> {
    let head = || (method == "HEAD").then(|| methods.get("GET")).flatten();
    methods.get(method).or_else(head).copied()
}
