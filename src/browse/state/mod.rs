//! The state machine: events in, effects out. Nothing here draws, reads or waits.

pub mod bindings;
mod content;
mod dialog;
mod node;
mod press;
#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod tests;
mod tree;

pub use content::{Answer, Content, Row, Wanted, Window};
pub use dialog::{Change, Dialog, Narrowed, Place, Plan, Prompt, Text};
pub use node::{Known, Node, Summary, group_of, mark};
use ratatui::crossterm::event::KeyCode;
pub use tree::{Line, Tree};
use vlive::snapshot::{EntryKey, Event};

/// An event.
#[derive(Clone, Debug)]
pub enum Input {
    Key(KeyCode),
    /// Pasted text, which is not taken for keys.
    Paste(String),
    /// A click on a line of a pane, counted from the one below the heading.
    Click(Side, usize),
    /// Lines to move by.
    Scroll(isize),
    /// Lines of each pane below the heading.
    Height(usize),
    /// The time, in seconds since 1970.
    Tick(u64),
    /// A commit, and the entries that it changed.
    Seen {
        commit: u64,
        is_first: bool,
        changes: Vec<(EntryKey, Event, Option<Known>)>,
    },
    /// What the file holds where it holds no entries.
    Others(Vec<String>),
    /// The cache cannot be read.
    Trouble(String),
    /// Who has the cache open.
    User(User),
    /// Rows that were requested.
    Answer(Answer),
    /// The places where a pattern was found, and whether these are all of them.
    Found(String, Result<(Vec<Place>, bool), String>),
    /// The last change of an entry.
    Differs(Result<Text, String>),
    Planned(Change, Result<Plan, String>),
    /// The summary of a change.
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

/// A request to the world outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Copy(String),
    Quit,
    /// Quit and print a key.
    Print(String),
    /// The answer to each of these is an input.
    Find(String),
    Difference(EntryKey),
    Plan(Change),
    /// With the backup file.
    Apply(Change, Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Keys,
    Rows,
    /// One row as JSON.
    Row,
}

/// A message in the status line.
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
    /// What the file holds where it holds no entries.
    pub others: Vec<String>,
    /// Who has the cache open.
    pub user: User,
    pub focus: Focus,
    pub tree: Tree,
    pub content: Option<Content>,
    /// The `--where` filter of rows; empty for none.
    pub condition: String,
    pub prompt: Option<Prompt>,
    pub dialog: Option<Dialog>,
    pub is_paused: bool,
    pub message: Option<Message>,
    /// A job that is running.
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
            others: Vec::new(),
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

    /// Handles an event.
    pub fn update(&mut self, input: Input) -> Option<Effect> {
        let effect = match input {
            // Commits can arrive faster than they can be drawn.
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

    /// Prepares the state for drawing; returns a request if visible rows have not been read.
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
            Input::Others(others) => self.others = others,
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
            Input::Differs(text) => {
                self.doing = None;
                match text {
                    Ok(text) => self.dialog = Some(Dialog::Text { text, top: 0 }),
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

    /// Makes the right pane show the entry under the cursor.
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
            Ok((places, _)) if places.is_empty() => self.say(format!("`{pattern}` was not found")),
            Ok((places, are_all)) => {
                let number = places.len();
                let title = format!("`{pattern}`: {}{number} found", if are_all { "" } else { "the first " });
                self.places.clone_from(&places);
                self.place = 0;
                self.dialog = Some(Dialog::Places { title, places, cursor: 0, top: 0 });
            }
        }
    }

    /// Goes to a place where the pattern was found.
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
}
