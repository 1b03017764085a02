//! Copying and moving entries, told before any of them moves: under other keys, byte for byte.

use crate::database::{NewValue, Removal, Removals, Session};
use crate::error::Result;
use crate::live::key::{self, Key, Selection};
use crate::ops::keep::Keeper;
use crate::snapshot::Snapshot;
use std::collections::{BTreeMap, HashSet};

/// Which entries get which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renaming {
    /// One entry.
    Entry {
        /// Its key.
        from: Key,
        /// Its new key.
        to: Key,
    },
    /// Every entry of a cache key whose sub-key begins with a text, which another one takes the place of.
    StartsWith {
        /// The cache key, and the text that sub-keys begin with.
        from: Key,
        /// The new cache key, and the new beginning.
        to: Key,
    },
    /// Every entry of a cache key.
    CacheKey {
        /// The cache key.
        from: String,
        /// The new cache key.
        to: String,
    },
}

impl Renaming {
    fn from(&self) -> Selection {
        match self {
            Renaming::Entry { from, .. } => Selection::Entry(from.clone()),
            Renaming::StartsWith { from, .. } => Selection::StartsWith(from.clone()),
            Renaming::CacheKey { from, .. } => Selection::CacheKey(from.clone()),
        }
    }

    /// The new key of an entry that is selected.
    fn to(&self, key: &Key) -> Key {
        match self {
            Renaming::Entry { to, .. } => to.clone(),
            Renaming::StartsWith { from, to } => {
                let rest = key.sub_key().strip_prefix(from.sub_key()).expect("selected by this beginning");
                Key::from_parts(to.cache_key(), &format!("{}{rest}", to.sub_key()))
            }
            Renaming::CacheKey { to, .. } => Key::from_parts(to.as_str(), key.sub_key()),
        }
    }
}

/// How entries get other keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Which, and what keys they get.
    pub renaming: Renaming,
    /// Whether they go from where they were.
    pub moves: bool,
    /// Whether they take the place of what is there; of a whole cache key all its entries give way.
    pub replace: bool,
}

/// What a transfer comes to in one commit of a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transferred {
    /// The key of each entry and its new one, in the order of the cache.
    pub keys: Vec<(Key, Key)>,
    /// Bytes of their values.
    pub bytes: u64,
    /// What is in the way: entries with the new keys and, where a whole cache key is copied or moved, all entries
    /// of the other. They are replaced or removed if the transfer says so; else nothing is done.
    pub in_the_way: Vec<Key>,
}

/// A transfer that is planned in one commit of a cache.
#[derive(Clone, Debug)]
pub struct TransferPlan<'s> {
    source: &'s Snapshot,
    transferred: Transferred,
    /// What goes, by cache key: the sub-keys, and whether these are all that the cache key has.
    gone: BTreeMap<String, (Vec<String>, bool)>,
}

impl<'s> TransferPlan<'s> {
    /// Finds what is transferred from `source` to `target`, which may be the same commit or, as `None`, a cache that
    /// is not there yet, and what is in the way.
    /// Every page that the transfer touches is verified by that.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`](crate::Error::NotACacheTable) if the table of a cache key has another type.
    pub fn new(source: &'s Snapshot, target: Option<&Snapshot>, transfer: &Transfer) -> Result<TransferPlan<'s>> {
        let mut transferred = Transferred::default();
        for entry in source.entries(&transfer.renaming.from())? {
            let entry = entry?;
            transferred.bytes += entry.value().len() as u64;
            transferred.keys.push((entry.key(), transfer.renaming.to(&entry.key())));
        }
        let mut plan = TransferPlan { source, transferred, gone: BTreeMap::new() };
        let Some(target) = target.filter(|_| !plan.transferred.keys.is_empty()) else { return Ok(plan) };
        let moved: HashSet<&Key> =
            plan.transferred.keys.iter().filter(|_| transfer.moves).map(|(from, _)| from).collect();
        let mut checked: Option<&str> = None;
        for (_, to) in &plan.transferred.keys {
            if checked.replace(to.cache_key()) != Some(to.cache_key()) {
                target.expect_no_set(to.cache_key())?;
            }
        }
        let mut in_the_way = Vec::new();
        if let Renaming::CacheKey { to, .. } = &transfer.renaming {
            for entry in target.entries(&Selection::CacheKey(to.clone()))? {
                in_the_way.push(entry?.key());
            }
            plan.gone.extend(gone(in_the_way.iter(), target)?);
        } else {
            for (_, to) in &plan.transferred.keys {
                if target.entry(to)?.is_some() && !moved.contains(to) {
                    in_the_way.push(to.clone());
                }
            }
        }
        plan.gone.extend(gone(moved.into_iter(), source)?);
        plan.transferred.in_the_way = in_the_way;
        Ok(plan)
    }

    /// What the plan comes to.
    #[must_use]
    pub fn transferred(&self) -> &Transferred {
        &self.transferred
    }

    /// The same, for those who no longer need the plan.
    #[must_use]
    pub fn into_transferred(self) -> Transferred {
        self.transferred
    }

    /// What goes before anything is written: a table that is left without entries goes as a whole.
    fn removals(&self) -> Removals {
        let removal = |(cache_key, (sub_keys, is_all)): (&String, &(Vec<String>, bool))| {
            let removal = if *is_all { Removal::Table } else { Removal::SubKeys(sub_keys.clone()) };
            (key::table_name(cache_key), removal)
        };
        self.gone.iter().map(removal).collect()
    }

    /// The keys of all entries that are replaced or removed.
    pub(crate) fn lost(&self) -> Vec<Key> {
        let gone = self.gone.iter().flat_map(|(cache_key, (sub_keys, _))| {
            sub_keys.iter().map(|sub_key| Key::from_parts(cache_key.as_str(), sub_key))
        });
        let mut lost: Vec<Key> = gone.chain(self.transferred.in_the_way.iter().cloned()).collect();
        lost.sort();
        lost.dedup();
        lost
    }

    /// Calls `write` with the new key and the value of every entry. Until that is committed the commit that they
    /// come from must stay.
    pub(crate) fn apply(&self, mut write: impl FnMut(&Key, &[u8]) -> Result<()>) -> Result<()> {
        for (from, to) in &self.transferred.keys {
            let entry = self.source.entry(from)?.expect("planned in the same commit");
            write(to, entry.value())?;
        }
        Ok(())
    }
}

/// Entries of a commit by their cache keys, and whether these are all that a cache key has.
fn gone<'k>(keys: impl Iterator<Item = &'k Key>, of: &Snapshot) -> Result<BTreeMap<String, (Vec<String>, bool)>> {
    let mut gone: BTreeMap<String, (Vec<String>, bool)> = BTreeMap::new();
    for key in keys {
        gone.entry(key.cache_key().to_owned()).or_default().0.push(key.sub_key().to_owned());
    }
    for (cache_key, (sub_keys, is_all)) in &mut gone {
        sub_keys.sort();
        *is_all = of.table(cache_key)?.is_some_and(|table| table.entries() == sub_keys.len() as u64);
    }
    Ok(gone)
}

/// Makes the plan and does what it says, in one transaction.
pub(crate) fn carry_out(
    session: &mut Session,
    keeper: &Keeper,
    transfer: &Transfer,
    source: Option<&Snapshot>,
) -> Result<Transferred> {
    let snapshot = session.snapshot()?;
    let plan = TransferPlan::new(source.unwrap_or(&snapshot), Some(&snapshot), transfer)?;
    if !plan.transferred().keys.is_empty() && (transfer.replace || plan.transferred().in_the_way.is_empty()) {
        keeper.keep(&snapshot, plan.lost())?;
        let removals = plan.removals();
        // Where an entry goes, redb may merge its page with any beside it.
        for name in removals.keys() {
            snapshot.verify_table(name)?;
        }
        session.transact(&removals, |insert| {
            plan.apply(|key, value| insert(&key::table_name(key.cache_key()), key.sub_key(), NewValue::Bytes(value)))
        })?;
    }
    Ok(plan.into_transferred())
}
