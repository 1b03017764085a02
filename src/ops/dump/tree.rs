//! A file for each entry.

use super::entry::write_entry;
use super::sets::SetDump;
use super::{DumpError, DumpFormat, DumpStyle, Dumped, each};
use crate::fixture::tree;
use crate::json::set_writer::SetFrame;
use crate::live::error::DecodeError;
use crate::ops::scope::Scope;
use crate::ops::selected_sets::readable_sets;
use crate::ops::unread::Unreadable;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{EntryKey, LiveEntry, Set, Snapshot};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes the selected entries to files below `folder`, an existing empty folder, as [`Fixture`](crate::Fixture) reads
/// them.
///
/// # Errors
/// As [`dump`](crate::ops::dump); an error of the output names the file.
pub fn dump_tree(snapshot: &Snapshot, scope: &Scope, style: DumpStyle, folder: &Path) -> Result<Dumped, DumpError> {
    let mut tree = Tree::new(style, folder);
    let mut dumped = Dumped::default();
    each(snapshot, scope, &mut dumped, |entry| tree.add_entry(&entry))?;
    for set in readable_sets(snapshot, scope, &mut dumped.matched, &mut dumped.unread.damage)? {
        tree.add_set(snapshot, &set, &mut dumped)?;
    }
    Ok(tree.finish(dumped))
}

/// Writes the entries with these keys to files below `folder`, as [`dump_tree`] does, and reads nothing else of the
/// cache. A key that is not in the cache is passed over.
///
/// # Errors
/// As [`dump_tree`].
pub fn dump_tree_of_keys(
    snapshot: &Snapshot,
    keys: &[EntryKey],
    style: DumpStyle,
    folder: &Path,
) -> Result<Dumped, DumpError> {
    let mut tree = Tree::new(style, folder);
    let mut dumped = Dumped::default();
    for key in keys {
        let damage = &mut dumped.unread.damage;
        match key {
            EntryKey::Live(key) => {
                if let Some(Some(entry)) = past_damage(unless_moved(snapshot.entry(key), snapshot), damage)? {
                    dumped.entries += 1;
                    tree.add_entry(&entry)?;
                }
            }
            EntryKey::Set(key) => {
                if let Some(Some(set)) = past_damage(unless_moved(snapshot.set(key), snapshot), damage)? {
                    let found = snapshot.meta_damage(&set).map_or(Ok(()), Err);
                    past_damage(unless_moved(found, snapshot), damage)?;
                    tree.add_set(snapshot, &set, &mut dumped)?;
                }
            }
        }
    }
    Ok(tree.finish(dumped))
}

/// Files that are written.
struct Tree<'t> {
    style: DumpStyle,
    folder: &'t Path,
    names: tree::Names,
    unreadable: Vec<Unreadable>,
}

impl<'t> Tree<'t> {
    fn new(style: DumpStyle, folder: &'t Path) -> Tree<'t> {
        Tree { style, folder, names: tree::Names::default(), unreadable: Vec::new() }
    }

    fn ending(&self) -> &'static str {
        match self.style.format {
            DumpFormat::Notation => tree::NOTATION,
            DumpFormat::Cbor => tree::VALUE,
            _ => tree::ENVELOPE,
        }
    }

    fn add_entry(&mut self, entry: &LiveEntry) -> Result<(), DumpError> {
        let key = entry.key();
        let name = self.names.path(&key, self.ending());
        let fault = new_file(self.folder, &name)
            .and_then(|(path, file)| write_file(entry, self.style, &path, file))
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        self.unreadable.extend(fault.map(|error| Unreadable { key, error }));
        Ok(())
    }

    fn add_set(&mut self, snapshot: &Snapshot, set: &Set, dumped: &mut Dumped) -> Result<(), DumpError> {
        dumped.entries += 1;
        let name = self.names.path_of(&set.key().to_string(), self.ending());
        let dump = SetDump { snapshot, set, style: self.style, frame: SetFrame::Alone };
        let written = new_file(self.folder, &name).map_err(DumpError::from);
        written.and_then(|(_, file)| write_set(dump, dumped, file)).map_err(|error| match error {
            DumpError::Output(error) => io::Error::new(error.kind(), format!("{name}: {error}")).into(),
            error @ DumpError::Cache(_) => error,
        })
    }

    fn finish(self, mut dumped: Dumped) -> Dumped {
        dumped.unread.unreadable = self.unreadable;
        dumped.leave_out(self.style);
        dumped
    }
}

/// The file `name` below `folder`, with the folders between them. `folder` itself is not created: a temporary one that a
/// signal has removed stays away.
fn new_file(folder: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    let path = folder.join(name);
    for (slash, _) in name.match_indices('/') {
        match fs::create_dir(folder.join(&name[..slash])) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    let file = File::create_new(&path)?;
    Ok((path, file))
}

fn write_set(dump: SetDump<'_>, dumped: &mut Dumped, file: File) -> Result<(), DumpError> {
    let mut out = BufWriter::new(file);
    dump.write(dumped, &mut out)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// An entry that cannot be decoded leaves no file, except in the notation, which shows its bytes.
fn write_file(entry: &LiveEntry, style: DumpStyle, path: &Path, file: File) -> io::Result<Option<DecodeError>> {
    let mut out = BufWriter::new(file);
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
