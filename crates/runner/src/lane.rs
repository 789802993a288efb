//! The road that calls take: over HTTP, or through a recording of an earlier run.

use conformance_record::{Exchange, NoResponse, Request, Response};

use crate::client::Client;
use crate::obstacle::Obstacle;
use crate::recording::{Recorder, Recording};
use crate::sdk::SdkLane;

/// Where requests go and answers come from.
#[derive(Debug)]
pub(crate) enum Lane {
    /// To a server; each exchange is recorded, if anyone asked.
    Http(Box<Client>, Option<Recorder>),
    /// Through an SDK, to a server that tells what arrived.
    Sdk(Box<SdkLane>),
    /// To nowhere: the answers are those that came when the recording was made.
    Recorded(Recording),
}

impl Lane {
    /// Sends the request with this number of a scenario, while these faults happen. They can only be had through an SDK.
    pub(crate) async fn send(
        &self,
        scenario: &str,
        number: usize,
        request: Request,
        faults: &[String],
    ) -> Result<Exchange, Obstacle> {
        match self {
            Self::Http(client, recorder) => {
                let exchange = Exchange { number, ..client.send(request).await };
                if let Some(recorder) = recorder {
                    recorder.write(scenario, number, &exchange);
                }
                Ok(exchange)
            }
            Self::Sdk(sdk) => sdk.send(scenario, number, request, faults).await,
            Self::Recorded(recording) => recording.exchange(scenario, number, &request),
        }
    }

    /// What was truly created below a boundary that alters answers.
    pub(crate) fn true_creates(&self) -> Vec<(Request, Response)> {
        match self {
            Self::Http(client, _) => client.true_creates(),
            Self::Sdk(_) | Self::Recorded(_) => Vec::new(),
        }
    }

    /// Sends a request that belongs to no scenario, past any boundary.
    pub(crate) async fn send_aside(&self, request: Request) -> Exchange {
        match self {
            Self::Http(client, _) => client.send_past(request).await,
            Self::Sdk(_) | Self::Recorded(_) => Exchange {
                number: 0,
                request,
                response: Err(NoResponse::NotSent("nothing is sent past a recording or an SDK".to_owned())),
                took: std::time::Duration::ZERO,
            },
        }
    }
}
