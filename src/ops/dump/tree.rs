//! A file for each entry.

use super::entry::write_entry;
use super::sets::SetDump;
use super::{DumpError, DumpFormat, DumpStyle, Dumped, each};
use crate::fixture::tree;
use crate::json::sets::SetFrame;
use crate::live::error::DecodeError;
use crate::ops::scope::Scope;
use crate::ops::sets::readable_sets;
use crate::ops::unread::Unreadable;
use crate::snapshot::{LiveEntry, Snapshot};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes the selected entries to files below `folder`, an existing empty folder, as [`Fixture`](crate::Fixture) reads
/// them.
///
/// # Errors
/// As [`dump`](crate::ops::dump); an error of the output names the file.
pub fn dump_tree(snapshot: &Snapshot, scope: &Scope, style: DumpStyle, folder: &Path) -> Result<Dumped, DumpError> {
    let mut names = tree::Names::default();
    let ending = match style.format {
        DumpFormat::Notation => tree::NOTATION,
        DumpFormat::Cbor => tree::VALUE,
        _ => tree::ENVELOPE,
    };
    let (mut unreadable, mut dumped) = (Vec::new(), Dumped::default());
    each(snapshot, scope, &mut dumped, |entry| {
        let key = entry.key();
        let name = names.path(&key, ending);
        let fault = write_file(&entry, style, &folder.join(&name))
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        unreadable.extend(fault.map(|error| Unreadable { key, error }));
        Ok(())
    })?;
    for set in readable_sets(snapshot, scope, &mut dumped.matched, &mut dumped.unread.damage)? {
        dumped.entries += 1;
        let name = names.path_of(&set.key().to_string(), ending);
        let dump = SetDump { snapshot, set: &set, style, frame: SetFrame::Alone };
        write_set(dump, &mut dumped, &folder.join(&name)).map_err(|error| match error {
            DumpError::Output(error) => io::Error::new(error.kind(), format!("{name}: {error}")).into(),
            error @ DumpError::Cache(_) => error,
        })?;
    }
    dumped.unread.unreadable = unreadable;
    dumped.leave_out(style);
    Ok(dumped)
}

/// Writes a set to a new file, and creates the folders that it needs.
fn write_set(dump: SetDump<'_>, dumped: &mut Dumped, path: &Path) -> Result<(), DumpError> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mut out = BufWriter::new(fs::File::create_new(path)?);
    dump.write(dumped, &mut out)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Writes an entry to a new file, and creates the folders that it needs. An entry that cannot be decoded leaves no
/// file, except in the notation, which shows its bytes.
fn write_file(entry: &LiveEntry, style: DumpStyle, path: &Path) -> io::Result<Option<DecodeError>> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mut out = BufWriter::new(fs::File::create_new(path)?);
    let fault = write_entry(entry, style, &mut out)?;
    if style.format != DumpFormat::Cbor {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    if fault.is_some() && style.format != DumpFormat::Notation {
        fs::remove_file(path)?;
    }
    Ok(fault)
}
