//! Writing entries out: as one text, one by one, or as files in a folder.

mod entry;
mod error;
mod rows;
mod sets;
mod stored;
mod stream;
mod tree;

pub use entry::dump_entry;
pub use error::DumpError;
pub use rows::{RowText, dump_rows};
pub use sets::dump_set;
pub use stream::dump;
pub use tree::{dump_tree, dump_tree_of_keys};

use super::scope::{Matched, Scope, selected};
use super::{past_damage, unless_moved};
use crate::json::style::JsonStyle;
use crate::ops::unread::Unread;
use crate::snapshot::{LiveEntry, Snapshot};

/// The format of a dump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DumpFormat {
    /// A JSON object of full key to envelope.
    #[default]
    Json,
    /// JSON Lines: `{"key": …, "fetched_at": …, "rows": …}` for each entry.
    Lines,
    /// JSON Lines with the stored bytes, `{"key": …, "raw": "<base64>"}`, whatever they are.
    RawLines,
    /// The diagnostic notation of [`Self::Cbor`], with the CBOR inside each byte string shown as well; see
    /// [`notation`](crate::cbor::notation).
    Notation,
    /// A CBOR map of full key to byte string, the stored bytes.
    Cbor,
}

/// How entries are dumped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DumpStyle {
    /// The format.
    pub format: DumpFormat,
    /// How JSON is written, and whether the notation is indented.
    pub json: JsonStyle,
    /// Whether the contents are left out; see [`redact`](crate::live::redact).
    pub redact: bool,
}

/// What a dump wrote, and what it left out.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Dumped {
    /// The number of entries that were written.
    pub entries: u64,
    /// What could not be read and was left out, among it entries that vantage-live cannot decode either. The notation
    /// leaves none of these out: it shows as bytes what is not well-formed CBOR.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

impl Dumped {
    /// Subtracts the entries that could not be read, except in the notation, which shows them as bytes.
    fn leave_out(&mut self, style: DumpStyle) {
        if style.format != DumpFormat::Notation {
            self.entries -= self.unread.unreadable.len() as u64;
        }
    }
}

/// Calls `take` with every selected entry, once.
fn each(
    snapshot: &Snapshot,
    scope: &Scope,
    dumped: &mut Dumped,
    mut take: impl FnMut(LiveEntry) -> Result<(), DumpError>,
) -> Result<(), DumpError> {
    dumped.matched = selected(snapshot, scope, |entry| {
        let entry = past_damage(unless_moved(entry, snapshot), &mut dumped.unread.damage)?;
        dumped.entries += u64::from(entry.is_some());
        entry.map_or(Ok(()), &mut take)
    })?;
    Ok(())
}
