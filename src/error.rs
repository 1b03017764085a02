//! What can go wrong, with the table, key or path that it went wrong with.

use crate::file;
use crate::json::input_error::InputError;
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::system::holder::Holder;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of what can fail in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a cache could not be read or changed.
///
/// `Display` gives one sentence without its full stop and without the reason that the system, redb or the codec
/// has: that is the [`source`](std::error::Error::source).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no cache: the file or a folder on the way to it does not exist.
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The path of the cache file is a symbolic link that leads to nothing.
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// What it names.
        target: PathBuf,
    },
    /// A row of diorama was to get a time, and only sets have one.
    RowWithoutTime {
        /// The row.
        key: String,
        /// The name of its set.
        set: String,
    },
    /// A set of diorama was to get a time for which it has no room: it keeps nanoseconds in 64 bits.
    TimeOutOfRange {
        /// The set.
        key: String,
        /// The time, in seconds since 1970.
        fetched_at: u64,
    },
    /// An entry was to be written under the name of a set of diorama.
    IsASet {
        /// The file.
        path: PathBuf,
        /// The set.
        name: String,
    },
    /// An entry that says that it is of one layout was to be written to a cache that holds the other alone.
    OtherLayout {
        /// The file.
        path: PathBuf,
        /// The entry.
        key: String,
        /// Whether it is a set of diorama; else it is an entry of vantage-live.
        is_set: bool,
    },
    /// A set of diorama was to be written under the name of a table that is something else.
    NotASetTable {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// What it is, such as `table of u64 to u64`.
        is: String,
    },
    /// A set of diorama was to be written under a name that is one of a table of vantage-live.
    NotASetName {
        /// The name.
        name: String,
    },
    /// Two entries of a fixture are the same set in the cache.
    SetIsRepeated {
        /// The set.
        name: String,
    },
    /// A row of a set was to be written, and other rows were given.
    OtherRows {
        /// The key of the row.
        key: String,
        /// Its id.
        row: String,
    },
    /// A whole set was to be written, and a row of one was given.
    OnlyARow {
        /// The key of the set.
        key: String,
    },
    /// A set of diorama was to get the name of a row, or a row a name that is not that of a row in a set that is there.
    NotAlike {
        /// What was to be copied or moved.
        from: String,
        /// Where it was to go.
        to: String,
        /// Whether it is a row.
        is_row: bool,
    },
    /// A folder has several redb databases, and none is named `vlive.redb`.
    SeveralCaches {
        /// The folder.
        folder: PathBuf,
        /// The files, in the order of their names.
        caches: Vec<PathBuf>,
    },
    /// There is a cache already where a new one was to be made.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The path of the cache file names something that is not a file.
    NotAFile {
        /// What was found in its place.
        path: PathBuf,
    },
    /// The file is not a redb database.
    NotACache {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        is: NotRedb,
    },
    /// The file has a version of redb's file format that is not known.
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The version that it names.
        version: u8,
    },
    /// Bytes of the file do not match their checksum or make no sense.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The table that they belong to; `None` for what all tables share.
        table: Option<String>,
        /// Which bytes.
        damage: file::Damage,
    },
    /// The length of the file is not one that its header allows, so that redb would fail on it.
    /// Only writing finds this: all that a reader needs may still be there.
    WrongLength {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
        /// The length in bytes that its header records.
        recorded: u64,
    },
    /// The cache changed all the while, so that no look saw a single commit.
    Unsteady {
        /// The file.
        path: PathBuf,
    },
    /// Another process has the cache open, and a write was asked for.
    InUse {
        /// The file.
        path: PathBuf,
        /// Who has it open, as far as the system says.
        holders: Vec<Holder>,
    },
    /// A table has the name of a cache table but not its type; vantage-live fails on it too.
    NotACacheTable {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// What it is instead, such as `table of u64 to u64`.
        is: String,
    },
    /// A table has a type that redb cannot be told of, so that nobody but its app can copy it.
    UnknownType {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// What it is, such as `table of [u8;77] to u64`.
        is: String,
    },
    /// The file has more than one name, and putting another in its place would part them.
    HardLinked {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        names: u64,
    },
    /// The disk has no room for a new file.
    NoRoom {
        /// The file that it is to replace.
        path: PathBuf,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The value of an entry is not an envelope that vantage-live can read.
    Undecodable {
        /// The entry.
        key: Key,
        /// What is wrong with it, and where.
        source: DecodeError,
    },
    /// A filter fails on a row.
    Filter {
        /// The full key of the entry.
        key: String,
        /// The row.
        id: Box<str>,
        /// The filter's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Input from which a cache was to be filled is refused.
    Refused {
        /// What it is called: a path in backticks, or a word such as `standard input`.
        name: String,
        /// What is wrong with it, and where.
        source: InputError,
    },
    /// What was to be read as a fixture is a cache.
    NotAFixture {
        /// Its folder or file.
        path: PathBuf,
    },
    /// Input from which a cache was to be filled cannot be read.
    UnreadInput {
        /// What it is called.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A temporary file cannot be made, written or read.
    Temporary {
        /// The folder for temporary files.
        folder: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// What a change would replace or remove could not be kept, and nothing was changed; see
    /// [`Cache::before_commit`](crate::Cache::before_commit).
    NotKept {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// redb could not do what it was asked to.
    Redb {
        /// What was being done.
        action: Action,
        /// The file.
        path: PathBuf,
        /// redb's reason.
        source: RedbError,
    },
    /// redb failed on itself while working with the file. Nothing was committed by the call.
    RedbPanicked {
        /// What was being done.
        action: Action,
        /// The file.
        path: PathBuf,
    },
    /// What was written is not known to be in the file: redb could not close it, which a full disk or a failing
    /// one keeps it from. Who opens it next recovers the newest commit that is whole.
    NotClosed {
        /// The file.
        path: PathBuf,
    },
    /// The system could not do what it was asked to.
    Io {
        /// What was being done.
        action: Action,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// What was being done with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Opening it.
    Open,
    /// Locking it.
    Lock,
    /// Reading it.
    Read,
    /// Creating it.
    Create,
    /// Changing what is in it.
    Write,
    /// Closing it after a change.
    Close,
    /// Writing a new file beside it.
    WriteBeside,
    /// Putting a new file in its place.
    Replace,
    /// Giving a new file its owner and mode.
    KeepOwner,
}

/// Completes "cannot … `vlive.redb`".
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Open => "open",
            Action::Lock => "lock",
            Action::Read => "read",
            Action::Create => "create",
            Action::Write => "write to",
            Action::Close => "close",
            Action::WriteBeside => "write a new file beside",
            Action::Replace => "put the new file in place of",
            Action::KeepOwner => "keep owner and mode of",
        })
    }
}

/// What a file is that is not a redb database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRedb {
    /// An empty file, or one that redb has not finished laying out.
    Unfinished,
    /// A file that begins with other bytes than a redb database.
    OtherFormat,
}

/// redb's reason for an error, in redb's words.
#[derive(Debug)]
pub struct RedbError(Box<redb::Error>);

impl RedbError {
    pub(crate) fn new(error: redb::Error) -> RedbError {
        RedbError(Box::new(error))
    }
}

impl fmt::Display for RedbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for RedbError {}

/// Caches of a folder that an error names.
const NAMED: usize = 10;

impl Error {
    /// Whether an app that writes to the file at this moment may be the only cause.
    pub(crate) fn may_be_a_race(&self) -> bool {
        matches!(self, Error::Damaged { .. } | Error::NotACache { is: NotRedb::Unfinished, .. })
    }

    pub(crate) fn temporary(source: io::Error) -> Error {
        Error::Temporary { folder: std::env::temp_dir(), source }
    }

    pub(crate) fn io(action: Action, path: &Path, source: io::Error) -> Error {
        Error::Io { action, path: path.to_owned(), source }
    }

    /// `error` in the context of a cache file and, where it is known, a table of it.
    pub(crate) fn file(error: file::Error, path: &Path, table: Option<&str>) -> Error {
        let path = path.to_owned();
        match error {
            file::Error::Io(source) => Error::Io { action: Action::Read, path, source },
            file::Error::Unwritten => Error::NotACache { path, is: NotRedb::Unfinished },
            file::Error::NotRedb => Error::NotACache { path, is: NotRedb::OtherFormat },
            file::Error::Version(version) => Error::UnknownFormat { path, version },
            file::Error::Damaged(damage) => Error::Damaged { path, table: table.map(str::to_owned), damage },
        }
    }
}

impl Error {
    /// Why a set of diorama cannot go where it was to go.
    fn fmt_unsuitable_set(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::OtherLayout { path, key, is_set } => {
                let (set, entry) = ("a set of diorama", "an entry of vantage-live");
                let (is, holds) =
                    if *is_set { (set, "only entries of vantage-live") } else { (entry, "only sets of diorama") };
                write!(f, "`{key}` is {is}, and `{}` holds {holds}", path.display())
            }
            Error::NotASetTable { path, table, is } => {
                write!(f, "`{table}` in `{}` is not a table of diorama's cache but a {is}", path.display())
            }
            Error::NotASetName { name } => write!(f, "`{name}` is the name of a table of vantage-live"),
            Error::SetIsRepeated { name } => write!(f, "two of the entries are the set `{name}`"),
            Error::OtherRows { key, row } => {
                write!(f, "`{key}` is a row, and what is given is not the row `{row}` alone")
            }
            Error::OnlyARow { key } => write!(f, "`{key}` is a whole set, and what is given is a row of one"),
            Error::NotAlike { from, to, is_row: true } => {
                write!(f, "`{from}` is a row of a set, and `{to}` is not a row of a set that is there")
            }
            Error::NotAlike { from, to, .. } => {
                write!(f, "`{from}` is a whole set, and `{to}` is a row of a set that is there")
            }
            _ => unreachable!("it is about a set"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Missing { path } => write!(f, "there is no cache at `{}`", path.display()),
            Error::DanglingLink { path, target } => {
                write!(f, "`{}` is a symbolic link to `{}`, which does not exist", path.display(), target.display())
            }
            Error::RowWithoutTime { key, set } => write!(f, "`{key}` is a row, and only its set `{set}` has a time"),
            Error::TimeOutOfRange { key, fetched_at } => {
                write!(f, "`{key}` cannot be dated {fetched_at} seconds after 1970: diorama's times end in 2554")
            }
            Error::IsASet { path, name } => write!(f, "`{name}` is a set of diorama in `{}`", path.display()),
            Error::OtherLayout { .. }
            | Error::NotASetTable { .. }
            | Error::NotASetName { .. }
            | Error::SetIsRepeated { .. }
            | Error::OtherRows { .. }
            | Error::OnlyARow { .. }
            | Error::NotAlike { .. } => self.fmt_unsuitable_set(f),
            Error::SeveralCaches { folder, caches } => {
                write!(f, "`{}` has {} caches:", folder.display(), caches.len())?;
                let named =
                    |(n, path): (usize, &PathBuf)| write!(f, "{} `{}`", if n == 0 { "" } else { "," }, path.display());
                caches.iter().take(NAMED).enumerate().try_for_each(named)?;
                if caches.len() > NAMED { write!(f, ", and {} more", caches.len() - NAMED) } else { Ok(()) }
            }
            Error::Exists { path } => write!(f, "there is a cache at `{}` already", path.display()),
            Error::NotAFile { path } => write!(f, "`{}` is not a file", path.display()),
            Error::NotACache { path, is } => {
                let why = match is {
                    NotRedb::Unfinished => "it is empty, or was never finished",
                    NotRedb::OtherFormat => "it does not begin as one does",
                };
                write!(f, "`{}` is not a redb database: {why}", path.display())
            }
            Error::UnknownFormat { path, version } => write!(
                f,
                "`{}` has version {version} of redb's file format, and only 2 and 3 are known",
                path.display()
            ),
            Error::Damaged { path, table: Some(table), damage } => {
                write!(f, "`{}` is damaged in table `{table}`, {damage}", path.display())
            }
            Error::Damaged { path, table: None, damage } => {
                write!(f, "`{}` is damaged, {damage}", path.display())
            }
            Error::WrongLength { path, len, recorded } => {
                write!(f, "`{}` has {len} bytes, and its header records {recorded}", path.display())
            }
            Error::Unsteady { path } => {
                write!(f, "`{}` changes faster than it can be read", path.display())
            }
            Error::InUse { path, holders } => {
                write!(f, "`{}` is in use by ", path.display())?;
                match holders.as_slice() {
                    [] => f.write_str("another process"),
                    [first, rest @ ..] => {
                        write!(f, "{first}")?;
                        rest.iter().try_for_each(|holder| write!(f, ", {holder}"))
                    }
                }
            }
            Error::NotACacheTable { path, table, is } => {
                write!(f, "table `{table}` of `{}` is no cache table but a {is}", path.display())
            }
            Error::Filter { key, id, .. } => write!(f, "the filter fails on row `{id}` of `{key}`"),
            Error::UnknownType { path, table, is } => {
                write!(f, "table `{table}` of `{}` is a {is}, which only its own app can copy", path.display())
            }
            Error::HardLinked { path, names } => {
                write!(f, "`{}` is a file with {names} names (hard links)", path.display())
            }
            Error::NoRoom { path, needed, free } => write!(
                f,
                "the disk of `{}` has {free} bytes free, and the new file takes {needed}: {} are missing",
                path.display(),
                needed.saturating_sub(*free)
            ),
            Error::Undecodable { key, .. } => write!(f, "entry `{key}` cannot be decoded"),
            Error::Refused { name, source } if source.is_of_whole() => write!(f, "{name} {source}"),
            Error::Refused { name, source } => write!(f, "{name}, {source}"),
            Error::NotAFixture { path } => write!(f, "`{}` is a cache, and no fixture", path.display()),
            Error::UnreadInput { name, .. } => write!(f, "cannot read {name}"),
            Error::Temporary { folder, .. } => write!(f, "cannot use a temporary file in `{}`", folder.display()),
            Error::RedbPanicked { action, path } => {
                write!(f, "cannot {action} `{}`: redb failed on what it found in it", path.display())
            }
            Error::NotKept { .. } => {
                f.write_str("nothing was changed, since what would be replaced or removed cannot be kept")
            }
            Error::Redb { action, path, .. } | Error::Io { action, path, .. } => {
                write!(f, "cannot {action} `{}`", path.display())
            }
            Error::NotClosed { path } => write!(f, "`{}` was written to, and could not be closed", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Undecodable { source, .. } => Some(source),
            Error::Filter { source, .. } => Some(source.as_ref()),
            Error::Redb { source, .. } => Some(source),
            Error::Io { source, .. } | Error::Temporary { source, .. } | Error::UnreadInput { source, .. } => {
                Some(source)
            }
            Error::NotKept { source } => Some(&**source),
            // What `Refused` says is all in its sentence.
            _ => None,
        }
    }
}
