//! Errors of writing or dating sets of diorama.

use super::Error;
use super::message::TableWords;
use crate::live;
use std::fmt;
use std::path::PathBuf;

/// Why a set of diorama, or a row of one, cannot be written or dated. Keys and names of sets are the readable ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// A time or a total was to be set on a row of diorama; only sets have these.
    RowWithoutTime {
        /// The row.
        key: String,
        /// The name of its set.
        set: String,
    },
    /// A time is out of the range of a set of diorama, which stores nanoseconds in 64 bits.
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
    /// An entry of one layout was to be written to a cache that holds only the other one.
    OtherLayout {
        /// The file.
        path: PathBuf,
        /// The entry.
        key: String,
        /// Whether it is a set of diorama; else it is an entry of vantage-live.
        is_set: bool,
    },
    /// A set of diorama was to be written under the name of a table of another kind.
    NotASetTable {
        /// The file.
        path: PathBuf,
        /// The table, by its stored name.
        table: String,
        /// What it is, such as `table of u64 to u64`.
        is: String,
    },
    /// A set of diorama was to be written under the name of a table of vantage-live, or under a name that diorama never
    /// gives to a set.
    NotASetName {
        /// The name.
        name: String,
    },
    /// Stored bytes were to be written as a set of diorama that could not be told from a table of another program: its
    /// first rows are not rows of diorama, and it has no metadata.
    NotRows {
        /// The set, or the row.
        key: String,
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
    /// A row of a set was to be written under the key of something other than a row of that set.
    OtherSet {
        /// The key.
        key: String,
        /// The name of the set to which the row belongs, by its own account.
        set: String,
    },
    /// A whole set was to be written, and a row of one was given.
    OnlyARow {
        /// The key of the set.
        key: String,
    },
    /// Rows of a set were to be copied or moved by a prefix of their ids.
    RowsByPrefix {
        /// The set, a `/` and the prefix.
        key: String,
    },
    /// A set of diorama was to get the name of a row, or a row a name that is not a row of an existing set.
    NotAlike {
        /// The key to copy or move.
        from: String,
        /// The new key.
        to: String,
        /// Whether `from` is a row.
        is_row: bool,
    },
}

impl From<SetError> for Error {
    fn from(error: SetError) -> Error {
        Error::Set(error)
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::RowWithoutTime { key, set } => {
                write!(f, "`{key}` is a row, and only its set `{set}` has times and a total")
            }
            SetError::TimeOutOfRange { key, fetched_at } => {
                write!(f, "`{key}` cannot be dated {fetched_at} seconds after 1970: diorama's times end in 2554")
            }
            SetError::IsASet { path, name } => write!(f, "`{name}` is a set of diorama in `{}`", path.display()),
            SetError::OtherLayout { path, key, is_set } => {
                let (set, entry) = ("a set of diorama", "an entry of vantage-live");
                let (is, holds) =
                    if *is_set { (set, "only entries of vantage-live") } else { (entry, "only sets of diorama") };
                write!(f, "`{key}` is {is}, and `{}` holds {holds}", path.display())
            }
            SetError::NotASetTable { path, table, is } => {
                write!(f, "{} in `{}` is not a table of diorama's cache but a {is}", TableWords(table), path.display())
            }
            SetError::NotASetName { name } if name.is_empty() => f.write_str("the name of a set cannot be empty"),
            SetError::NotASetName { name } if live::key::cache_key(name).is_some() => {
                write!(f, "`{name}` is the name of a table of vantage-live")
            }
            SetError::NotASetName { name } => write!(f, "`{}` is not the name of a set", name.escape_debug()),
            SetError::NotRows { key } => {
                write!(
                    f,
                    "the stored bytes of `{key}` are not rows of diorama, and it has no `meta` to mark it as a set"
                )
            }
            SetError::SetIsRepeated { name } => write!(f, "two of the entries are the set `{name}`"),
            SetError::OtherRows { key, row } => {
                write!(f, "`{key}` is one row, and the input is not the row `{row}` alone")
            }
            SetError::OtherSet { key, set } => {
                write!(f, "`{key}` is not a row of `{set}`, which is the set that the input names")
            }
            SetError::OnlyARow { key } => write!(f, "`{key}` is a whole set, and the input is a row of one"),
            SetError::RowsByPrefix { key } => {
                write!(f, "`{key}` names rows of a set of diorama, which are copied and moved one by one")
            }
            SetError::NotAlike { from, to, is_row: true } => {
                write!(f, "`{from}` is a row of a set, and `{to}` is not a row of an existing set")
            }
            SetError::NotAlike { from, to, is_row: false } => {
                write!(f, "`{from}` is a whole set, and `{to}` is a row of an existing set")
            }
        }
    }
}

impl std::error::Error for SetError {}
