//! The occupancy estimator.
