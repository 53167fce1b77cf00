//! The vendors over real HTTP on loopback: every trap and every error of their interfaces.

#![expect(
    clippy::unwrap_used,
    reason = "a set-up that fails is a test that fails"
)]

mod any_body;
mod bespot;
mod loopback;
mod smartnow;
mod tls;
mod transport;
mod viametrics;
