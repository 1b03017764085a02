//! Any bytes as the value of an entry, as the value of a field, and as values that follow one another.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/properties/entries.rs"]
mod entries;
#[path = "../../tests/common/properties/value.rs"]
mod value;

fuzz_target!(|bytes: &[u8]| {
    value::value(bytes);
    value::value(&[b"\xa2\x6afetched_at\x01\x64rows\xa1\x61a\xa1\x61k", bytes].concat());
    entries::entries(&items(bytes).chain(items(bytes)));
});

/// The items of a CBOR sequence, and last what is none.
fn items(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + Clone {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let before = rest;
        if ciborium::from_reader::<ciborium::Value, _>(&mut rest).is_err() {
            rest = &[];
        }
        (!before.is_empty()).then(|| before[..before.len() - rest.len()].to_vec())
    })
}
