//! `cp` and `mv`: copy or move entries, or whole cache keys, to other keys.

use super::change::Changing;
use super::selection::{Chosen, Meaning, empty_key, root_entry_of};
use super::{Global, Refused, Status, report, report_undated};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use indexmap::IndexSet;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use vlive::ops::{Renaming, Transfer, TransferPlan, Transferred};
use vlive::snapshot::{EntryKey, SetKey};
use vlive::{Cache, Error, Key, Selection, Snapshot};

/// Copy an entry or a whole cache key
///
/// FROM and TO are both full keys (`clients/page_1`) or both cache keys (`clients`). The stored bytes are copied as
/// they are, in one transaction. If anything exists under the new keys, nothing is copied unless --replace is given;
/// a cache key that is replaced loses all its entries. A dry run prints what would be added (`+`), replaced (`~`) and
/// removed (`-`).
///
/// A set of diorama is copied whole, with its times and its total. A row (`clients/42`) is copied alone, and the times
/// and totals of both sets stay as they are.
///
/// --from copies from another cache; the target and its folder are created if they are missing.
#[derive(Debug, Args)]
pub struct Cp {
    #[command(flatten)]
    keys: Keys,

    /// The folder or file of another cache to copy from
    #[arg(long = "from", value_name = "FOLDER", value_hint = clap::ValueHint::AnyPath)]
    source: Option<PathBuf>,

    #[command(flatten)]
    changing: Changing,
}

/// Move an entry or a whole cache key
///
/// FROM and TO are both full keys (`clients/page_1`) or both cache keys (`clients`). The stored bytes stay as they
/// are, and everything happens in one transaction. If anything exists under the new keys, nothing is moved unless
/// --replace is given; a cache key that is replaced loses all its entries. A dry run prints what would be added (`+`),
/// replaced (`~`) and removed (`-`).
///
/// A set of diorama is moved whole, with its times and its total. A row (`clients/42`) is moved alone, and the times of
/// the set that it leaves are removed, so that the app fetches that set again.
#[derive(Debug, Args)]
pub struct Mv {
    #[command(flatten)]
    keys: Keys,

    #[command(flatten)]
    changing: Changing,
}

#[derive(Debug, Args)]
struct Keys {
    /// The key to copy or move
    #[arg(value_name = "FROM")]
    old: String,

    /// Its new key
    #[arg(value_name = "TO")]
    new: String,

    /// FROM and TO are full keys (the default)
    #[arg(long, conflicts_with = "prefix")]
    exact: bool,

    /// Take every key that begins with FROM, and replace that part with TO
    #[arg(long)]
    prefix: bool,

    /// Replace entries that exist under the new keys
    #[arg(long)]
    replace: bool,
}

#[derive(Serialize)]
struct Summary {
    entries: usize,
    bytes: u64,
    keys: Vec<Pair>,
    replaced: usize,
    /// The keys that no longer exist.
    removed: Vec<String>,
    dry_run: bool,
}

#[derive(Serialize)]
struct Pair {
    from: String,
    to: String,
}

impl Cp {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let transfer = self.keys.transfer(false, self.source.is_some())?;
        let pin = |source| match Snapshot::pin(source, global.look_wait(), &[self.keys.selection()]) {
            Err(error @ Error::Missing { .. }) => {
                let hint = "--from names the folder or the file of the cache to copy from";
                Err(Refused::unwritable(report::sentence(&error), Some(hint)))
            }
            pinned => Ok(pinned?),
        };
        let source = self.source.as_ref().map(pin).transpose()?;
        run(&transfer, &self.keys, source.as_ref(), &self.changing, global, output)
    }
}

impl Mv {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let transfer = self.keys.transfer(true, false)?;
        run(&transfer, &self.keys, None, &self.changing, global, output)
    }
}

impl Keys {
    fn selection(&self) -> Selection {
        if self.prefix || !self.old.contains('/') { Selection::prefix(&self.old) } else { Selection::exact(&self.old) }
    }

    fn transfer(&self, moves: bool, between_caches: bool) -> Result<Transfer> {
        let Keys { old, new, .. } = self;
        if old.is_empty() || new.is_empty() {
            return Err(empty_key());
        }
        if old == new && !between_caches {
            return Err(Refused::error(format!("FROM and TO are both `{old}`"), None));
        }
        let renaming = match (old.contains('/'), new.contains('/')) {
            (false, false) => Renaming::CacheKey { from: old.clone(), to: new.clone() },
            (true, true) if self.prefix => Renaming::StartsWith { from: Key::new(old), to: Key::new(new) },
            (true, true) => Renaming::Entry { from: Key::new(old), to: Key::new(new) },
            // Only the name of a set of diorama may have a `/` or not.
            _ => Renaming::Set { from: old.clone(), to: new.clone() },
        };
        Ok(Transfer { renaming, moves, replace: self.replace })
    }
}

/// The error on a name with a `/` and one without, unless both are names of sets of diorama.
fn unlike(old: &str, new: &str) -> anyhow::Error {
    let (entry, cache_key) = if old.contains('/') { (old, new) } else { (new, old) };
    Refused::error(format!("`{entry}` is a full key, and `{cache_key}` a cache key"), Some(&root_entry_of(cache_key)))
}

fn run(
    transfer: &Transfer,
    keys: &Keys,
    source: Option<&Snapshot>,
    changing: &Changing,
    global: &Global,
    output: &mut Output,
) -> Result<Status> {
    let backup = changing.backup()?;
    let chosen = Chosen::one(&keys.old, if keys.prefix { Meaning::Prefix } else { Meaning::Exact })?;
    if let Some(source) = source
        && TransferPlan::new(source, None, transfer)?.transferred().keys.is_empty()
    {
        // Refused before a cache is created for nothing.
        if matches!(transfer.renaming, Renaming::Set { .. }) {
            return Err(unlike(&keys.old, &keys.new));
        }
        return Ok(chosen.report_missing(&global.at(Some(source.path())), output));
    }
    let transferred = if changing.dry_run {
        let plan = |target: &Snapshot| {
            Ok(TransferPlan::new(source.unwrap_or(target), Some(target), transfer)?.into_transferred())
        };
        match (Snapshot::look(global.folder(), global.look_wait(), plan), source) {
            (Err(Error::Missing { .. }), Some(source)) => TransferPlan::new(source, None, transfer)?.into_transferred(),
            (transferred, _) => transferred?,
        }
    } else {
        let write = |cache: &Cache| {
            backup.of(cache);
            cache.transfer(transfer, source)
        };
        global.open_when_free(output, || {
            if source.is_some() {
                return Cache::create_with(global.folder(), write);
            }
            let cache = Cache::open(global.folder())?;
            let written = write(&cache)?;
            cache.close()?;
            Ok(written)
        })?
    };
    if transferred.keys.is_empty() && matches!(transfer.renaming, Renaming::Set { .. }) {
        return Err(unlike(&keys.old, &keys.new));
    }
    if transferred.keys.is_empty() {
        return Ok(chosen.report_missing(global, output));
    }
    if !transferred.in_the_way.is_empty() && !transfer.replace {
        return Err(refuse(&transferred.in_the_way));
    }
    let changes = Changes::of(&transferred, transfer.moves);
    print(&transferred, &changes, transfer.moves, changing, output)?;
    backup.report(!changes.added.is_empty(), global, output);
    Ok(Status::Done)
}

/// The error that names the entries in the way.
fn refuse(in_the_way: &[EntryKey]) -> anyhow::Error {
    const NAMED: usize = 3;
    let mut named =
        in_the_way.iter().take(NAMED).map(|key| format!("`{}`", key.shown())).collect::<Vec<_>>().join(", ");
    if in_the_way.len() > NAMED {
        named = format!("{named} and {} more", in_the_way.len() - NAMED);
    }
    let (verb, them) = if in_the_way.len() == 1 { ("exists", "it") } else { ("exist", "them") };
    Refused::error(format!("{named} already {verb}"), Some(&format!("--replace replaces {them}")))
}

/// The keys that a transfer adds, replaces and removes.
struct Changes<'t> {
    added: Vec<&'t EntryKey>,
    replaced: Vec<&'t EntryKey>,
    removed: Vec<&'t EntryKey>,
}

impl<'t> Changes<'t> {
    fn of(transferred: &'t Transferred, moves: bool) -> Changes<'t> {
        let Transferred { keys, in_the_way, .. } = transferred;
        let left = keys.iter().filter(|_| moves).map(|(from, _)| from);
        let gone: IndexSet<&EntryKey> = left.chain(in_the_way).collect();
        let new: IndexSet<&EntryKey> = keys.iter().map(|(_, to)| to).collect();
        let (replaced, added) = new.iter().copied().partition(|key| gone.contains(key));
        Changes { added, replaced, removed: gone.difference(&new).copied().collect() }
    }
}

fn print(
    transferred: &Transferred,
    changes: &Changes<'_>,
    moves: bool,
    changing: &Changing,
    output: &mut Output,
) -> Result<()> {
    let Transferred { keys, bytes, in_the_way, .. } = transferred;
    if changing.format.is_json() {
        let pair = |(from, to): &(EntryKey, EntryKey)| Pair { from: from.to_string(), to: to.to_string() };
        output.json(&Summary {
            entries: keys.len(),
            bytes: *bytes,
            keys: keys.iter().map(pair).collect(),
            replaced: in_the_way.len(),
            removed: changes.removed.iter().map(ToString::to_string).collect(),
            dry_run: changing.dry_run,
        })?;
        return Ok(output.flush()?);
    }
    if changing.dry_run {
        let Changes { added, replaced, removed } = changes;
        for (mark, keys) in [('+', added), ('~', replaced), ('-', removed)] {
            for key in keys {
                let key = output.changed_key(&(*key).clone().into()).into_owned();
                writeln!(output.data(), "{mark} {key}")?;
            }
        }
    } else {
        for (_, to) in keys {
            let to = output.changed_key(&to.clone().into()).into_owned();
            writeln!(output.data(), "{to}")?;
        }
    }
    output.flush()?;
    let verb = match (changing.dry_run, moves) {
        (false, false) => "copied",
        (false, true) => "moved",
        (true, false) => "would copy",
        (true, true) => "would move",
    };
    let entries = human::count(keys.len() as u64, "entry", "entries");
    let gone = match in_the_way.len() {
        0 => String::new(),
        lost => format!(", in place of {}", human::count(lost as u64, "entry", "entries")),
    };
    output.summary(&format!("{verb} {entries}, {}{gone}", human::size(*bytes)));
    if let Some(set) = &transferred.undated {
        report_undated(&set.shown(), output);
    }
    if let Some(set) = &transferred.set_beside {
        output.advice(&format!("a set of diorama has the same name, and stays; `{}` names the set", named_alone(set)));
    }
    Ok(())
}

/// The name of a set in a form that no key of vantage-live has.
fn named_alone(set: &SetKey) -> String {
    let shown = set.shown();
    if shown == set.name() { serde_json::json!(shown).to_string() } else { shown }
}
