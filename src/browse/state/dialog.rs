//! What stands over the two sides: text that is typed, and pages that are answered or closed.

use super::node::Node;
use vlive::snapshot::EntryKey;

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub what: Asked,
    pub text: String,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Which keys are shown; they follow as one types.
    Filter,
    /// Which rows are shown.
    Condition,
    /// What to find.
    Pattern,
    /// How long ago the entries were fetched that are touched.
    Age(Node),
    /// The file for a backup of what a change replaces or removes.
    Backup(Change),
}

impl Prompt {
    /// What stands before the text.
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

/// A change of entries, as a command makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Edit(EntryKey),
    /// With the age as it was typed; nothing stands for now.
    Touch(Node, String),
    Invalidate(Node),
}

impl Change {
    pub fn verb(&self) -> &'static str {
        match self {
            Change::Edit(_) => "edit",
            Change::Touch(..) => "touch",
            Change::Invalidate(_) => "invalidate",
        }
    }
}

/// What a change would do, before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The command that does the same.
    pub command: String,
    /// The keys of the entries.
    pub keys: Vec<String>,
    /// What it comes to, and what there is to know.
    pub notes: Vec<String>,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: EntryKey,
    /// The row, unless it is the key that matches.
    pub id: Option<String>,
    /// The field and its value.
    pub text: String,
}

/// Lines of text, each with the mark of a difference or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub lines: Vec<(Option<char>, String)>,
}

/// A page over the two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Help { top: usize },
    Text { text: Text, top: usize },
    Places { title: String, places: Vec<Place>, cursor: usize, top: usize },
    Plan { change: Change, plan: Plan, top: usize },
}

impl Dialog {
    /// The lines that can be scrolled through.
    fn len(&self) -> usize {
        match self {
            Dialog::Help { .. } => super::keys::help().count(),
            Dialog::Text { text, .. } => text.lines.len(),
            Dialog::Places { places, .. } => places.len(),
            Dialog::Plan { plan, .. } => plan.keys.len(),
        }
    }

    /// Lines of this height that are not for what can be scrolled.
    pub fn fixed(&self) -> usize {
        match self {
            Dialog::Plan { plan, .. } => plan.notes.len() + 3,
            _ => 0,
        }
    }

    /// Moves by so many lines, `height` of which can be seen.
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
