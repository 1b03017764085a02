//! What is on the screen, and what becomes of it: events in, state and effects out. Nothing here draws, reads or
//! waits.

mod content;
mod dialog;
pub mod keys;
#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod tests;
mod tree;

pub use content::{Answer, Content, Row, Wanted, Window};
pub use dialog::{Asked, Change, Dialog, Place, Plan, Prompt};
use keys::Action;
use ratatui::crossterm::event::KeyCode;
pub use tree::{Known, Line, Node, Summary, Tree, group_of, mark};
use vlive::snapshot::{EntryKey, Event};

/// What happens.
#[derive(Clone, Debug)]
pub enum Input {
    Key(KeyCode),
    /// Text that was pasted: it presses no keys.
    Paste(String),
    /// A click on a line of a side, counted from the one below its heading.
    Click(Side, usize),
    /// Lines to move by.
    Scroll(isize),
    /// Lines that each side has below its heading.
    Height(usize),
    /// The time, in seconds since 1970.
    Tick(u64),
    /// A commit: what each entry that differs is now, `None` if it is gone.
    Seen {
        commit: u64,
        is_first: bool,
        changes: Vec<(EntryKey, Event, Option<Known>)>,
    },
    /// The cache cannot be read.
    Trouble(String),
    /// Who has the cache open.
    User(User),
    /// Rows that were wanted.
    Answer(Answer),
    /// Where a pattern was found, and whether these are all places.
    Found(String, Result<(Vec<Place>, bool), String>),
    /// What differs from before, and its title.
    Differs(Result<(String, Vec<(Option<char>, String)>), String>),
    Planned(Change, Result<Plan, String>),
    /// What a change has done.
    Changed(Result<String, String>),
}

/// Who has the cache open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum User {
    /// The system does not say.
    #[default]
    Unknown,
    Nobody,
    Process(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Copy(String),
    Quit,
    /// End, and print a key.
    Print(String),
    /// Each of these comes back as an input.
    Find(String),
    Difference(EntryKey),
    Plan(Change),
    /// With the file for a backup.
    Apply(Change, Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Keys,
    Rows,
    /// One row as JSON.
    Row,
}

/// A line about what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    pub is_error: bool,
}

#[derive(Clone, Debug)]
pub struct State {
    pub path: String,
    pub now: u64,
    pub commit: Option<u64>,
    pub trouble: Option<String>,
    /// Who has the cache open.
    pub user: User,
    pub focus: Focus,
    pub tree: Tree,
    pub content: Option<Content>,
    /// The `--where` filter of rows, or nothing.
    pub condition: String,
    pub prompt: Option<Prompt>,
    pub dialog: Option<Dialog>,
    pub is_paused: bool,
    pub message: Option<Message>,
    /// What is being done outside.
    pub doing: Option<&'static str>,
    places: Vec<Place>,
    place: usize,
    version: u64,
    height: usize,
}

impl State {
    pub fn new(path: String, now: u64) -> State {
        State {
            path,
            now,
            commit: None,
            trouble: None,
            user: User::Unknown,
            focus: Focus::Keys,
            tree: Tree::default(),
            content: None,
            condition: String::new(),
            prompt: None,
            dialog: None,
            is_paused: false,
            message: None,
            doing: None,
            places: Vec::new(),
            place: 0,
            version: 0,
            height: 1,
        }
    }

    /// Takes an event; gives what is to be done.
    pub fn update(&mut self, input: Input) -> Option<Effect> {
        let effect = match input {
            // Commits may come faster than they can be shown.
            Input::Seen { commit, is_first, changes } => {
                self.see(commit, is_first, changes);
                return None;
            }
            input => {
                self.tree.settle();
                self.react(input)
            }
        };
        self.tree.settle();
        self.follow();
        effect
    }

    /// Gets ready to be drawn; gives the rows that are then in sight and not yet read.
    pub fn settle(&mut self) -> Option<Wanted> {
        self.tree.settle();
        self.tree.keep_in_sight(self.height);
        self.follow();
        self.content.as_mut()?.settle(self.height, &self.condition)
    }

    fn react(&mut self, input: Input) -> Option<Effect> {
        match input {
            Input::Key(code) => return self.press(code),
            Input::Paste(text) => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.text.extend(text.chars().filter(|character| !character.is_control()));
                    self.typed();
                }
            }
            Input::Click(side, line) => self.click(side, line),
            Input::Scroll(lines) => self.go(lines),
            Input::Height(height) => self.height = height.max(1),
            Input::Tick(now) => {
                self.now = now;
                if !self.is_paused {
                    self.tree.tick(now);
                }
            }
            Input::Trouble(trouble) => self.trouble = Some(trouble),
            Input::User(user) => self.user = user,
            Input::Answer(answer) => {
                if let Some(content) = &mut self.content {
                    content.take(answer);
                    if !content.can_be_entered() {
                        self.focus = Focus::Keys;
                    }
                }
            }
            Input::Found(pattern, found) => self.found(&pattern, found),
            Input::Differs(lines) => {
                self.doing = None;
                match lines {
                    Ok((title, lines)) => self.dialog = Some(Dialog::Text { title, lines, top: 0 }),
                    Err(why) => self.complain(why),
                }
            }
            Input::Planned(change, plan) => {
                self.doing = None;
                match plan {
                    Ok(plan) => self.dialog = Some(Dialog::Plan { change, plan, top: 0 }),
                    Err(why) => self.complain(why),
                }
            }
            Input::Changed(done) => {
                self.doing = None;
                match done {
                    Ok(text) => self.say(text),
                    Err(why) => self.complain(why),
                }
            }
            Input::Seen { .. } => unreachable!("taken before"),
        }
        None
    }

    fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), is_error: false });
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.message = Some(Message { text: text.into(), is_error: true });
    }

    fn see(&mut self, commit: u64, is_first: bool, changes: Vec<(EntryKey, Event, Option<Known>)>) {
        self.commit = Some(commit);
        self.trouble = None;
        for (key, event, known) in changes {
            if let Some(content) = self.content.as_mut().filter(|content| content.key == key) {
                self.version += 1;
                content.renew(self.version);
            }
            self.tree.see(&key, known, (!is_first).then_some((event, self.now)));
        }
    }

    /// Has the right side show what the cursor is on.
    fn follow(&mut self) {
        let key = self.tree.node().and_then(Node::key);
        if self.content.as_ref().map(|content| &content.key) == key.as_ref() {
            return;
        }
        self.version += 1;
        self.content = key.map(|key| Content::new(key, self.version, None));
        self.focus = Focus::Keys;
    }

    fn found(&mut self, pattern: &str, found: Result<(Vec<Place>, bool), String>) {
        self.doing = None;
        match found {
            Err(why) => self.complain(why),
            Ok((places, _)) if places.is_empty() => self.say(format!("`{pattern}` is nowhere")),
            Ok((places, are_all)) => {
                let number = places.len();
                let title = format!("`{pattern}`: {}{number} found", if are_all { "" } else { "the first " });
                self.places.clone_from(&places);
                self.place = 0;
                self.dialog = Some(Dialog::Places { title, places, cursor: 0, top: 0 });
            }
        }
    }

    /// Goes to a place that was found.
    fn visit(&mut self, place: usize) {
        let Some(Place { key, id, .. }) = self.places.get(place).cloned() else { return };
        self.place = place;
        if !self.tree.reveal(&key) {
            return self.say(format!("`{}` is gone", key.shown()));
        }
        self.follow();
        self.condition.clear();
        if let (Some(id), Some(content)) = (id, &mut self.content) {
            content.go_to(id);
            self.focus = Focus::Rows;
        }
        self.say(format!("{} of {} places; n next, N before", place + 1, self.places.len()));
    }

    fn press(&mut self, code: KeyCode) -> Option<Effect> {
        self.message = None;
        if self.prompt.is_some() {
            return self.press_in_prompt(code);
        }
        if self.dialog.is_some() {
            return self.press_in_dialog(code);
        }
        match keys::action(code)? {
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
            Action::Edit => return self.of_entry(|key| Effect::Plan(Change::Edit(key))),
            Action::Touch => {
                let node = self.tree.node()?.clone();
                self.ask(Asked::Age(node), String::new());
            }
            Action::Invalidate => {
                let node = self.tree.node()?.clone();
                self.doing = Some("looking what goes");
                return Some(Effect::Plan(Change::Invalidate(node)));
            }
            Action::Help => self.dialog = Some(Dialog::Help { top: 0 }),
            Action::Quit => return Some(Effect::Quit),
        }
        None
    }

    /// An effect on the entry under the cursor.
    fn of_entry(&mut self, effect: impl FnOnce(EntryKey) -> Effect) -> Option<Effect> {
        match self.tree.node().and_then(Node::key) {
            Some(key) => {
                self.doing = Some("reading");
                Some(effect(key))
            }
            None => {
                self.say("that is for one entry; enter opens a cache key");
                None
            }
        }
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

    /// What follows as one types.
    fn typed(&mut self) {
        if let Some(Prompt { what: Asked::Filter, text }) = &self.prompt {
            self.tree.set_filter(text.clone());
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
                self.doing = Some("looking what is touched");
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
        if let Dialog::Plan { change, .. } = dialog {
            let change = change.clone();
            match code {
                KeyCode::Char('b') => {
                    self.dialog = None;
                    let name = vlive_backup(self.now);
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
                _ => {}
            }
        }
        match keys::action(code) {
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

    fn click(&mut self, side: Side, line: usize) {
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

    /// Moves by so many lines.
    fn go(&mut self, lines: isize) {
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

/// A name for a backup that is made now.
fn vlive_backup(now: u64) -> String {
    format!("vlive-backup-{}.jsonl", crate::output::human::time(now).replace(':', ""))
}

fn json_of(record: &vlive::Record) -> String {
    let mut text = Vec::new();
    crate::output::rows::push_record(&mut text, record);
    String::from_utf8(text).expect("JSON is text")
}
