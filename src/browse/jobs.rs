//! Slow work that must not block the screen, one job at a time.

use super::Commands;
use super::history::{Before, History};
use super::state::{Effect, Input, Text};
use crate::output::escape::{for_terminal, key_for_terminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;
use vlive::fixture::{FixtureOptions, Source};
use vlive::ops::{DiffOptions, Difference, Scope, Side, diff_in, diff_values};
use vlive::snapshot::{EntryKey, SetKey};
use vlive::{Fixture, Key, Selection, Snapshot};

/// The most lines of a difference that are shown.
const LINES: usize = 10_000;

pub struct Jobs {
    pub folder: PathBuf,
    pub wait: Duration,
    pub commands: Arc<dyn Commands>,
    pub history: Arc<History>,
    pub asked: Receiver<Effect>,
    pub tell: Sender<Input>,
}

impl Jobs {
    /// Runs jobs until the channel closes.
    pub fn run(&self) {
        for effect in &self.asked {
            let done = match effect {
                Effect::Find(pattern) => {
                    let found = self.commands.find(&pattern);
                    Input::Found(pattern, found)
                }
                Effect::Difference(key) => Input::Differs(self.difference(&key)),
                Effect::Plan(change) => {
                    let plan = self.commands.plan(&change);
                    Input::Planned(change, plan)
                }
                Effect::Apply(change, backup) => Input::Changed(self.commands.apply(&change, backup.as_deref())),
                Effect::Copy(_) | Effect::Quit | Effect::Print(_) => continue,
            };
            if self.tell.send(done).is_err() {
                return;
            }
        }
    }

    /// The last change of an entry: the last one that was seen, otherwise the one between the last two commits.
    fn difference(&self, key: &EntryKey) -> Result<Text, String> {
        let remembered = self.history.get(key);
        match key {
            EntryKey::Live(key) => self.difference_of_entry(key, remembered.as_ref()),
            EntryKey::Set(key) => self.difference_of_set(key, remembered.as_ref()),
        }
    }

    fn difference_of_entry(&self, key: &Key, remembered: Option<&Before>) -> Result<Text, String> {
        let (number, now, before) = Snapshot::look(&self.folder, self.wait, |snapshot| {
            let value =
                |snapshot: &Snapshot| Ok::<_, vlive::Error>(snapshot.entry(key)?.map(|entry| entry.value().to_owned()));
            let before = match (remembered, snapshot.before()?) {
                (Some(before), _) => Some(before.clone()),
                // The pages of that commit may have been reused.
                (None, Some(before)) => value(&before).ok().map(|value| Before { commit: before.number(), value }),
                (None, None) => None,
            };
            Ok((snapshot.number(), value(snapshot)?, before))
        })
        .map_err(|error| self.commands.sentence(&error))?;
        let before = before.ok_or_else(|| GONE.to_owned())?;
        let lines = match (before.value, now) {
            (Some(old), Some(new)) => lines(key, &old, &new),
            (old, new) => unlike(old.is_some(), new.is_some())?,
        };
        Ok(Text { title: title(&key.to_string(), before.commit, number), lines })
    }

    fn difference_of_set(&self, key: &SetKey, remembered: Option<&Before>) -> Result<Text, String> {
        let refused = |error: vlive::Error| self.commands.sentence(&error);
        let old = match remembered.map(|before| &before.value) {
            None | Some(None) => None,
            Some(Some(line)) => {
                let name = "what is remembered".to_owned();
                let source = Source::Json { name, input: Box::new(line.as_slice()) };
                Some(Fixture::read(vec![source], &FixtureOptions::default()).map_err(refused)?)
            }
        };
        let compared = Snapshot::look(&self.folder, self.wait, |snapshot| {
            let is_there = |snapshot: &Snapshot| Ok::<_, vlive::Error>(snapshot.set(key)?.is_some());
            let (before, was_there, old) = match (remembered, &old, snapshot.before()?) {
                (Some(before), Some(old), _) => (before.commit, true, OldSide::Remembered(old)),
                (Some(before), None, _) => (before.commit, false, OldSide::None),
                // The pages of that commit may have been reused.
                (None, _, Some(before)) => match is_there(&before) {
                    Ok(was_there) => (before.number(), was_there, OldSide::Commit(before.into())),
                    Err(_) => return Ok(None),
                },
                (None, _, None) => return Ok(None),
            };
            let compared = |lines| Ok(Some((before, snapshot.number(), lines)));
            let old = match (&old, is_there(snapshot)?) {
                (OldSide::Remembered(fixture), true) => Side::Fixture(fixture),
                (OldSide::Commit(commit), true) if was_there => Side::Cache(commit),
                (_, is_there) => return compared(unlike(was_there, is_there)),
            };
            let scope = Scope::from(Selection::Set(key.name().to_owned()));
            let mut lines = Vec::new();
            let walked = diff_in::<Stop>(old, Side::Cache(snapshot), &scope, OPTIONS, |difference| {
                push(&mut lines, &difference)
            });
            match walked {
                Err(Stop::Enough) => compared(Ok(lines)),
                Ok(walked) if walked.unread.is_empty() => compared(Ok(or_nothing(lines))),
                Ok(_) | Err(Stop::Cache) => Ok(None),
            }
        });
        let (before, now, lines) = compared.map_err(refused)?.ok_or_else(|| GONE.to_owned())?;
        Ok(Text { title: title(&key.shown(), before, now), lines: lines? })
    }
}

/// A set before its last change.
enum OldSide<'f> {
    None,
    Remembered(&'f Fixture),
    Commit(Box<Snapshot>),
}

fn title(key: &str, before: u64, now: u64) -> String {
    format!("{}  #{before} → #{now}", key_for_terminal(key))
}

/// The text to show if the entry exists on only one side, or on neither.
fn unlike(was_there: bool, is_there: bool) -> Result<Lines, String> {
    match (was_there, is_there) {
        (false, true) => Ok(vec![(Some('+'), "+ the entry was not there".to_owned())]),
        (true, false) => Ok(vec![(Some('-'), "- the entry is gone".to_owned())]),
        _ => Err("the entry is gone".to_owned()),
    }
}

type Lines = Vec<(Option<char>, String)>;

const GONE: &str = "the commit before is not in the file any more; changes from now on are remembered";

const OPTIONS: DiffOptions = DiffOptions { fetched_at: true, order: true };

/// Why a comparison ends early.
enum Stop {
    Enough,
    Cache,
}

impl From<vlive::Error> for Stop {
    fn from(_: vlive::Error) -> Stop {
        Stop::Cache
    }
}

/// Adds the lines of a difference, up to a limit.
fn push(lines: &mut Lines, difference: &Difference) -> Result<(), Stop> {
    for line in difference.lines() {
        let mark = line.change().mark();
        let indent = "  ".repeat(line.level());
        lines.push((Some(mark), format!("{indent}{mark} {}", line.content(key_for_terminal, for_terminal))));
    }
    if lines.len() < LINES { Ok(()) } else { Err(Stop::Enough) }
}

fn or_nothing(mut lines: Lines) -> Lines {
    if lines.is_empty() {
        lines.push((None, "nothing differs".to_owned()));
    }
    lines
}

/// The difference between two values, as lines.
fn lines(key: &Key, old: &[u8], new: &[u8]) -> Lines {
    let mut lines = Vec::new();
    // It ends early only if there are enough lines.
    let _ = diff_values(key.clone(), old, new, OPTIONS, &mut |difference: Difference| push(&mut lines, &difference));
    or_nothing(lines)
}
