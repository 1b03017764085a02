//! What an operation was asked to read and could not.

use super::{past_damage, unless_moved};
use crate::diorama::meta::MalformedMeta;
use crate::diorama::row::RowError;
use crate::error::{Error, Result};
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::snapshot::{PastDamage, RowFault, Set, Snapshot};

/// How many of the rows that diorama refuses are listed.
const LISTED: usize = 10;

/// An entry whose value is not an envelope that vantage-live can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The entry.
    pub key: Key,
    /// What is wrong with its value.
    pub error: DecodeError,
}

/// A row that diorama refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedRow {
    /// The set, as people read its name.
    pub set: String,
    /// The id of the row.
    pub id: String,
    /// Why diorama refuses it.
    pub error: RowError,
}

/// The rows that diorama refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedRows {
    /// How many there are.
    pub count: u64,
    /// The first ten of them.
    pub first: Vec<RefusedRow>,
}

impl RefusedRows {
    /// Adds a row of a set, given its name as people read it.
    pub(crate) fn add(&mut self, set: impl FnOnce() -> String, id: &str, error: RowError) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(RefusedRow { set: set(), id: id.to_owned(), error });
        }
    }
}

/// A number in the metadata of a set that diorama cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedNumber {
    /// The set, as people read its name.
    pub set: String,
    /// Which number it is, and what is wrong with it.
    pub error: MalformedMeta,
}

/// What an operation was asked to read and could not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Unread {
    /// Entries of vantage-live that cannot be decoded.
    pub unreadable: Vec<Unreadable>,
    /// Rows that diorama refuses.
    pub refused: RefusedRows,
    /// Times and totals of sets that diorama cannot read.
    pub malformed: Vec<MalformedNumber>,
    /// Pages that are damaged.
    pub damage: Vec<Error>,
}

impl PastDamage for Unread {
    fn damage(&mut self) -> &mut Vec<Error> {
        &mut self.damage
    }
}

impl Unread {
    /// Whether everything could be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unreadable.is_empty() && self.refused.count == 0 && self.malformed.is_empty() && self.damage.is_empty()
    }

    /// Appends what else could not be read.
    pub(crate) fn extend(&mut self, other: Unread) {
        self.unreadable.extend(other.unreadable);
        self.refused.count += other.refused.count;
        let room = LISTED.saturating_sub(self.refused.first.len());
        self.refused.first.extend(other.refused.first.into_iter().take(room));
        self.malformed.extend(other.malformed);
        self.damage.extend(other.damage);
    }

    /// Adds the numbers in the metadata of a whole set that cannot be read; a single row has no metadata.
    pub(crate) fn add_malformed(&mut self, set: &Set) {
        let malformed = set.malformed().iter().filter(|_| set.row().is_none());
        self.malformed.extend(malformed.map(|error| MalformedNumber { set: set.shown(), error: *error }));
    }

    /// Adds why a row, or all rows of an entry, cannot be read; `shown` gives the key of the entry as people read it.
    ///
    /// # Errors
    /// Any fault of the cache but damage: nothing more can be read then. In a snapshot that is read only once, a page
    /// that is missing because the app has committed is [`Error::Unsteady`].
    pub(crate) fn add(&mut self, snapshot: &Snapshot, shown: impl FnOnce() -> String, fault: RowFault) -> Result<()> {
        match fault {
            RowFault::Envelope { key, error } => self.unreadable.push(Unreadable { key, error }),
            RowFault::Refused { id, error } => self.refused.add(shown, &id, error),
            RowFault::Cache(error) => {
                past_damage::<()>(unless_moved(Err(error), snapshot), &mut self.damage)?;
            }
        }
        Ok(())
    }
}
