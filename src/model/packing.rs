//! Numbers in few bytes: base 128, the low digits first, the high bit for "more follows".
//!
//! Thousands of stores keep days of counts each, and nearly all counts are small.

/// Appends a number.
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(low(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low(number));
}

/// The numbers that were put, in order.
pub fn numbers(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let mut bytes = bytes.iter();
    std::iter::from_fn(move || {
        let (mut number, mut place) = (0, 0);
        // Every visible row is read again for every frame, so this is a plain loop.
        for byte in bytes.by_ref() {
            number |= u64::from(byte & 0x7f) << place;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            place += 7;
        }
        None
    })
}

fn low(number: u64) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_comes_back(given: Vec<u64>) {
            let mut bytes = Vec::new();
            for number in &given {
                put(&mut bytes, *number);
            }
            prop_assert_eq!(numbers(&bytes).collect::<Vec<_>>(), given);
        }
    }

    #[test]
    fn small_numbers_take_a_byte() {
        let mut bytes = Vec::new();
        put(&mut bytes, 127);
        put(&mut bytes, 128);
        assert_eq!(bytes.len(), 3);
    }
}
