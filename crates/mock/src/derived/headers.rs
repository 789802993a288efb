//! Header fields of a success that its document names.

use conformance_api::names::plain;
use conformance_api::sample::{Extent, Sampler};

use super::call::Call;
use super::projection::as_text;
use super::{Derived, SIDE};

impl Derived {
    /// The documented header fields of a success: `Location` where something was made, samples of those that are required.
    pub(crate) fn success_headers(&self, call: &Call<'_>, made: Option<&str>) -> Vec<(String, String)> {
        let Some(response) = call.operation.success.response.and_then(|at| call.declared.responses.get(at)) else {
            return Vec::new();
        };
        let mut headers = Vec::new();
        for field in &response.headers {
            let name = field.name.to_ascii_lowercase();
            match (plain(&name).as_str(), made) {
                ("location", Some(id)) => {
                    let path = call.request.path().trim_end_matches('/');
                    headers.push((
                        name,
                        format!(
                            "{path}/{}",
                            percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC)
                        ),
                    ));
                }
                // Versions are those of objects.
                ("link" | "contenttype" | "contentlength" | "etag", _) => {}
                _ if field.required || name == "location" => {
                    headers.extend(self.header_sample(field).map(|value| (name, value)))
                }
                _ => {}
            }
        }
        headers
    }

    fn header_sample(&self, field: &conformance_openapi::Header) -> Option<String> {
        if let Some(example) = field.examples.first().and_then(as_text) {
            return Some(example);
        }
        let schema = self.api.schemas.at(field.schema.as_deref()?)?;
        let sampler =
            Sampler { schemas: &self.api.schemas, side: SIDE, extent: Extent::Required, variant: 0, examples: true };
        as_text(&sampler.sample_named(&[schema], "value")?)
    }
}
