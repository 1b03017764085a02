//! Patches of a sample cache, as the property of files takes them.

use super::random::Random;

/// A few patches, mostly near the beginning of a page, where its lengths and offsets are.
pub fn patches(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut input = random.next().to_le_bytes()[..2].to_vec();
    for _ in 0..=random.below(3) {
        let most = random.one_of(&[4096, 128, 128, 128]);
        let at = u16::try_from(random.below(most)).unwrap();
        let len = u8::try_from(random.below(6)).unwrap();
        // Lengths and counts are small numbers.
        let largest = random.one_of(&[2, 256]);
        input.push(random.next().to_le_bytes()[0]);
        input.extend_from_slice(&at.to_be_bytes());
        input.push(len);
        input.extend((0..len).map(|_| u8::try_from(random.below(largest)).unwrap()));
    }
    input
}
