//! Secrets are taken out of text, however they are written and wherever the text was cut.
#![allow(missing_docs)]

use conformance_record::Secrets;

#[test]
fn a_secret_that_was_cut_short_is_hidden_too() {
    let secrets = Secrets::new(["canary-token-with-many-characters"]);
    let cut = "it is \"a long name and then canary-token-wi… and more; canary-tok is short";
    assert_eq!(secrets.scrub(cut), "it is \"a long name and then <token>… and more; canary-tok is short");
    assert_eq!(secrets.scrub("canary-… is too short to be one"), "canary-… is too short to be one");
}
