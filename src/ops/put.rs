//! Writing one entry.

use crate::database::{NewValue, Removals, Session};
use crate::error::Result;
use crate::live::envelope::Envelope;
use crate::live::key::{self, Key};
use crate::ops::keep::Keeper;

/// Writes an encoded envelope, in place of what was there. Returns whether there was anything.
pub(crate) fn put(session: &mut Session, keeper: &Keeper, key: &Key, envelope: &Envelope) -> Result<bool> {
    // Reads the path that redb is about to change, and so verifies it.
    let snapshot = session.snapshot()?;
    snapshot.expect_no_set(key.cache_key())?;
    let replaced = snapshot.entry(key)?.is_some();
    keeper.keep(&snapshot, [key.clone()])?;
    session.transact(&Removals::new(), |insert| {
        insert(&key::table_name(key.cache_key()), key.sub_key(), NewValue::Bytes(envelope.bytes()))
    })?;
    Ok(replaced)
}
