//! Chance without memory: every question has its own stream of random numbers, so answers depend
//! neither on earlier questions nor on their order.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Poisson, StandardNormal};

/// What a stream of random numbers is about. Streams of different subjects never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The lasting character of a store.
    Site = 1,
    /// The visitors of a store on one day.
    Visitors,
    /// What a machine sells on one day.
    Sales,
    /// Offline spells and reboots of a machine on one day.
    Incidents,
    /// The small daily deviation of a running total.
    Tally,
    /// The trips of a vehicle on one day.
    Trips,
    /// The lasting character of a vehicle.
    Vehicle,
    /// The stays of a hotel room.
    Stays,
    /// When the documents of a hotel are written.
    Documents,
    /// Ids of hotels and documents.
    Identity,
    /// How long a vendor takes to publish a batch.
    Publication,
    /// Values that are published low first and corrected later.
    Correction,
    /// Secrets of the vendors' accounts.
    Credentials,
    /// Faults of the demo.
    Mishap,
}

/// The stream for one subject, one thing of that sort and one day (or whatever else numbers its
/// occasions).
#[must_use]
pub fn chance(seed: u64, subject: Subject, thing: u64, occasion: i64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(subject as u64).to_le_bytes());
    key[16..24].copy_from_slice(&thing.to_le_bytes());
    key[24..].copy_from_slice(&occasion.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// A positive number around `median`, log-normal; `sigma` is the deviation of its logarithm.
pub fn around(draw: &mut ChaCha8Rng, median: f64, sigma: f64) -> f64 {
    let deviation: f64 = draw.sample(StandardNormal);
    median * (sigma * deviation).exp()
}

/// How often something happens that happens `mean` times on average.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a Poisson number is whole and never negative, and the cast saturates"
)]
pub fn poisson(draw: &mut ChaCha8Rng, mean: f64) -> u32 {
    // A mean of zero is no Poisson distribution; it simply never happens.
    Poisson::new(mean).map_or(0, |law| draw.sample(law) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_coordinate_opens_another_stream() {
        let first = |mut stream: ChaCha8Rng| stream.random::<u64>();
        let base = first(chance(1, Subject::Visitors, 2, 3));
        assert_eq!(base, first(chance(1, Subject::Visitors, 2, 3)));
        for other in [
            chance(9, Subject::Visitors, 2, 3),
            chance(1, Subject::Sales, 2, 3),
            chance(1, Subject::Visitors, 9, 3),
            chance(1, Subject::Visitors, 2, 9),
        ] {
            assert_ne!(base, first(other));
        }
    }
}
