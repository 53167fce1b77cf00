//! Start: arguments, error reports, exit status.

fn main() {}
