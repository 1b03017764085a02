//! Fills the corpora with what the sample caches hold and with the patches of the ordinary test, so that
//! the fuzzer need not find out by itself what an entry looks like.

use std::error::Error;
use std::fs;
use std::path::Path;
use vlive::{Selection, Snapshot};
use vlive::ops::{DumpFormat, DumpStyle};

#[path = "../../tests/common/patches.rs"]
mod patches;
#[path = "../../tests/common/random.rs"]
mod random;
#[path = "../../tests/common/scribble.rs"]
mod scribble;

/// Of what is longer the fuzzer would take the beginning.
const LONGEST: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("corpus");
    for target in ["value", "input", "file"] {
        fs::create_dir_all(corpus.join(target))?;
    }
    for seed in 0..200 {
        fs::write(corpus.join(format!("value/scribble-{seed}")), scribble::scribble(seed))?;
        fs::write(corpus.join(format!("file/patches-{seed}")), patches::patches(seed))?;
    }
    for name in ["bakery", "envelopes", "live-demo", "odd-keys", "values"] {
        let snapshot = Snapshot::open(root.join("../tests/caches").join(name))?;
        for (n, entry) in snapshot.entries(&Selection::All)?.enumerate() {
            let entry = entry?;
            if entry.value().len() <= LONGEST {
                fs::write(corpus.join(format!("value/{name}-{n}")), entry.value())?;
            }
            for format in [DumpFormat::Json, DumpFormat::Lines, DumpFormat::RawLines] {
                let mut text = Vec::new();
                let selection = Selection::Entry(entry.key());
                let style = DumpStyle { format, ..DumpStyle::default() };
                vlive::ops::dump(&snapshot, &selection.into(), style, &mut text)?;
                if text.len() <= LONGEST {
                    fs::write(corpus.join(format!("input/{name}-{n}-{format:?}")), text)?;
                }
            }
        }
    }
    Ok(())
}
