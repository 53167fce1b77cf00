//! The estimator from outside: reference data, properties, special days and warnings.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]
#![expect(clippy::float_cmp, reason = "the same computation gives the same bits")]

mod properties;
mod reference;
mod replaying;
mod shop;
mod special;
mod warnings;
