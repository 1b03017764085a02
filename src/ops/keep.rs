//! Keeping what a change replaces or removes, before it does.

use crate::error::{Error, Result};
use crate::live::key::Key;
use crate::snapshot::{LiveEntry, Snapshot};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Takes the entries that a change is about to replace or remove. The change is made if it succeeds.
type Keep = dyn FnMut(&mut dyn Iterator<Item = Result<LiveEntry>>) -> Result<()> + Send;

/// What is called before each change that replaces or removes anything, if there is such a thing.
#[derive(Default)]
pub(crate) struct Keeper(Mutex<Option<Box<Keep>>>);

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

impl Keeper {
    pub fn set(&self, keep: Box<Keep>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(keep);
    }

    /// Stops a change of diorama's sets where entries are to be kept: those of vantage-live alone are handed on.
    pub fn keep_no_sets(&self, are_there: bool) -> Result<()> {
        let keeps = self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if keeps && are_there {
            return Err(Error::NotKept { source: "sets of diorama are not among what can be kept".into() });
        }
        Ok(())
    }

    /// Hands on those of the entries that are there, each once, in the order of their keys.
    pub fn keep(&self, snapshot: &Snapshot, keys: impl IntoIterator<Item = Key>) -> Result<()> {
        let mut keep = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(keep) = keep.as_mut() else { return Ok(()) };
        let keys: BTreeSet<Key> = keys.into_iter().collect();
        let mut entries = keys.iter().filter_map(|key| snapshot.entry(key).transpose()).peekable();
        if entries.peek().is_some() { keep(&mut entries) } else { Ok(()) }
    }
}
