//! Writing one entry.

use crate::database::{NewValue, Removals, Session};
use crate::error::Result;
use crate::live::envelope::Envelope;
use crate::live::key::{self, Key};
use crate::ops::keep::{Keeper, Lost};
use crate::snapshot::LiveEntry;

/// Writes an encoded envelope if `is_due` accepts the present entry. Returns whether it replaced an entry; `None` if it
/// was not due, and nothing was written.
pub(crate) fn put(
    session: &mut Session,
    keeper: &Keeper,
    key: &Key,
    envelope: &Envelope,
    is_due: impl FnOnce(Option<&LiveEntry>) -> bool,
) -> Result<Option<bool>> {
    // Reads the path that redb is about to change, and so verifies it.
    let snapshot = session.snapshot()?;
    snapshot.expect_no_set(key.cache_key())?;
    let entry = snapshot.entry(key)?;
    if !is_due(entry.as_ref()) {
        return Ok(None);
    }
    keeper.keep(&snapshot, &Lost::of_keys([key.clone()]))?;
    session.transact(&Removals::new(), |insert| {
        insert(&key::table_name(key.cache_key()), key.sub_key(), NewValue::Bytes(envelope.bytes()))
    })?;
    Ok(Some(entry.is_some()))
}
