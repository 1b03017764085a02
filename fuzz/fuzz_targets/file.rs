//! Any bytes patched into a sample cache, with checksums that hold or do not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::LazyLock;

#[path = "../../tests/common/properties/file.rs"]
mod file;

static SAMPLES: LazyLock<file::Samples> =
    LazyLock::new(|| file::Samples::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/caches"))));

fuzz_target!(|bytes: &[u8]| {
    file::file(&SAMPLES.patched(bytes), bytes.first().map_or(0, |first| first / 8));
});
