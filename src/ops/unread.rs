//! What could not be read of what was asked for.

use super::{past_damage, unless_moved};
use crate::diorama::meta::MalformedMeta;
use crate::diorama::row::RowError;
use crate::error::{Error, Result};
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::snapshot::{PastDamage, RowFault, Set, Snapshot};

/// How many rows that diorama refuses are named one by one.
const TOLD: usize = 10;

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
    /// The first of them.
    pub first: Vec<RefusedRow>,
}

impl RefusedRows {
    /// Adds a row of a set, given its name as people read it.
    pub(crate) fn add(&mut self, set: impl FnOnce() -> String, id: &str, error: RowError) {
        self.count += 1;
        if self.first.len() < TOLD {
            self.first.push(RefusedRow { set: set(), id: id.to_owned(), error });
        }
    }
}

/// What diorama remembers of a set and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedNumber {
    /// The set, as people read its name.
    pub set: String,
    /// Which number it is, and what is wrong with it.
    pub error: MalformedMeta,
}

/// What could not be read of what was asked for.
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
    /// Whether all could be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unreadable.is_empty() && self.refused.count == 0 && self.malformed.is_empty() && self.damage.is_empty()
    }

    /// Adds what else could not be read.
    pub(crate) fn extend(&mut self, other: Unread) {
        self.unreadable.extend(other.unreadable);
        self.refused.count += other.refused.count;
        let room = TOLD.saturating_sub(self.refused.first.len());
        self.refused.first.extend(other.refused.first.into_iter().take(room));
        self.malformed.extend(other.malformed);
        self.damage.extend(other.damage);
    }

    /// Adds the times and the total of a set that cannot be read; those of the set are not those of a row.
    pub(crate) fn add_malformed(&mut self, set: &Set) {
        let malformed = set.malformed().iter().filter(|_| set.row().is_none());
        self.malformed.extend(malformed.map(|error| MalformedNumber { set: set.shown(), error: *error }));
    }

    /// Adds why rows of an entry cannot be read; `shown` gives its key as people read it.
    ///
    /// # Errors
    /// What is not damage: nothing more can be read then. Of a snapshot that is read but once, a page that is missing
    /// because the app moved on is [`Error::Unsteady`].
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
