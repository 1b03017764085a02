//! Slow work that must not block the screen, one job at a time.

use super::Commands;
use super::state::{Effect, Input, Text};
use super::watching::{Before, History};
use crate::output::escape::{for_terminal, key_for_terminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;
use vlive::ops::{DiffOptions, Difference, Scope, Side, diff_in, diff_values};
use vlive::snapshot::{EntryKey, SetKey};
use vlive::{Key, Selection, Snapshot};

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
        let key = match key {
            EntryKey::Live(key) => key,
            EntryKey::Set(key) => return self.difference_of_set(key),
        };
        let sentence = |error| self.commands.sentence(&error);
        let remembered = self.history.get(key);
        let (number, now, before) = Snapshot::look(&self.folder, self.wait, |snapshot| {
            let value =
                |snapshot: &Snapshot| Ok::<_, vlive::Error>(snapshot.entry(key)?.map(|entry| entry.value().to_owned()));
            let before = match (&remembered, snapshot.before()?) {
                (Some(before), _) => Some(before.clone()),
                // The pages of that commit may have been reused.
                (None, Some(before)) => value(&before).ok().map(|value| Before { commit: before.number(), value }),
                (None, None) => None,
            };
            Ok((snapshot.number(), value(snapshot)?, before))
        })
        .map_err(sentence)?;
        let Some(before) = before else {
            return Err(format!("{GONE}; changes from now on are remembered"));
        };
        let title = format!("{}  #{} → #{number}", key_for_terminal(&key.to_string()), before.commit);
        let lines = match (before.value, now) {
            (None, None) => return Err("the entry is gone".to_owned()),
            (None, Some(_)) => vec![(Some('+'), "+ the entry was not there".to_owned())],
            (Some(_), None) => vec![(Some('-'), "- the entry is gone".to_owned())],
            (Some(old), Some(new)) => lines(key, &old, &new),
        };
        Ok(Text { title, lines })
    }

    /// What differs in a set between the last two commits.
    fn difference_of_set(&self, key: &SetKey) -> Result<Text, String> {
        let scope = Scope::new(vec![Selection::prefix(key.name())]);
        let compared = Snapshot::look(&self.folder, self.wait, |snapshot| {
            let Some(before) = snapshot.before()? else { return Ok(None) };
            let mut lines = Vec::new();
            let (old, new) = (Side::Cache(&before), Side::Cache(snapshot));
            let compared = diff_in::<Stop>(old, new, &scope, OPTIONS, |difference| push(&mut lines, &difference));
            Ok(match compared {
                Err(Stop::Enough) => Some((before.number(), snapshot.number(), lines)),
                Ok(walked) if walked.unread.is_empty() => Some((before.number(), snapshot.number(), lines)),
                // The pages of that commit may have been reused.
                Ok(_) | Err(Stop::Cache) => None,
            })
        });
        let compared = compared.map_err(|error| self.commands.sentence(&error))?;
        let Some((before, now, lines)) = compared else { return Err(GONE.to_owned()) };
        let title = format!("{}  #{before} → #{now}", key_for_terminal(&key.shown()));
        Ok(Text { title, lines: or_nothing(lines) })
    }
}

const GONE: &str = "the commit before is not in the file any more";

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
fn push(lines: &mut Vec<(Option<char>, String)>, difference: &Difference) -> Result<(), Stop> {
    for line in difference.lines() {
        let mark = line.change().mark();
        let indent = "  ".repeat(line.level());
        lines.push((Some(mark), format!("{indent}{mark} {}", line.content(key_for_terminal, for_terminal))));
    }
    if lines.len() < LINES { Ok(()) } else { Err(Stop::Enough) }
}

fn or_nothing(mut lines: Vec<(Option<char>, String)>) -> Vec<(Option<char>, String)> {
    if lines.is_empty() {
        lines.push((None, "nothing differs".to_owned()));
    }
    lines
}

/// The difference between two values, as lines.
fn lines(key: &Key, old: &[u8], new: &[u8]) -> Vec<(Option<char>, String)> {
    let mut lines = Vec::new();
    // It ends early only if there are enough lines.
    let _ = diff_values(key.clone(), old, new, OPTIONS, &mut |difference: Difference| push(&mut lines, &difference));
    or_nothing(lines)
}
