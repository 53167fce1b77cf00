//! Viametrics (`ViaCustomerApi`): in and out per counter and interval, published up to hourly.

mod settings;

pub use settings::{Endpoints, Fields, Settings};

use crate::clock::Clock;
use crate::model::attempt::{ErrorKind, SourceError};

use super::source::{Common, Source};
use super::transport::SharedBudget;

/// Our own ceiling of requests in any hour.
pub const REQUESTS_PER_HOUR: u32 = 400;

/// Opens the account.
///
/// # Errors
/// Always, until it is built.
pub fn open(
    _common: &Common,
    _settings: &Settings,
    _budget: SharedBudget,
    _clock: Clock,
) -> Result<Box<dyn Source>, SourceError> {
    Err(SourceError::new(ErrorKind::Config, "not built yet"))
}
