//! `--record`: every version of the reported entries as files.

use crate::cli::{Refused, report_unread, target};
use crate::output::Output;
use anyhow::Result;
use std::io;
use std::path::Path;
use vlive::json::JsonStyle;
use vlive::ops::{DumpStyle, dump_tree_of_keys};
use vlive::snapshot::{EntryKey, SeenCommit};
use vlive::system::new_folders::NewFolders;
use vlive::system::temporary::TemporaryFolder;

/// Writes the reported entries of a commit to a folder of its own below `folder`.
pub fn record(folder: &Path, commit: &SeenCommit, keys: &[EntryKey], output: &Output) -> Result<()> {
    let number = format!("{:08}", commit.number);
    let cannot = |path: &Path, error: io::Error| {
        Refused::unwritable(format!("cannot write to `{}`: {error}", path.display()), None)
    };
    let _new_folders = NewFolders::create(folder).map_err(|error| cannot(folder, error))?;
    // The folder of a commit appears when it is complete.
    let new = TemporaryFolder::new(folder).map_err(|error| cannot(folder, error))?;
    // A file that replaced another may restart its commit numbers.
    let names = (1..).map(|n| if n == 1 { number.clone() } else { format!("{number}-{n}") });
    let mut paths = names.map(|name| folder.join(name));
    let path = paths.find(|path| !path.exists()).expect("names do not end");
    let style = DumpStyle { json: JsonStyle { pretty: true, ..JsonStyle::default() }, ..DumpStyle::default() };
    let dumped = dump_tree_of_keys(&commit.snapshot, keys, style, new.path())
        .map_err(|error| target::of_output(error, |error| cannot(&path, error)))?;
    new.persist(&path).map_err(|error| cannot(&path, error))?;
    report_unread(&dumped.unread, output);
    Ok(())
}
