//! Shapes: each takes values, an area and a buffer, and knows nothing of where it stands.

pub mod bars;
pub mod beats;
pub mod chart;
pub mod gauge;
pub mod page;
pub mod table;
pub mod text;
