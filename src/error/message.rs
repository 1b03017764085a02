//! The sentence of each error.

use super::{Error, NotRedb};
use crate::diorama::identity::{Identity, TableName};
use crate::live;
use crate::system::holder::Holder;
use std::fmt;
use std::path::{Path, PathBuf};

/// How many caches of a folder an error names.
const NAMED: usize = 10;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Missing { path } => write!(f, "there is no cache at {}", Quoted(path)),
            Error::DanglingLink { path, target } => {
                write!(f, "{} is a symbolic link to {}, which does not exist", Quoted(path), Quoted(target))
            }
            Error::Set(error) => error.fmt(f),
            Error::SeveralCaches { folder, caches } => several_caches(f, folder, caches),
            Error::Exists { path } => write!(f, "there is a cache at {} already", Quoted(path)),
            Error::NotAFile { path } => write!(f, "{} is not a file", Quoted(path)),
            Error::NotACache { path, is } => not_a_cache(f, path, *is),
            Error::UnknownFormat { path, version } => {
                write!(f, "{} has version {version} of redb's file format, and only 2 and 3 are known", Quoted(path))
            }
            Error::Damaged { path, table: Some(table), damage } => {
                write!(f, "{} is damaged in {}, {damage}", Quoted(path), TableWords(table))
            }
            Error::Damaged { path, table: None, damage } => write!(f, "{} is damaged, {damage}", Quoted(path)),
            Error::WrongLength { path, len, recorded } => {
                write!(f, "{} has {len} bytes, and its header records {recorded}", Quoted(path))
            }
            Error::Unsteady { path } => write!(f, "{} changes faster than it can be read", Quoted(path)),
            Error::InUse { path, holders } => in_use(f, path, holders),
            Error::NotACacheTable { path, table, is } => {
                write!(f, "table `{table}` of {} is not a cache table but a {is}", Quoted(path))
            }
            Error::UnknownType { path, table, is } => {
                write!(f, "{} of {} is a {is}, which only its own app can copy", TableWords(table), Quoted(path))
            }
            Error::HardLinked { path, names } => {
                write!(f, "{} is a file with {names} names (hard links)", Quoted(path))
            }
            Error::NoRoom { path, needed, free } => no_room(f, path, *needed, *free),
            Error::Undecodable { key, .. } => write!(f, "entry `{key}` cannot be decoded"),
            Error::Filter { key, id, .. } => write!(f, "the filter fails on row `{id}` of `{key}`"),
            Error::Refused { name, source } if source.is_of_whole() => write!(f, "{name} {source}"),
            Error::Refused { name, source } => write!(f, "{name}, {source}"),
            Error::NotAFixture { path } => write!(f, "{} is a cache, not a fixture", Quoted(path)),
            Error::UnreadInput { name, .. } => write!(f, "cannot read {name}"),
            Error::Temporary { folder, .. } => write!(f, "cannot use a temporary file in {}", Quoted(folder)),
            Error::NotKept { .. } => {
                f.write_str("nothing was changed, because the entries to be replaced or removed cannot be saved")
            }
            Error::Redb { action, path, .. } | Error::Io { action, path, .. } => {
                write!(f, "cannot {action} {}", Quoted(path))
            }
            Error::RedbPanicked { action, path } => {
                write!(f, "cannot {action} {}: redb panicked on it", Quoted(path))
            }
            Error::NotClosed { path } => write!(f, "{} was written to, and could not be closed", Quoted(path)),
        }
    }
}

fn several_caches(f: &mut fmt::Formatter<'_>, folder: &Path, caches: &[PathBuf]) -> fmt::Result {
    write!(f, "{} has {} caches:", Quoted(folder), caches.len())?;
    for (n, path) in caches.iter().take(NAMED).enumerate() {
        write!(f, "{} {}", if n == 0 { "" } else { "," }, Quoted(path))?;
    }
    if caches.len() > NAMED { write!(f, ", and {} more", caches.len() - NAMED) } else { Ok(()) }
}

fn not_a_cache(f: &mut fmt::Formatter<'_>, path: &Path, is: NotRedb) -> fmt::Result {
    let why = match is {
        NotRedb::Unfinished => "it is empty, or was never finished",
        NotRedb::OtherFormat => "it does not begin as one does",
    };
    write!(f, "{} is not a redb database: {why}", Quoted(path))
}

fn in_use(f: &mut fmt::Formatter<'_>, path: &Path, holders: &[Holder]) -> fmt::Result {
    write!(f, "{} is in use by ", Quoted(path))?;
    let [first, rest @ ..] = holders else { return f.write_str("another process") };
    write!(f, "{first}")?;
    rest.iter().try_for_each(|holder| write!(f, ", {holder}"))
}

fn no_room(f: &mut fmt::Formatter<'_>, path: &Path, needed: u64, free: u64) -> fmt::Result {
    let missing = needed.saturating_sub(free);
    let path = Quoted(path);
    write!(f, "the disk of {path} has {free} bytes free, and the new file takes {needed}: {missing} are missing")
}

/// A table by its readable name. The stored name of a meta table has a control character.
pub(super) struct TableWords<'t>(pub &'t str);

impl fmt::Display for TableWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TableName::of(self.0) {
            TableName::Meta(rows) => write!(f, "the meta table of `{}`", Identity::shown(rows)),
            TableName::Rows(name) if live::key::cache_key(name).is_none() => {
                write!(f, "table `{}`", Identity::shown(name))
            }
            _ => write!(f, "table `{}`", self.0),
        }
    }
}

/// A path in backticks.
struct Quoted<'p>(&'p Path);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.display())
    }
}
