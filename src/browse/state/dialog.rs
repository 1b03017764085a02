//! Prompts and dialogs.

use super::node::Node;
use vlive::snapshot::EntryKey;

/// A line of text being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub what: Asked,
    pub text: String,
}

/// What a prompt asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Which keys to show, updated as the user types.
    Filter,
    /// Which rows to show.
    Condition,
    /// What to find.
    Pattern,
    /// The new age of the entries to touch.
    Age(Node),
    /// The backup file for what a change replaces or removes.
    Backup(Change),
}

impl Prompt {
    /// The text before the input.
    pub fn label(&self) -> String {
        match &self.what {
            Asked::Filter => "/".to_owned(),
            Asked::Condition => "rows where: ".to_owned(),
            Asked::Pattern => "find: ".to_owned(),
            Asked::Age(_) => "touch, fetched how long ago (nothing: now): ".to_owned(),
            Asked::Backup(_) => "backup file: ".to_owned(),
        }
    }
}

/// Whether narrowed copies of a set of diorama are taken with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrowed {
    Stay,
    Go,
}

/// A change that a command makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Edit(EntryKey),
    /// With the age as typed; empty for now.
    Touch(Node, String),
    /// With the narrowed copies of a set or not.
    Invalidate(Node, Narrowed),
}

impl Change {
    pub fn verb(&self) -> &'static str {
        match self {
            Change::Edit(_) => "edit",
            Change::Touch(..) => "touch",
            Change::Invalidate(..) => "invalidate",
        }
    }
}

/// What a change would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The command that makes the same change.
    pub command: String,
    /// The keys of the entries.
    pub keys: Vec<String>,
    /// A summary.
    pub notes: Vec<String>,
    /// Whether there are narrowed copies that the change could take as well.
    pub leaves_narrowed: bool,
}

/// A place where the pattern was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: EntryKey,
    /// The row id; `None` if the key matches.
    pub id: Option<String>,
    /// The field and its value.
    pub text: String,
}

/// Lines of text; lines of a difference have a mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub lines: Vec<(Option<char>, String)>,
}

/// A dialog over the two panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Help { top: usize },
    Text { text: Text, top: usize },
    Places { title: String, places: Vec<Place>, cursor: usize, top: usize },
    Plan { change: Change, plan: Plan, top: usize },
}

impl Dialog {
    /// The number of lines that scroll.
    fn len(&self) -> usize {
        match self {
            Dialog::Help { .. } => super::bindings::help().count(),
            Dialog::Text { text, .. } => text.lines.len(),
            Dialog::Places { places, .. } => places.len(),
            Dialog::Plan { plan, .. } => plan.keys.len(),
        }
    }

    /// The number of lines that do not scroll.
    pub fn fixed(&self) -> usize {
        match self {
            Dialog::Plan { plan, .. } => plan.notes.len() + 3,
            _ => 0,
        }
    }

    /// Moves by some lines; `height` lines are visible.
    pub fn go_by(&mut self, by: isize, height: usize) {
        let (len, height) = (self.len(), height.saturating_sub(self.fixed()).max(1));
        match self {
            Dialog::Help { top } | Dialog::Text { top, .. } | Dialog::Plan { top, .. } => {
                *top = top.saturating_add_signed(by).min(len.saturating_sub(height));
            }
            Dialog::Places { cursor, top, .. } => {
                *cursor = cursor.saturating_add_signed(by).min(len.saturating_sub(1));
                *top = (*top).clamp(cursor.saturating_sub(height - 1), *cursor);
            }
        }
    }
}
