//! Why a set of diorama cannot be written or dated.

use super::Error;
use super::message::TableWords;
use crate::live;
use std::fmt;
use std::path::PathBuf;

/// Why a set of diorama, or a row of one, cannot be written or dated as it was to be. Keys and names of sets are given
/// as people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// A row of diorama was to get a time or a total, and only sets have these.
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
        /// The table, by its stored name.
        table: String,
        /// What it is, such as `table of u64 to u64`.
        is: String,
    },
    /// A set of diorama was to be written under a name that is one of a table of vantage-live, or that diorama does
    /// not give a set.
    NotASetName {
        /// The name.
        name: String,
    },
    /// Stored bytes were to be written as a set of diorama that nothing in the cache would tell from a table of another
    /// program: they do not begin as rows, and nothing is remembered of them.
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
    /// A row of a set was to be written under a key that is not one of a row of that set.
    OtherSet {
        /// The key.
        key: String,
        /// The name of the set that the row says that it belongs to.
        set: String,
    },
    /// A whole set was to be written, and a row of one was given.
    OnlyARow {
        /// The key of the set.
        key: String,
    },
    /// Rows of a set were to be copied or moved by the beginning of their ids.
    RowsByPrefix {
        /// The set, a `/` and the beginning.
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
                    "the stored bytes of `{key}` are not rows of diorama, and without a `meta` nothing says that they are"
                )
            }
            SetError::SetIsRepeated { name } => write!(f, "two of the entries are the set `{name}`"),
            SetError::OtherRows { key, row } => {
                write!(f, "`{key}` is a row, and what is given is not the row `{row}` alone")
            }
            SetError::OtherSet { key, set } => {
                write!(f, "`{key}` is not a row of `{set}`, to which what is given says that it belongs")
            }
            SetError::OnlyARow { key } => write!(f, "`{key}` is a whole set, and what is given is a row of one"),
            SetError::RowsByPrefix { key } => {
                write!(f, "`{key}` names rows of a set of diorama, which are copied and moved one by one")
            }
            SetError::NotAlike { from, to, is_row: true } => {
                write!(f, "`{from}` is a row of a set, and `{to}` is not a row of a set that is there")
            }
            SetError::NotAlike { from, to, is_row: false } => {
                write!(f, "`{from}` is a whole set, and `{to}` is a row of a set that is there")
            }
        }
    }
}

impl std::error::Error for SetError {}
