//! The hint and the exit status for an error of the library.

use super::Status;
use std::io;
use vlive::Error;
use vlive::error::SetError;

/// What to do if no temporary file can be made or written.
pub const TEMPORARY: &str =
    "TMPDIR names the folder for temporary files: one that exists, can be written to and has room";

/// The exit status.
pub fn status(error: &Error) -> u8 {
    match error {
        Error::Set(_)
        | Error::SeveralCaches { .. }
        | Error::Exists { .. }
        | Error::HardLinked { .. }
        | Error::Filter { .. }
        | Error::Refused { .. }
        | Error::NotAFixture { .. }
        | Error::UnreadInput { .. } => 2,
        Error::InUse { .. } => 4,
        _ => Status::Unreadable as u8,
    }
}

/// What to do.
pub fn hint(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Missing { .. } => {
            "name the folder or the file in which the app keeps its cache with -C, or set VLIVE_FOLDER"
        }
        Error::DanglingLink { .. } => "remove the link, or bring back what it leads to: a disk may not be mounted",
        Error::Set(error) => return hint_on_set(error),
        Error::SeveralCaches { .. } => "name one of them with -C",
        Error::Exists { .. } => "name a folder that has none",
        Error::NotAFile { .. } => "-C takes the redb file of a cache, or its folder",
        Error::NotACache { .. } => {
            "if it never was a cache, -C names the wrong place; else delete it, and the app starts over"
        }
        Error::UnknownFormat { .. } => "caches of vantage-live and vantage-diorama have version 2 or 3",
        Error::Damaged { damage, .. } if damage.is_of_free_space() => {
            "nothing is lost yet, but a write would lose entries; `vlive salvage` copies everything to a new cache"
        }
        Error::Damaged { table: Some(_), .. } => {
            "everything else can still be read; `vlive salvage` copies every intact entry into a new cache"
        }
        Error::Damaged { table: None, .. } => {
            "`vlive salvage` may find the previous commit; to start over, stop the app and delete the file"
        }
        Error::WrongLength { .. } => "the file was cut or extended, and redb would fail on it; it was left unchanged",
        Error::Unsteady { .. } => "try again with a longer --wait, or when the app is less busy",
        Error::InUse { .. } => "stop it first, or keep trying for a while with --wait 10s",
        Error::NotACacheTable { .. } => "vantage-live fails on this table as well; it belongs to another program",
        Error::UnknownType { .. } => "the cache is unchanged; let the app that wrote the table drop it first",
        Error::HardLinked { .. } => {
            "the other names would keep the old file; copy the file, and put the copy in its place"
        }
        Error::NoRoom { .. } => "make room on the disk; the cache is unchanged",
        Error::Filter { .. } => "`?` makes a filter skip rows that it fails on, as in '.address.city?'",
        Error::NotAFixture { .. } => "`vlive dump --format jsonl --raw` makes a fixture of it",
        Error::UnreadInput { .. } => "name a file or a folder that can be read, or `-` for standard input",
        Error::Temporary { .. } => TEMPORARY,
        Error::RedbPanicked { .. } => {
            "nothing was written by this command; the file is damaged, or a newer redb has changed it"
        }
        Error::NotClosed { .. } => "make room on the disk if it is full; `vlive check` shows what is in the cache now",
        Error::Io { source, .. } => return hint_on_system(source.kind()),
        _ => return None,
    })
}

fn hint_on_set(error: &SetError) -> Option<&'static str> {
    Some(match error {
        SetError::RowWithoutTime { .. } => "touch the set; a row is written without a time",
        SetError::OtherSet { .. } => "without `set` it goes to the set that the key names; `vlive cp` copies a row",
        SetError::TimeOutOfRange { .. } => "name an earlier time",
        SetError::IsASet { .. } => "name another key; with --as diorama, put and load replace the set",
        SetError::OtherLayout { is_set: true, .. } => {
            "--as live writes an entry of vantage-live, --as diorama a set beside them"
        }
        SetError::OtherLayout { is_set: false, .. } => {
            "--as diorama writes a set, --as live an entry of vantage-live beside them"
        }
        SetError::SetIsRepeated { .. } => "leave one of them out",
        SetError::NotRows { .. } => "leave it out; the cache would treat it as a table of another program",
        SetError::OtherRows { .. } => "give the row as `{\"ID\": {…}}`; the name of the set alone writes all its rows",
        SetError::NotAlike { is_row: true, .. } => "the new key must be a set that exists, a `/` and a row id",
        SetError::NotAlike { .. } | SetError::NotASetTable { .. } | SetError::NotASetName { .. } => "name another set",
        SetError::RowsByPrefix { .. } => "leave --prefix out, and name a row",
        SetError::OnlyARow { .. } => "name the row: the set, a `/` and the id",
        _ => return None,
    })
}

fn hint_on_system(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::PermissionDenied => {
            Some("looking needs permission to read, and changing needs permission to write")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room on the disk; the cache still has its previous contents")
        }
        _ => None,
    }
}
