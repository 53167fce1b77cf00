//! The vendors: one transport for all, one folder for each.
//!
//! A vendor's folder holds only what is particular to it: `settings` (its keys of the
//! configuration), `request` (what is asked), `wire` (the JSON as it comes) and `decode` (bytes to
//! readings or a typed error, pure).

pub mod bespot;
pub mod discreet;
pub mod lenient;
pub mod mews;
pub mod navixy;
pub mod pace;
pub mod registry;
pub mod smartnow;
pub mod source;
#[cfg(test)]
mod stand_in;
pub mod transport;
pub mod viametrics;
