//! Documents of every version, and of every habit, through the public door.

use std::fs;

use conformance_openapi::{Document, Location, Scheme};
use rstest::rstest;
use serde_json::{Value, json};

#[allow(clippy::panic)]
fn read(text: &str) -> Document {
    Document::read("api.yaml", text.as_bytes().to_vec()).unwrap_or_else(|problem| panic!("{problem}"))
}

fn kinds(document: &Document) -> Vec<&str> {
    document.notes.iter().map(|note| note.kind.as_str()).collect()
}

/// Every `$ref` of every schema that an operation uses leads somewhere.
fn assert_references_hold(document: &Document) {
    fn check(root: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(text) = members.get("$ref").and_then(Value::as_str) {
                    let place = text.replace("%7B", "{").replace("%7D", "}").replace("%20", " ");
                    assert!(root.pointer(place.trim_start_matches('#')).is_some(), "{text}");
                }
                members.values().for_each(|value| check(root, value));
            }
            Value::Array(items) => items.iter().for_each(|value| check(root, value)),
            _ => {}
        }
    }
    check(&document.root, &document.root);
}

const SHOP_2_0: &str = r##"
swagger: "2.0"
info: { title: Shop, version: 1.0 }
host: shop.example
basePath: /v2/
consumes: [application/json]
produces: [application/json, text/plain]
securityDefinitions:
  basic: { type: basic }
  key: { type: apiKey, name: X-Key, in: header }
  login: { type: oauth2, flow: implicit, authorizationUrl: "https://shop.example/login", scopes: {} }
security: [{ basic: [] }, {}]
parameters:
  Thing: { name: thing, in: body, required: true, schema: { $ref: "#/definitions/Thing" } }
  Page: { name: page, in: query, type: integer, minimum: 0, exclusiveMinimum: true }
responses:
  Missing:
    description: Not there.
    schema: { $ref: "#/definitions/Problem" }
definitions:
  Thing:
    type: object
    discriminator: kind
    required: [kind]
    properties:
      kind: { type: string }
      id: { type: integer, x-nullable: true }
      $ref: { type: string }
  Problem: { type: object, example: { code: 1 } }
paths:
  /things:
    get:
      operationId: list
      tags: [things]
      summary: Lists things
      description: At length.
      parameters:
        - $ref: "#/parameters/Page"
        - { name: tags, in: query, type: array, items: { type: string }, collectionFormat: multi }
        - { name: ids, in: query, type: array, items: { type: integer } }
        - { name: X-Trace, in: header, type: string, x-example: abc }
        - { name: Authorization, in: header, type: string }
      responses:
        200:
          description: All.
          schema: { type: array, items: { $ref: "#/definitions/Thing" } }
          headers: { X-Total: { type: integer } }
          examples: { application/json: [{ kind: a }] }
        404: { $ref: "#/responses/Missing" }
    post:
      security: []
      parameters: [{ $ref: "#/parameters/Thing" }]
      responses: { 201: { description: Made. } }
  /things/{id}/file:
    parameters: [{ name: id, in: path, required: true, type: string }]
    post:
      parameters:
        - { name: file, in: formData, type: file, required: true }
        - { name: name, in: formData, type: string }
      responses: { default: { description: Done., schema: { type: file } } }
    put:
      consumes: [application/x-www-form-urlencoded]
      parameters: [{ name: name, in: formData, type: string }]
      responses: { 204: { description: Done. } }
"##;

#[test]
fn a_document_of_2_0_reads_like_one_of_3_1() {
    let document = read(SHOP_2_0);
    assert_eq!(
        (document.version.as_str(), document.title.as_str(), document.api_version.as_str()),
        ("2.0", "Shop", "1.0")
    );
    assert_eq!(document.base_paths, ["/v2"]);
    assert_references_hold(&document);
    assert!(document.notes.is_empty(), "{:?}", document.notes);
    insta::assert_debug_snapshot!(document.operations);
    insta::assert_snapshot!(format!("{:#}", document.root));
    let schemes: Vec<_> = document.schemes.values().collect();
    let key = Scheme::ApiKey { name: "X-Key".to_owned(), location: Location::Header };
    assert_eq!(schemes, [&Scheme::Basic, &key, &Scheme::Bearer]);
}

#[test]
fn a_document_of_3_0_gets_the_schemas_of_3_1() {
    let document = read(
        r##"
openapi: 3.0.3
servers: [{ url: "https://{host}/api/{version}/", variables: { version: { default: v3 } } }]
paths:
  /pets/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: integer }, example: 7 }
      - { name: filter, in: query, style: deepObject, explode: true, schema: { type: object } }
      - { name: fields, in: query, explode: false, schema: { type: array } }
    get:
      x-page: { size: 10 }
      deprecated: true
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
        - { name: where, in: query, content: { application/json: { schema: { type: object }, example: { a: 1 } } } }
      callbacks: { done: { "{$request.body#/url}": { post: { responses: {} } } } }
      responses:
        "200":
          description: A pet.
          headers: { X-Rate: { $ref: "#/components/headers/Rate" } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Alias" }
              examples: { one: { $ref: "#/components/examples/Cat" }, two: { value: { id: 2 } } }
        4xx: { $ref: "#/components/responses/Missing" }
        x-more: {}
components:
  headers: { Rate: { required: true, schema: { type: integer } } }
  examples: { Cat: { value: { id: 1 } } }
  responses:
    Missing: { content: { application/problem+json: { schema: { type: object, properties: { code: { nullable: true, allOf: [{ $ref: "#/components/schemas/Pet" }] } } } } } }
  schemas:
    Alias: { $ref: "#/components/schemas/Pet", description: Dropped. }
    Pet: { type: object, nullable: true, properties: { age: { type: integer, minimum: 0, exclusiveMinimum: true, example: 3 } } }
"##,
    );
    assert_eq!(document.base_paths, ["/api/v3"]);
    assert_eq!(kinds(&document), ["callbacks are not served"]);
    assert_references_hold(&document);
    insta::assert_debug_snapshot!(document.operations);
    insta::assert_snapshot!(format!("{:#}", document.root["components"]));
}

#[test]
fn names_and_recursive_schemas_of_3_1_are_references_into_the_root() {
    let document = read(
        r##"
openapi: 3.1.0
webhooks: { made: { post: { requestBody: { content: { application/json: { schema: { type: object } } } } } } }
paths:
  /nodes:
    get:
      responses:
        200: { content: { application/json: { schema: { $ref: "https://example.com/node" } } } }
        201: { content: { application/json: { schema: { $ref: "#node" } } } }
        202: { content: { application/json: { schema: { $ref: "#/webhooks/made/post/requestBody/content/application~1json/schema" } } } }
        203: { content: { application/json: { schema: { $ref: "#/paths/~1nodes/get/responses/200/content/application~1json/schema" } } } }
components:
  schemas:
    Node:
      $id: https://example.com/node
      $anchor: node
      type: [object, "null"]
      properties: { children: { type: array, items: { $ref: "#node" } } }
"##,
    );
    let schemas: Vec<_> = document.operations[0].responses.iter().map(|one| one.media[0].schema.as_deref()).collect();
    let node = Some("/components/schemas/Node");
    let webhook = Some("/webhooks/made/post/requestBody/content/application~1json/schema");
    assert_eq!(schemas, [node, node, webhook, node]);
    assert_eq!(
        document.at("/components/schemas/Node"),
        Some(&json!({
            "type": ["object", "null"],
            "properties": { "children": { "type": "array", "items": { "$ref": "#/components/schemas/Node" } } },
        }))
    );
    assert_eq!(kinds(&document), ["webhooks are not served"]);
    assert_references_hold(&document);
}

#[test]
fn methods_of_3_2_are_operations() {
    let document = read(
        r##"
openapi: 3.2.0
paths:
  /a:
    query: { operationId: find, responses: { 200: { content: { application/json: { $ref: "#/components/mediaTypes/List" } } } } }
    additionalOperations: { COPY: { operationId: copy } }
    get: {}
    parameters: []
components: { mediaTypes: { List: { schema: { type: array } } } }
"##,
    );
    let told: Vec<_> =
        document.operations.iter().map(|one| (one.method.as_str(), one.id.as_str(), one.pointer.as_str())).collect();
    assert_eq!(
        told,
        [
            ("QUERY", "find", "/paths/~1a/query"),
            ("COPY", "copy", "/paths/~1a/additionalOperations/COPY"),
            ("GET", "GET /a", "/paths/~1a/get"),
        ]
    );
    let schema = document.operations[0].responses[0].media[0].schema.as_deref();
    assert_eq!(schema, Some("/components/mediaTypes/List/schema"));
}

/// A document in several files, and others that it must not read.
#[allow(clippy::expect_used)]
fn pets() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    file(
        "api/openapi.yaml",
        r#"
openapi: 3.0.0
paths:
  /pets: { $ref: "./paths/pets.yaml" }
  /secrets: { get: { responses: { 200: { content: { application/json: { schema: { $ref: "../secret.json" } } } } } } }
  /web: { get: { responses: { 200: { content: { application/json: { schema: { $ref: "https://example.com/pet.json" } } } } } } }
  /lost: { get: { responses: { 200: { content: { application/json: { schema: { $ref: "lost.yaml#/A" } } } } } } }
components: { schemas: { Error: { type: string, nullable: true } } }
"#,
    );
    file(
        "api/paths/pets.yaml",
        r##"
get:
  responses:
    200: { content: { application/json: { schema: { $ref: "../schemas/a%20pet.json#/Pet" } } } }
    400: { content: { application/json: { schema: { $ref: "../openapi.yaml#/components/schemas/Error" } } } }
    500: { content: { application/json: { schema: { $ref: "#/components/schemas/Error" } } } }
"##,
    );
    file(
        "api/schemas/a pet.json",
        r##"{ "Pet": { "nullable": true, "type": "object", "properties": {
            "friends": { "type": "array", "items": { "$ref": "#/Pet" } }, "name": { "$ref": "#/Name" } } },
            "Name": { "type": "string", "example": "Rex" } }"##,
    );
    file("secret.json", r#"{ "type": "integer" }"#);
    folder
}

#[test]
fn files_of_the_folder_are_part_of_the_document() {
    let folder = pets();
    let document = Document::open(&folder.path().join("api/openapi.yaml")).expect("a document");
    let schemas: Vec<_> = document
        .operations
        .iter()
        .flat_map(|one| &one.responses)
        .map(|one| one.media[0].schema.as_deref().expect("a schema"))
        .collect();
    let error = "/components/schemas/Error";
    assert_eq!(schemas[..3], ["/x-files/schemas~1a pet.json/Pet", error, error]);
    assert_eq!(document.operations[0].pointer, "/paths/~1pets/get");
    assert_eq!(
        document.at("/x-files/schemas~1a pet.json"),
        Some(&json!({
            "Pet": { "type": ["object", "null"], "properties": {
                "friends": { "type": "array", "items": { "$ref": "#/x-files/schemas~1a%20pet.json/Pet" } },
                "name": { "$ref": "#/x-files/schemas~1a%20pet.json/Name" },
            } },
            "Name": { "type": "string", "examples": ["Rex"] },
        }))
    );
    for schema in &schemas[3..] {
        assert_eq!(document.at(schema), Some(&json!({})), "{schema}");
    }
    assert!(!document.root.to_string().contains("integer"), "a file outside of the folder was read");
    assert_eq!(
        kinds(&document),
        [
            "a reference leads to the network or out of the folder, where nothing is read",
            "the file `lost.yaml` cannot be read"
        ]
    );
    assert_references_hold(&document);
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("api")).expect("made");
    fs::write(folder.path().join("secret.json"), "{}").expect("written");
    std::os::unix::fs::symlink("../secret.json", folder.path().join("api/link.json")).expect("linked");
    let text = "openapi: 3.0.0\npaths: {}\ncomponents: { schemas: { A: { $ref: link.json } } }";
    fs::write(folder.path().join("api/a.yaml"), text).expect("written");
    let document = Document::open(&folder.path().join("api/a.yaml")).expect("a document");
    assert!(kinds(&document)[0].contains("out of the folder"), "{:?}", document.notes);
}

#[test]
fn parts_of_2_0_in_other_files_are_upgraded() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "swagger: '2.0'\npaths: { /a: { $ref: a.yaml#/item } }\ndefinitions: { A: { type: string } }";
    fs::write(folder.path().join("api.yaml"), text).expect("written");
    let text = r##"
item:
  post:
    parameters: [{ $ref: "#/body" }, { name: q, in: query, type: string }]
    responses: { 200: { schema: { $ref: "api.yaml#/definitions/A" } } }
body: { name: b, in: body, schema: { type: object, x-nullable: true } }
"##;
    fs::write(folder.path().join("a.yaml"), text).expect("written");
    let document = Document::open(&folder.path().join("api.yaml")).expect("a document");
    let operation = &document.operations[0];
    let body = operation.body.as_ref().expect("a body").media[0].schema.as_deref().expect("a schema");
    assert_eq!(document.at(body), Some(&json!({ "type": ["object", "null"] })));
    assert_eq!(operation.parameters[0].schema.as_deref(), Some("/x-files/a.yaml/item/post/parameters/0/schema"));
    assert_eq!(operation.responses[0].media[0].schema.as_deref(), Some("/components/schemas/A"));
    assert!(document.notes.is_empty(), "{:?}", document.notes);
}

#[test]
fn what_leads_nowhere_costs_itself() {
    let document = read(
        r##"
openapi: 3.0.0
paths:
  /a:
    get:
      parameters: [{ $ref: "#/components/parameters/Lost" }, { name: ok, in: query }]
      requestBody: { $ref: "#/components/requestBodies/Lost" }
      responses:
        200: { $ref: "#/components/responses/Lost" }
        201: { content: { application/json: { schema: { $ref: "#/components/schemas/Lost" } } } }
        204: { $ref: "#é/x" }
        202: { content: { application/json: { schema: { $ref: "#/components/schemas/A" } } } }
        203: { content: { application/json: { schema: { $ref: other.yaml } } } }
  /b: { $ref: "#/components/pathItems/Lost" }
  /c/{id}: { get: }
  /c/{id}/d: { get: {} }
components:
  schemas:
    A: { $ref: "#/components/schemas/B" }
    B: { $ref: "#/components/schemas/A" }
"##,
    );
    let operation = &document.operations[0];
    assert_eq!((operation.parameters.len(), operation.body.is_none()), (1, true));
    assert!(operation.responses[0].media.is_empty());
    for response in operation.responses[1..].iter().filter(|one| one.status != "204") {
        let schema = response.media[0].schema.as_deref().expect("a schema");
        assert_eq!(document.at(schema), Some(&json!({})));
    }
    assert_eq!(document.operations.len(), 2);
    assert_eq!(document.operations[1].parameters[0].name, "id");
    let notes: Vec<_> = document.notes.iter().map(|one| (one.kind.as_str(), one.count, one.first.as_str())).collect();
    insta::assert_debug_snapshot!(notes);
}

#[test]
fn the_wrapping_of_null_moves_no_target() {
    let document = read(
        r##"
openapi: 3.0.0
paths: {}
components:
  schemas:
    A: { nullable: true, allOf: [{ type: object, properties: { b: { type: string } } }] }
    B: { $ref: "#/components/schemas/A/allOf/0/properties/b" }
"##,
    );
    assert_references_hold(&document);
    assert_eq!(document.at("/components/schemas/B"), Some(&json!({ "$ref": "#/x-references/0" })));
    assert_eq!(document.at("/x-references/0"), Some(&json!({ "type": "string" })));
}

#[test]
fn anchors_and_merge_keys_are_taken() {
    let document = read(
        "openapi: 3.1.0
x-base: &base { type: object, title: Base }
paths:
  /a:
    get: &get { operationId: get, responses: { 200: { content: { application/json: { schema: { <<: *base, title: A } } } } } }
    head: *get
",
    );
    let ids: Vec<_> = document.operations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["get", "get (2)"]);
    let schema = document.operations[0].responses[0].media[0].schema.as_deref().expect("a schema");
    assert_eq!(document.at(schema), Some(&json!({ "title": "A", "type": "object" })));
}

#[test]
fn security_is_what_the_operation_says_and_else_the_document() {
    let document = read(
        "openapi: 3.1.0
security: [{ a: [], b: [] }, { c: [x] }]
paths:
  /a: { get: {}, put: { security: [] }, post: { security: [{}] } }
",
    );
    let security: Vec<_> = document.operations.iter().map(|one| one.security.clone()).collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(security, [vec![names(&["a", "b"]), names(&["c"])], vec![], vec![vec![]]]);
}

#[test]
fn deep_schemas_are_rewritten_to_the_bottom() {
    let schema = format!("{}{}{}", r#"{"items":"#.repeat(490), r#"{"nullable":true,"type":"string"}"#, "}".repeat(490));
    let text = format!(r#"{{"openapi":"3.0.0","paths":{{}},"components":{{"schemas":{{"A":{schema}}}}}}}"#);
    let document = read(&text);
    let bottom = document.at(&format!("/components/schemas/A{}", "/items".repeat(490)));
    assert_eq!(bottom, Some(&json!({ "type": ["string", "null"] })));
}

#[test]
fn a_document_that_misses_almost_everything_opens() {
    let document =
        read("openapi: 3.1\npaths: { /a: { get: }, /b: { get: {} }, x-c: {}, d: {} }\ninfo: 1\ncomponents: []");
    assert_eq!((document.version.as_str(), document.title.as_str()), ("3.1", "untitled"));
    assert_eq!(document.operations.len(), 1);
    assert_eq!(kinds(&document), ["a path does not begin with a slash"]);
}

#[rstest]
#[case::no_yaml("a: [", "api.yaml:1")]
#[case::no_json("{\n\"a\" 1}", "api.yaml:2:5")]
#[case::nothing("", "no object at the top")]
#[case::another_thing("kind: Pod\nspec: {}", "found `kind`, `spec`")]
#[case::another_version("openapi: 4.0.0\npaths: {}", "version 4.0.0 is not known")]
#[case::older("swaggerVersion: '1.2'\npaths: {}", "neither `openapi` nor `swagger`")]
#[case::no_paths("info: {}\nopenapi: 3.0.0", "api.yaml:2:1")]
#[case::paths_of_another_kind("openapi: 3.0.0\npaths: []", "`paths` is no object")]
fn what_is_no_document_is_refused_with_a_reason(#[case] text: &str, #[case] expected: &str) {
    let problem = Document::read("api.yaml", text.as_bytes().to_vec()).expect_err("refused").to_string();
    assert!(problem.contains(expected), "{problem}");
    assert!(problem.contains("help"), "{problem}");
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let problem = Document::open(std::path::Path::new("/nowhere/api.yaml")).expect_err("refused").to_string();
    assert!(problem.contains("cannot read /nowhere/api.yaml"), "{problem}");
}

#[rstest]
#[case::in_3("openapi: 3.0.3\npaths: {}\ncomponents:\n  securitySchemes:\n    ")]
#[case::in_2("swagger: '2.0'\npaths: {}\nsecurityDefinitions:\n    ")]
fn a_word_before_a_key_is_known_by_its_description(#[case] head: &str) {
    let key = "{ type: apiKey, in: header, name: Authorization, description: 'With required prefix \"Token\"' }";
    let document = read(&format!("{head}token: {key}\n"));
    assert_eq!(document.schemes["token"], Scheme::Http("Token".to_owned()));
}

#[test]
fn members_of_an_object_in_the_query_are_parameters() {
    let document = read(
        r##"
openapi: 3.1.0
info: { title: Things, version: "1" }
paths:
  /things:
    get:
      parameters:
        - { name: pageable, in: query, required: true, schema: { $ref: "#/components/schemas/Pageable" } }
        - { name: filter, in: query, style: deepObject, schema: { type: object, properties: { name: { type: string } } } }
      responses: { "200": { description: Things. } }
components:
  schemas:
    Pageable:
      type: object
      required: [size]
      properties:
        page: { type: integer, minimum: 0 }
        size: { type: integer, maximum: 50 }
        sort: { type: array, items: { type: string } }
"##,
    );
    let parameters = &document.operations[0].parameters;
    let told: Vec<_> = parameters.iter().map(|one| (one.name.as_str(), one.required)).collect();
    assert_eq!(told, [("page", false), ("size", true), ("sort", false), ("filter", false)]);
    let size = parameters[1].schema.as_deref().and_then(|at| document.root.pointer(at));
    assert_eq!(size, Some(&json!({ "type": "integer", "maximum": 50 })));
}
