//! Any text as rows for an entry, and as a fixture.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/properties/input.rs"]
mod input;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        input::rows(text);
    }
    input::fixture(bytes);
});
