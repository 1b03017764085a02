//! Copying and moving entries to other keys, byte for byte: a plan, and its execution.

mod sets;

use crate::database::{Insert, NewValue, Removal, Removals, Session};
use crate::error::{Result, SetError};
use crate::live::key::{self, Key, Selection};
use crate::ops::keep::{Keeper, Lost};
use crate::snapshot::{EntryKey, SetKey, Snapshot};
use sets::SetTransfer;
use std::collections::{BTreeMap, HashSet};

/// Which entries get which new keys.
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
    /// Every entry of a cache key whose sub-key begins with a text, which another text replaces.
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
    /// A set of diorama or a row of one. `Entry` and `CacheKey` mean one too if vantage-live has nothing with their
    /// key.
    Set {
        /// The name of the set; for a row, followed by `/` and the row id.
        from: String,
        /// The new name in the same form.
        to: String,
    },
}

impl Renaming {
    /// The entries of vantage-live that get new keys.
    fn from(&self) -> Option<Selection> {
        Some(match self {
            Renaming::Entry { from, .. } => Selection::Entry(from.clone()),
            Renaming::StartsWith { from, .. } => Selection::StartsWith(from.clone()),
            Renaming::CacheKey { from, .. } => Selection::CacheKey(from.clone()),
            Renaming::Set { .. } => return None,
        })
    }

    /// The old and the new name, if they may be names of sets of diorama or of rows.
    fn names(&self) -> Option<(String, String)> {
        match self {
            Renaming::Entry { from, to } => Some((from.set_name(), to.set_name())),
            Renaming::CacheKey { from, to } | Renaming::Set { from, to } => Some((from.clone(), to.clone())),
            Renaming::StartsWith { .. } => None,
        }
    }

    /// The new key of an entry of vantage-live.
    fn to(&self, key: &Key) -> Key {
        match self {
            Renaming::Entry { to, .. } => to.clone(),
            Renaming::StartsWith { from, to } => {
                let rest = key.sub_key().strip_prefix(from.sub_key()).expect("selected by this beginning");
                Key::from_parts(to.cache_key(), &format!("{}{rest}", to.sub_key()))
            }
            Renaming::CacheKey { to, .. } => Key::from_parts(to.as_str(), key.sub_key()),
            Renaming::Set { .. } => unreachable!("it selects nothing of vantage-live"),
        }
    }
}

/// A copy or a move of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Which entries, and what keys they get.
    pub renaming: Renaming,
    /// Whether the entries are removed under their old keys.
    pub moves: bool,
    /// Whether they replace existing entries. A whole cache key replaces all entries of the other.
    pub replace: bool,
}

/// The effect of a transfer on one commit of a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transferred {
    /// The old key and the new key of each entry, in the order of the cache.
    pub keys: Vec<(EntryKey, EntryKey)>,
    /// Bytes of their values.
    pub bytes: u64,
    /// Existing entries in the way: those with the new keys and, if a whole cache key is transferred, all entries of
    /// the other cache key. They are removed if the transfer may replace them; otherwise nothing is done.
    pub in_the_way: Vec<EntryKey>,
    /// A set of diorama with the name of the cache key whose entries are transferred. It stays.
    pub set_beside: Option<SetKey>,
    /// The set that a moved row leaves, if it loses its times with it: the app would take what is left for all rows.
    pub undated: Option<SetKey>,
}

/// The plan of a transfer from one commit of a cache.
#[derive(Clone, Debug)]
pub struct TransferPlan<'s> {
    source: &'s Snapshot,
    transferred: Transferred,
    /// The old and the new keys of entries of vantage-live.
    entries: Vec<(Key, Key)>,
    /// Entries of vantage-live in the way.
    in_the_way: Vec<Key>,
    set: Option<SetTransfer>,
    /// What is removed, by cache key: the sub-keys, and whether these are all that the cache key has.
    gone: BTreeMap<String, (Vec<String>, bool)>,
}

impl<'s> TransferPlan<'s> {
    /// Finds what is transferred from `source` to `target`, and what is in the way, and so verifies every page that the
    /// transfer touches. `target` may be the same commit; it is `None` for a cache that does not exist yet.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`](crate::Error::NotACacheTable) if the table of a cache key has another type,
    /// [`SetError::NotASetTable`](crate::error::SetError::NotASetTable) if the table of a set has,
    /// [`SetError::NotAlike`](crate::error::SetError::NotAlike) if one name is of a set and the other is of a row.
    pub fn new(source: &'s Snapshot, target: Option<&Snapshot>, transfer: &Transfer) -> Result<TransferPlan<'s>> {
        let (transferred, gone) = (Transferred::default(), BTreeMap::new());
        let mut plan =
            TransferPlan { source, transferred, entries: Vec::new(), in_the_way: Vec::new(), set: None, gone };
        if let Some(selection) = transfer.renaming.from() {
            plan.find_entries(&selection, target, transfer)?;
        }
        if let Renaming::CacheKey { from, .. } = &transfer.renaming
            && !plan.entries.is_empty()
        {
            plan.transferred.set_beside = source.set(&SetKey::of_table(from))?.map(|set| set.key());
        }
        if let Renaming::StartsWith { from, .. } = &transfer.renaming
            && plan.entries.is_empty()
            && matches!(Snapshot::resolve(&source.sets()?, &from.to_string()), Some((_, Some(_))))
        {
            return Err(SetError::RowsByPrefix { key: from.to_string() }.into());
        }
        if let Some((from, to)) = transfer.renaming.names().filter(|_| plan.entries.is_empty()) {
            plan.set = SetTransfer::find(source, target, (&from, &to), transfer.moves)?;
        }
        let TransferPlan { transferred, entries, in_the_way, set, .. } = &mut plan;
        let key = |key: &Key| EntryKey::Live(key.clone());
        transferred.keys = entries.iter().map(|(from, to)| (key(from), key(to))).collect();
        transferred.in_the_way = in_the_way.iter().map(key).collect();
        if let Some(set) = set {
            transferred.keys.push(set.keys());
            transferred.bytes = set.bytes();
            transferred.undated = set.undated();
            transferred.in_the_way.extend(set.in_the_way());
        }
        Ok(plan)
    }

    fn find_entries(&mut self, selection: &Selection, target: Option<&Snapshot>, transfer: &Transfer) -> Result<()> {
        for entry in self.source.entries(selection)? {
            let entry = entry?;
            self.transferred.bytes += entry.value().len() as u64;
            self.entries.push((entry.key(), transfer.renaming.to(&entry.key())));
        }
        let Some(target) = target.filter(|_| !self.entries.is_empty()) else { return Ok(()) };
        let moved: HashSet<&Key> = self.entries.iter().filter(|_| transfer.moves).map(|(from, _)| from).collect();
        let mut checked: Option<&str> = None;
        for (_, to) in &self.entries {
            if checked.replace(to.cache_key()) != Some(to.cache_key()) {
                target.expect_no_set(to.cache_key())?;
            }
        }
        if let Renaming::CacheKey { to, .. } = &transfer.renaming {
            for entry in target.entries(&Selection::CacheKey(to.clone()))? {
                self.in_the_way.push(entry?.key());
            }
            self.gone.extend(gone(self.in_the_way.iter(), target)?);
        } else {
            for (_, to) in &self.entries {
                if target.entry(to)?.is_some() && !moved.contains(to) {
                    self.in_the_way.push(to.clone());
                }
            }
        }
        self.gone.extend(gone(moved.into_iter(), self.source)?);
        Ok(())
    }

    /// The effect of the plan.
    #[must_use]
    pub fn transferred(&self) -> &Transferred {
        &self.transferred
    }

    /// The effect of the plan, consuming the plan.
    #[must_use]
    pub fn into_transferred(self) -> Transferred {
        self.transferred
    }

    /// What is removed before anything is written. A table that would be left empty is removed whole.
    fn removals(&self) -> Removals {
        let removal = |(cache_key, (sub_keys, is_all)): (&String, &(Vec<String>, bool))| {
            let removal = if *is_all { Removal::Table } else { Removal::SubKeys(sub_keys.clone()) };
            (key::table_name(cache_key), removal)
        };
        let mut removals: Removals = self.gone.iter().map(removal).collect();
        removals.extend(self.set.iter().flat_map(SetTransfer::removals));
        removals
    }

    /// What a backup must hold before it is replaced or removed.
    fn lost(&self) -> Lost {
        let gone = self.gone.iter().flat_map(|(cache_key, (sub_keys, _))| {
            sub_keys.iter().map(|sub_key| Key::from_parts(cache_key.as_str(), sub_key))
        });
        let mut lost = Lost::of_keys(gone.chain(self.in_the_way.iter().cloned()));
        if let Some(set) = &self.set {
            set.lost(&mut lost);
        }
        lost
    }

    /// Writes everything under its new key. The source commit must not be replaced before this is committed.
    fn apply(&self, insert: &mut Insert<'_>) -> Result<()> {
        for (from, to) in &self.entries {
            let entry = self.source.entry(from)?.expect("planned in the same commit");
            insert(&key::table_name(to.cache_key()), to.sub_key(), NewValue::Bytes(entry.value()))?;
        }
        self.set.as_ref().map_or(Ok(()), |set| set.apply(self.source, insert))
    }
}

/// Groups keys by cache key: the sub-keys, and whether these are all that the cache key has in a commit.
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

/// Makes the plan and carries it out, in one transaction.
pub(crate) fn carry_out(
    session: &mut Session,
    keeper: &Keeper,
    transfer: &Transfer,
    source: Option<&Snapshot>,
) -> Result<Transferred> {
    let snapshot = session.snapshot()?;
    let plan = TransferPlan::new(source.unwrap_or(&snapshot), Some(&snapshot), transfer)?;
    if !plan.transferred().keys.is_empty() && (transfer.replace || plan.transferred().in_the_way.is_empty()) {
        keeper.keep(&snapshot, &plan.lost())?;
        let removals = plan.removals();
        // When redb removes an entry, it may merge its page with any adjacent one.
        for name in removals.keys() {
            snapshot.verify_table(name)?;
        }
        session.transact(&removals, |insert| plan.apply(insert))?;
    }
    Ok(plan.into_transferred())
}
