//! The worked examples of the method, and what must hold for any counts.

mod examples;
