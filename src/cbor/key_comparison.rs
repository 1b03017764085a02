//! Compares the keys of maps where they are, in the encoded bytes.

use super::reader::{Head, Reader};
use std::borrow::Cow;

/// The text of a key, verified before, that begins at an offset.
pub(crate) fn key_at(bytes: &[u8], offset: u32) -> Cow<'_, [u8]> {
    let mut reader = Reader::at(bytes, offset as usize);
    match reader.head() {
        Ok(Head::Text(Some(len))) => Cow::Borrowed(reader.take(len).unwrap_or_default()),
        Ok(Head::Text(None)) => Cow::Owned(reader.text(None).unwrap_or_default().into_owned().into_bytes()),
        _ => unreachable!("only keys that are text are compared"),
    }
}

/// Up to how many keys are compared with each other instead of being sorted.
const FEW: usize = 12;

/// Whether two keys, verified before, are the same text.
pub(crate) fn are_equal(bytes: &[u8], a: u32, b: u32) -> bool {
    let rest = [a, b].map(|at| &bytes[at as usize..]);
    match rest.map(|rest| rest[0]) {
        // Most keys are short; their first byte is their length.
        [initial @ 0x60..=0x77, other @ 0x60..=0x77] => {
            let len = usize::from(initial - 0x60) + 1;
            initial == other && rest[0][..len] == rest[1][..len]
        }
        _ => key_at(bytes, a) == key_at(bytes, b),
    }
}

/// Whether all keys differ. `items` may be left in another order; no memory is allocated.
pub(crate) fn are_distinct<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) -> bool {
    let ascends = |a: &T, b: &T| key(a) < key(b);
    if items.is_sorted_by(ascends) {
        return true;
    }
    // Comparing a few with each other is faster than sorting them.
    if items.len() <= FEW {
        let keys: [Option<K>; FEW] = std::array::from_fn(|n| items.get(n).map(&key));
        return (1..items.len()).all(|n| !keys[..n].contains(&keys[n]));
    }
    items.sort_unstable_by_key(&key);
    items.is_sorted_by(ascends)
}

/// Whether all keys at these offsets differ. They are verified text.
pub(crate) fn are_distinct_at(bytes: &[u8], keys: &mut [u32]) -> bool {
    if keys.len() <= FEW {
        return (1..keys.len()).all(|n| !keys[..n].iter().any(|key| are_equal(bytes, *key, keys[n])));
    }
    are_distinct(keys, |key| key_at(bytes, *key))
}
