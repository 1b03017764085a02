//! A file for each entry.

use super::{DumpFormat, DumpStyle, Dumped, dump_entry, each};
use crate::error::Result;
use crate::fixture::tree;
use crate::live::error::DecodeError;
use crate::ops::list::Unreadable;
use crate::ops::scope::Scope;
use crate::snapshot::Snapshot;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes the selected entries to files below `folder`, which must be there and empty, as
/// [`Fixture`](crate::Fixture) reads them.
///
/// # Errors
/// As those of [`dump`](crate::ops::dump); the outer error can be that of any file, which it names.
pub fn dump_tree(snapshot: &Snapshot, scope: &Scope, style: DumpStyle, folder: &Path) -> io::Result<Result<Dumped>> {
    let mut names = tree::Names::default();
    let ending = match style.format {
        DumpFormat::Notation => tree::NOTATION,
        DumpFormat::Cbor => tree::VALUE,
        _ => tree::ENVELOPE,
    };
    let (mut unreadable, mut dumped) = (Vec::new(), Dumped::default());
    let read = each(snapshot, scope, &mut dumped, |entry| {
        let key = entry.key();
        let name = names.path(&key, ending);
        let written = write_file(&folder.join(&name), |out| {
            let written = dump_entry(&entry, style, out)?;
            if style.format != DumpFormat::Cbor {
                out.write_all(b"\n")?;
            }
            Ok(match written {
                // It is shown all the same.
                Err(error) if style.format == DumpFormat::Notation => Ok(Some(error)),
                written => written.map(|()| None),
            })
        });
        match written.map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))? {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => unreadable.push(Unreadable { key, error }),
        }
        Ok(())
    })?;
    dumped.unreadable = unreadable;
    dumped.leave_out(style);
    Ok(read.map(|()| dumped))
}

/// Writes a new file, and folders to it; no file if `write` refuses.
fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<Result<T, DecodeError>>,
) -> io::Result<Result<T, DecodeError>> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mut out = BufWriter::new(fs::File::create_new(path)?);
    let written = write(&mut out)?;
    out.flush()?;
    if written.is_err() {
        fs::remove_file(path)?;
    }
    Ok(written)
}
