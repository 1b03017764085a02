//! redb's own integrity check, on a private copy of the file.

use super::Check;
use crate::database::{self, IntegrityFault};
use crate::error::{Error, Result};
use crate::ops::findings::FindingKind;
use crate::snapshot::{location, race};
use crate::system::temporary::TemporaryFile;
use std::fs;
use std::io::{self, Seek};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Adds to `check` the result of redb's own integrity check of a private copy of the file, in the folder for temporary
/// files. A file that changes while it is copied is copied again; returns whether a copy succeeded within `wait`.
///
/// # Errors
/// [`Error::Temporary`] if the copy cannot be written, and those of opening the cache.
pub fn check_deep(path: impl AsRef<Path>, wait: Duration, check: &mut Check) -> Result<bool> {
    let path = location::find(path.as_ref())?;
    let copy = TemporaryFile::private().map_err(Error::temporary)?;
    let begun = Instant::now();
    let mut found_before: Option<IntegrityFault> = None;
    loop {
        let before = race::header(&path);
        let mut original = location::open(&path, false)?;
        // The check has already read the whole original, so the copy is at fault.
        copy_anew(&mut original, copy.file()).map_err(Error::temporary)?;
        let is_steady = || race::header(&path) == before;
        if is_steady() {
            let found = database::check_integrity(copy.file()).map_err(Error::temporary)?;
            match found {
                None => return Ok(true),
                // An app that recovers the file leaves the header unchanged until it is done.
                Some(what) if found_before.as_ref() == Some(&what) && is_steady() => {
                    check.damage.add(None, FindingKind::Integrity(what));
                    return Ok(true);
                }
                found => found_before = found,
            }
            thread::sleep(PAUSE);
        } else {
            found_before = None;
        }
        if begun.elapsed() > wait && found_before.is_none() {
            return Ok(false);
        }
    }
}

/// How long to wait before a second copy must confirm what redb has found in the first.
const PAUSE: Duration = Duration::from_millis(100);

fn copy_anew(original: &mut fs::File, mut copy: &fs::File) -> io::Result<u64> {
    copy.set_len(0)?;
    copy.rewind()?;
    io::copy(original, &mut copy)
}
