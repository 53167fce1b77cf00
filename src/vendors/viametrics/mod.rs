//! Viametrics (`ViaCustomerApi`): in and out per counter and interval, published up to hourly.

mod settings;

pub use settings::{Endpoints, Fields, Settings};
