//! Handles keys, clicks and typed text.

use super::bindings::{self, Action};
use super::content::Content;
use super::dialog::{Asked, Change, Dialog, Narrowed, Prompt};
use super::node::Node;
use super::{Effect, Focus, Side, State};
use crate::output::{human, rows};
use ratatui::crossterm::event::KeyCode;
use vlive::Record;
use vlive::snapshot::{EntryKey, SetKey};

impl State {
    pub(super) fn press(&mut self, code: KeyCode) -> Option<Effect> {
        self.message = None;
        if self.prompt.is_some() {
            return self.press_in_prompt(code);
        }
        if self.dialog.is_some() {
            return self.press_in_dialog(code);
        }
        match bindings::action(code)? {
            Action::Down => self.go(1),
            Action::Up => self.go(-1),
            Action::PageDown => self.go(self.height.cast_signed()),
            Action::PageUp => self.go(-self.height.cast_signed()),
            Action::First => self.go(isize::MIN / 2),
            Action::Last => self.go(isize::MAX / 2),
            Action::In => self.go_in(),
            Action::Right => match &mut self.content {
                Some(content) if self.focus == Focus::Rows => content.column += 1,
                _ => self.go_in(),
            },
            Action::Left => match &mut self.content {
                Some(content) if self.focus == Focus::Rows && content.column > 0 => content.column -= 1,
                _ => self.go_out(),
            },
            Action::Out => self.go_out(),
            Action::Sides if self.focus == Focus::Keys => self.enter_rows(),
            Action::Sides => self.focus = Focus::Keys,
            Action::Filter => {
                self.focus = Focus::Keys;
                self.ask(Asked::Filter, self.tree.filter.clone());
            }
            Action::Condition => self.ask(Asked::Condition, self.condition.clone()),
            Action::Find => self.ask(Asked::Pattern, String::new()),
            Action::NextPlace if self.place + 1 < self.places.len() => self.visit(self.place + 1),
            Action::LastPlace if self.place > 0 => self.visit(self.place - 1),
            Action::NextPlace | Action::LastPlace => self.say("no more places; f finds"),
            Action::Sort => {
                let sort = self.tree.sort.next();
                self.tree.set_sort(sort);
            }
            Action::Pause => self.is_paused = !self.is_paused,
            Action::Difference => return self.of_entry(Effect::Difference),
            Action::Copy => return self.copied().map(Effect::Copy),
            Action::Print => return self.tree.node().map(|node| Effect::Print(node.full_key())),
            Action::Edit => {
                let row = self.row_of_set();
                return self.of_entry(|key| Effect::Plan(Change::Edit(row.map_or(key, EntryKey::Set))));
            }
            Action::Touch => {
                let node = self.tree.node()?.clone();
                self.ask(Asked::Age(node), String::new());
            }
            Action::Invalidate => {
                let node = match self.row_of_set() {
                    Some(row) => Node::Set(row),
                    None => self.tree.node()?.clone(),
                };
                self.doing = Some("planning");
                return Some(Effect::Plan(Change::Invalidate(node, Narrowed::Stay)));
            }
            Action::Help => self.dialog = Some(Dialog::Help { top: 0 }),
            Action::Quit => return Some(Effect::Quit),
        }
        None
    }

    /// The row under the cursor, if it is one of a set, and the cursor is among rows.
    fn row_of_set(&self) -> Option<SetKey> {
        let content = self.content.as_ref().filter(|_| self.focus != Focus::Keys)?;
        let EntryKey::Set(key) = &content.key else { return None };
        Some(key.of_row(&content.row_at(content.row)?.id))
    }

    /// An effect for the entry under the cursor.
    fn of_entry(&mut self, effect: impl FnOnce(EntryKey) -> Effect) -> Option<Effect> {
        let Some(key) = self.tree.node().and_then(Node::key) else {
            self.say("that is for one entry; enter opens a cache key");
            return None;
        };
        self.doing = Some("reading");
        Some(effect(key))
    }

    fn ask(&mut self, what: Asked, text: String) {
        self.prompt = Some(Prompt { what, text });
    }

    fn press_in_prompt(&mut self, code: KeyCode) -> Option<Effect> {
        let prompt = self.prompt.as_mut()?;
        match code {
            KeyCode::Esc => {
                let prompt = self.prompt.take()?;
                match prompt.what {
                    Asked::Filter => self.tree.set_filter(String::new()),
                    Asked::Condition => self.set_condition(String::new()),
                    _ => {}
                }
            }
            KeyCode::Enter | KeyCode::Tab => {
                let Prompt { what, text } = self.prompt.take()?;
                return self.answer(what, text);
            }
            KeyCode::Delete => {
                prompt.text.clear();
                self.typed();
            }
            KeyCode::Backspace if prompt.text.is_empty() => self.prompt = None,
            KeyCode::Backspace => {
                prompt.text.pop();
                self.typed();
            }
            KeyCode::Char(character) => {
                prompt.text.push(character);
                self.typed();
            }
            KeyCode::Down if prompt.what == Asked::Filter => self.go(1),
            KeyCode::Up if prompt.what == Asked::Filter => self.go(-1),
            _ => {}
        }
        None
    }

    /// Updates what follows the prompt while the user types.
    pub(super) fn typed(&mut self) {
        if let Some(Prompt { what: Asked::Filter, text }) = &self.prompt {
            self.tree.set_filter(text.clone());
            self.tree.settle();
            self.tree.go_to_match();
        }
    }

    fn answer(&mut self, what: Asked, text: String) -> Option<Effect> {
        match what {
            Asked::Filter => None,
            Asked::Condition => {
                self.set_condition(text);
                None
            }
            Asked::Pattern if text.is_empty() => None,
            Asked::Pattern => {
                self.doing = Some("searching");
                Some(Effect::Find(text))
            }
            Asked::Age(node) => {
                self.doing = Some("planning");
                Some(Effect::Plan(Change::Touch(node, text)))
            }
            Asked::Backup(change) => {
                self.doing = Some("writing");
                Some(Effect::Apply(change, Some(text).filter(|text| !text.is_empty())))
            }
        }
    }

    fn set_condition(&mut self, condition: String) {
        if self.condition != condition {
            self.condition = condition;
            self.version += 1;
            if let Some(content) = &mut self.content {
                content.renew(self.version);
            }
        }
    }

    fn press_in_dialog(&mut self, code: KeyCode) -> Option<Effect> {
        let height = self.height;
        let dialog = self.dialog.as_mut()?;
        if let Dialog::Plan { change, plan, .. } = dialog {
            let (change, leaves_narrowed) = (change.clone(), plan.leaves_narrowed);
            match code {
                KeyCode::Char('b') => {
                    self.dialog = None;
                    let name = name_of_backup(self.now);
                    self.ask(Asked::Backup(change), name);
                    return None;
                }
                KeyCode::Char('y') => {
                    self.dialog = None;
                    self.doing = Some("writing");
                    return Some(Effect::Apply(change, None));
                }
                KeyCode::Char('n') => {
                    self.dialog = None;
                    return None;
                }
                KeyCode::Char('c') => {
                    let Change::Invalidate(node, narrowed) = change else { return None };
                    let narrowed = match narrowed {
                        Narrowed::Stay if leaves_narrowed => Narrowed::Go,
                        Narrowed::Stay => return None,
                        Narrowed::Go => Narrowed::Stay,
                    };
                    self.doing = Some("planning");
                    return Some(Effect::Plan(Change::Invalidate(node, narrowed)));
                }
                _ => {}
            }
        }
        match bindings::action(code) {
            Some(Action::Down) => dialog.go_by(1, height),
            Some(Action::Up) => dialog.go_by(-1, height),
            Some(Action::PageDown) => dialog.go_by(height.cast_signed(), height),
            Some(Action::PageUp) => dialog.go_by(-height.cast_signed(), height),
            Some(Action::First) => dialog.go_by(isize::MIN / 2, height),
            Some(Action::Last) => dialog.go_by(isize::MAX / 2, height),
            Some(Action::In | Action::Right) => {
                if let Dialog::Places { cursor, .. } = dialog {
                    let place = *cursor;
                    self.dialog = None;
                    self.visit(place);
                }
            }
            Some(Action::Out | Action::Left | Action::Quit | Action::Help | Action::Difference) => self.dialog = None,
            _ => {}
        }
        None
    }

    pub(super) fn click(&mut self, side: Side, line: usize) {
        if self.dialog.is_some() || self.prompt.is_some() || line >= self.height {
            return;
        }
        match (side, &mut self.content) {
            (Side::Left, _) if self.tree.top + line < self.tree.lines.len() => {
                let again = self.focus == Focus::Keys && self.tree.cursor == self.tree.top + line;
                self.focus = Focus::Keys;
                self.tree.cursor = self.tree.top + line;
                if again {
                    self.go_in();
                }
            }
            (Side::Right, Some(content)) if self.focus != Focus::Row => {
                let row = content.top + line;
                if row >= content.len() {
                    return;
                }
                let again = self.focus == Focus::Rows && content.row == row;
                content.row = row;
                self.focus = if again { Focus::Row } else { Focus::Rows };
            }
            _ => {}
        }
    }

    /// Moves by some lines.
    pub(super) fn go(&mut self, lines: isize) {
        let height = self.height;
        match (&mut self.dialog, self.focus, &mut self.content) {
            (Some(dialog), ..) => dialog.go_by(lines, height),
            (None, Focus::Rows, Some(content)) => content.go_by(lines),
            (None, Focus::Row, Some(content)) => {
                content.scroll = content.scroll.saturating_add_signed(lines).min(u16::MAX.into());
            }
            _ => self.tree.go_by(lines),
        }
    }

    fn enter_rows(&mut self) {
        if self.content.as_ref().is_some_and(Content::can_be_entered) {
            self.focus = Focus::Rows;
        }
    }

    fn go_in(&mut self) {
        match (self.focus, &mut self.content) {
            (Focus::Keys, None) => self.tree.toggle(),
            (Focus::Keys, Some(_)) => self.enter_rows(),
            (Focus::Rows, Some(content)) if content.len() > 0 => {
                content.scroll = 0;
                self.focus = Focus::Row;
            }
            _ => {}
        }
    }

    fn go_out(&mut self) {
        match self.focus {
            Focus::Row => self.focus = Focus::Rows,
            Focus::Rows => self.focus = Focus::Keys,
            Focus::Keys if !self.tree.filter.is_empty() => self.tree.set_filter(String::new()),
            Focus::Keys if !self.condition.is_empty() => self.set_condition(String::new()),
            Focus::Keys => self.tree.leave(),
        }
    }

    fn copied(&self) -> Option<String> {
        match (self.focus, &self.content) {
            (Focus::Rows | Focus::Row, Some(content)) => content.row_at(content.row).map(|row| json_of(&row.record)),
            _ => self.tree.node().map(Node::full_key),
        }
    }
}

/// The suggested name of a backup file.
fn name_of_backup(now: u64) -> String {
    format!("vlive-backup-{}.jsonl", human::time(now).replace(':', ""))
}

fn json_of(record: &Record) -> String {
    let mut text = Vec::new();
    rows::push_record(&mut text, record);
    String::from_utf8(text).expect("JSON is text")
}
