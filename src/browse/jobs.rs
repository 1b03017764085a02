//! Slow work that must not block the screen, one job at a time.

use super::Commands;
use super::state::{Effect, Input, Text};
use super::watching::{Before, History};
use crate::output::escape::{for_terminal, key_for_terminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;
use vlive::ops::{DiffOptions, Difference, diff_values};
use vlive::snapshot::EntryKey;
use vlive::{Key, Snapshot};

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
        let EntryKey::Live(key) = key else {
            return Err(
                "what sets of diorama were before is not remembered; `vlive diff` compares two caches".to_owned()
            );
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
            return Err("the commit before is not in the file any more; changes from now on are remembered".to_owned());
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
}

/// The difference between two values, as lines.
fn lines(key: &Key, old: &[u8], new: &[u8]) -> Vec<(Option<char>, String)> {
    let options = DiffOptions { fetched_at: true, order: true };
    let mut lines = Vec::new();
    // More lines than this help nobody.
    let _ = diff_values(key.clone(), old, new, options, &mut |difference: Difference| {
        for line in difference.lines() {
            let mark = line.change().mark();
            let indent = "  ".repeat(line.level());
            lines.push((Some(mark), format!("{indent}{mark} {}", line.content(key_for_terminal, for_terminal))));
        }
        if lines.len() < LINES { Ok(()) } else { Err(()) }
    });
    if lines.is_empty() {
        lines.push((None, "nothing differs".to_owned()));
    }
    lines
}
