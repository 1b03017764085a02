use super::change::{Backup, load_command};
use super::environment::Clock;
use super::selection::{Meaning, Selecting};
use super::{
    Cli, Command, Global, Refused, Status, find, interrupted, invalidate, ls, narrowing, others, report, shell, time,
    touch,
};
use crate::browse::{Browsing, Change, Commands, Narrowed, Node, Place, Plan, browse};
use crate::output::{Output, human};
use anyhow::Result;
use clap::{Args, Parser};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vlive::ops::{self, ChangedKey, Scope, TouchPlan};
use vlive::snapshot::EntryKey;
use vlive::system::temporary::TemporaryFile;
use vlive::{Cache, Error, Snapshot};

/// Browse a cache in full screen, updated as its app writes
///
/// The left pane shows the cache keys and their entries, the right pane the rows of the entry under the cursor. What
/// the app changes appears at once and is marked for some seconds. `?` lists all key bindings, `q` quits.
///
/// `/` filters keys as you type, `f` finds a text anywhere and goes there, `:` filters the rows as `vlive show --where`
/// does, `d` shows the last change of an entry as `vlive watch --diff` does. `e`, `t` and `x` run `vlive edit`, `touch`
/// and `invalidate`: they show what they would do, offer a backup, and cannot change a cache that is in use. `o` quits
/// and prints the key under the cursor, so that `vlive dump "$(vlive browse)"` works.
#[derive(Debug, Args)]
pub struct Browse {
    /// The folder or file of the cache, if there is one at this path and -C is not given; otherwise a SELECTION
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::AnyPath)]
    argument: Option<String>,

    #[command(flatten)]
    selecting: Selecting,
}

impl Browse {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.selecting.is_narrowed() {
            let hint = "ages change while you browse; `s` sorts by age";
            return Err(Refused::error("browse does not select by age", Some(hint)));
        }
        let (folder, first) = ls::folder_or_selection(self.argument.as_deref(), global);
        let global = &global.at(folder);
        let chosen = self.selecting.choose_after(first, Meaning::Prefix, "", global.now(), output)?;
        let offered = Offered { global: global.clone(), clock: global.clock(), scope: chosen.scope.clone() };
        let has_colours = output.colours_words();
        let mut edit = |key: &EntryKey, backup: Option<&str>| edit(key, backup, global, output);
        let key = browse(&mut Browsing {
            folder: global.folder().to_owned(),
            selections: chosen.scope.selections().to_vec(),
            wait: global.look_wait(),
            has_colours,
            can_stop: interrupted::can_stop(),
            commands: Arc::new(offered),
            edit: &mut edit,
        });
        let key = key.map_err(|error| {
            Refused::error(format!("cannot use the terminal: {error}"), Some("without one, use ls, show and watch"))
        })?;
        if let Some(key) = key {
            let key = output.key(&key).into_owned();
            writeln!(output.data(), "{key}")?;
        }
        Ok(Status::Done)
    }
}

/// Runs `vlive edit`; returns a summary.
fn edit(key: &EntryKey, backup: Option<&str>, global: &Global, output: &Output) -> Result<String, String> {
    let key = key.shown();
    let mut words = vec!["vlive", "edit", "--exact"];
    words.extend(backup.iter().flat_map(|file| ["--backup", file]));
    words.extend(["--", &key]);
    let Ok(Cli { command: Command::Edit(edit), .. }) = Cli::try_parse_from(words) else {
        return Err(format!("`{key}` cannot be edited"));
    };
    // Standard output may be a pipe that is waiting for a key.
    let printed = TemporaryFile::private().map_err(|error| format!("cannot make a temporary file: {error}"))?;
    let edited = edit.run(global, &mut output.to_file(Arc::clone(printed.file())));
    let is_written = printed.file().metadata().map_or(true, |metadata| metadata.len() > 0);
    match edited {
        Ok(Status::Done) if !is_written => Ok(format!("{key} stays as it is")),
        Ok(Status::Done) => Ok(match backup {
            Some(file) => format!("edited {key}; `{}` restores it", load_command(Path::new(file), global)),
            None => format!("edited {key}"),
        }),
        Ok(Status::No) => Err(format!("`{key}` is not in the cache any more")),
        Ok(Status::Unreadable) => Err(format!("`{key}` cannot be decoded")),
        Err(error) => Err(report::words(&error)),
    }
}

/// The commands that the browser can run.
struct Offered {
    global: Global,
    clock: Clock,
    /// The entries that are browsed.
    scope: Scope,
}

/// The most places to list.
const PLACES: usize = 1000;

/// The most characters of a value to list.
const VALUE: usize = 200;

/// The most keys to list in a plan.
const KEYS: usize = 10_000;

impl Commands for Offered {
    fn now(&self) -> u64 {
        self.clock.now()
    }

    fn sentence(&self, error: &Error) -> String {
        report::sentence(error)
    }

    fn others(&self) -> Vec<String> {
        others::sentences(&self.global)
    }

    fn find(&self, pattern: &str) -> Result<(Vec<Place>, bool), String> {
        let mut places: Vec<Place> = Vec::new();
        let until_full = |places: &[Place]| {
            if places.len() > PLACES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = Snapshot::pin(self.global.folder(), self.global.look_wait(), self.scope.selections())
            .map_err(anyhow::Error::from)
            .and_then(|snapshot| {
                let add = |found: &mut Vec<Place>, hit: &ops::Hit<'_>| {
                    found.push(place(hit));
                    until_full(found)
                };
                find::each_place(pattern, &snapshot, &self.scope, add, |found: Vec<Place>| {
                    places.extend(found);
                    until_full(&places)
                })
            });
        found.map_err(|error| report::words(&error))?;
        let are_all = places.len() <= PLACES;
        places.truncate(PLACES);
        Ok((places, are_all))
    }

    fn plan(&self, change: &Change) -> Result<Plan, String> {
        self.planned(change).map_err(|error| report::words(&error))
    }

    fn apply(&self, change: &Change, backup: Option<&str>) -> Result<String, String> {
        self.applied(change, backup).map_err(|error| report::words(&error))
    }
}

impl Offered {
    fn planned(&self, change: &Change) -> Result<Plan> {
        if let Change::Touch(_, age) = change {
            self.fetched_at(age)?;
        }
        let look = |snapshot: &Snapshot| self.planned_in(snapshot, change);
        let mut plan = Snapshot::look(self.global.folder(), self.global.look_wait(), look)?;
        if plan.keys.is_empty() {
            return Err(Refused::no("these entries are not in the cache any more"));
        }
        if plan.keys.len() > KEYS {
            let more = plan.keys.len() - KEYS;
            plan.keys.truncate(KEYS);
            plan.keys.push(format!("… and {more} more"));
        }
        Ok(Plan { command: command(change), ..plan })
    }

    /// The plan in a commit, without the command. It has no keys if the cache has nothing to change.
    fn planned_in(&self, snapshot: &Snapshot, change: &Change) -> vlive::Result<Plan> {
        Ok(match change {
            Change::Edit(key) => {
                let rows_and_size = match key {
                    EntryKey::Live(key) => snapshot
                        .entry(key)?
                        .map(|entry| (entry.head().map_or(0, |head| head.rows), Some(entry.bytes()))),
                    EntryKey::Set(key) => {
                        snapshot.set(key)?.map(|set| (if set.row().is_some() { 1 } else { set.rows() }, None))
                    }
                };
                let Some((rows, size)) = rows_and_size else { return Ok(Plan::default()) };
                let size = size.map_or_else(String::new, |size| format!(", {}", human::size(size)));
                let notes = vec![format!("{}{size}", human::count(rows, "row", "rows"))];
                Plan { keys: vec![key.shown()], notes, ..Plan::default() }
            }
            Change::Touch(node, age) => {
                let Ok(fetched_at) = self.fetched_at(age) else { return Ok(Plan::default()) };
                let scope = scope(node);
                let touched = TouchPlan::new(snapshot, &scope, time::checked(fetched_at))?.into_touched();
                let notes = vec![touch::summary(&touched, fetched_at, true)];
                Plan { keys: shown(&touched.keys), notes, ..Plan::default() }
            }
            Change::Invalidate(node, narrowed) => {
                let removed = ops::Plan::new(snapshot, &scope_of(node, *narrowed))?.into_removed();
                let left = narrowing::message(&removed.narrowed);
                let leaves_narrowed = left.is_some();
                let notes = [Some(invalidate::summary(&removed, true)), left].into_iter().flatten().collect();
                Plan { keys: shown(&removed.keys), notes, leaves_narrowed, ..Plan::default() }
            }
        })
    }

    fn applied(&self, change: &Change, backup: Option<&str>) -> Result<String> {
        let backup = Backup::new(backup.map(PathBuf::from), false)?;
        let cache = self.global.retry_while_in_use(|| Cache::open(self.global.folder()), |_| ())?;
        backup.of(&cache);
        let done = match change {
            Change::Edit(key) => return Err(Refused::no(format!("`{}` is edited in an editor", key.shown()))),
            Change::Touch(node, age) => {
                let fetched_at = self.fetched_at(age)?;
                touch::summary(&cache.touch(&scope(node), time::checked(fetched_at))?, fetched_at, false)
            }
            Change::Invalidate(node, narrowed) => {
                let removed = cache.invalidate(&scope_of(node, *narrowed))?;
                let left = narrowing::message(&removed.narrowed);
                [Some(invalidate::summary(&removed, false)), left].into_iter().flatten().collect::<Vec<_>>().join("; ")
            }
        };
        cache.close()?;
        Ok(match backup.summary(false, &self.global) {
            Some(saved) => format!("{done}; {saved}"),
            None => done,
        })
    }

    /// The time for an age as --age takes it; empty means now.
    fn fetched_at(&self, age: &str) -> Result<u64> {
        let now = self.now();
        if age.trim().is_empty() {
            return Ok(now);
        }
        let age = time::parse_duration(age.trim()).map_err(|why| Refused::error(format!("`{age}`: {why}"), None))?;
        Ok(now.saturating_sub(age.as_secs()))
    }
}

/// Keys for people.
fn shown(keys: &[ChangedKey]) -> Vec<String> {
    keys.iter().map(|key| key.shown().to_owned()).collect()
}

fn scope_of(node: &Node, narrowed: Narrowed) -> Scope {
    match narrowed {
        Narrowed::Stay => scope(node),
        Narrowed::Go => scope(node).with_narrowed(),
    }
}

fn scope(node: &Node) -> Scope {
    Scope::new(vec![node.selection()])
}

/// The command that makes a change.
fn command(change: &Change) -> String {
    let (key, is_exact, age) = match change {
        Change::Edit(key) => (key.shown(), false, ""),
        Change::Touch(node, age) => (node.full_key(), matches!(node, Node::Entry(..)), age.trim()),
        Change::Invalidate(node, _) => (node.full_key(), matches!(node, Node::Entry(..)), ""),
    };
    let exact = if is_exact { " --exact" } else { "" };
    let age = if age.is_empty() { String::new() } else { format!(" --age {}", shell::word(age)) };
    let narrowed = if matches!(change, Change::Invalidate(_, Narrowed::Go)) { " --narrowed" } else { "" };
    format!("vlive {}{exact}{age}{narrowed} {}", change.verb(), shell::word(&key))
}

fn place(hit: &ops::Hit<'_>) -> Place {
    let (id, text) = match hit.place {
        ops::Place::RowId(id) => (Some(id), String::new()),
        ops::Place::Name { id, path } => (Some(id), find::shown(path).into_owned()),
        ops::Place::Value { id, path, text } => {
            let value: String = text.chars().take(VALUE).collect();
            (Some(id), format!("{}  {value}", find::shown(path)))
        }
        _ => (None, String::new()),
    };
    Place { key: hit.key.clone(), id: id.map(ToOwned::to_owned), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vlive::Key;

    #[test]
    fn a_change_names_the_command_that_makes_it() {
        let key = |key: &str| EntryKey::from(Key::new(key));
        let entry = |name: &str| Node::of(&key(name));
        let group = Node::Group("clients".into(), "id/".into());
        for (change, words) in [
            (Change::Edit(key("clients")), "vlive edit clients/__root__"),
            (Change::Invalidate(entry("clients/page_1"), Narrowed::Stay), "vlive invalidate --exact clients/page_1"),
            (Change::Invalidate(group, Narrowed::Stay), "vlive invalidate clients/id/"),
            (Change::Invalidate(Node::CacheKey("it's".into()), Narrowed::Stay), r"vlive invalidate 'it'\''s'"),
            (Change::Touch(entry("a/b"), "3h 12m".to_owned()), "vlive touch --exact --age '3h 12m' a/b"),
            (Change::Touch(entry("a/"), String::new()), "vlive touch --exact a/"),
        ] {
            assert_eq!(command(&change), words);
        }
    }
}
