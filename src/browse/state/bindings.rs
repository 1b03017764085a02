//! Key bindings, and the option or command equivalent to each.

use ratatui::crossterm::event::KeyCode;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    In,
    Right,
    Left,
    Out,
    Sides,
    Filter,
    Condition,
    Find,
    NextPlace,
    LastPlace,
    Sort,
    Pause,
    Difference,
    Copy,
    Print,
    Edit,
    Touch,
    Invalidate,
    Help,
    Quit,
}

pub struct Binding {
    pub codes: &'static [KeyCode],
    pub action: Action,
    /// The keys, what they do, and the equivalent on the command line. Without keys, the binding before explains this
    /// one too.
    pub keys: &'static str,
    pub what: &'static str,
    pub command: &'static str,
}

const fn char(character: char) -> KeyCode {
    KeyCode::Char(character)
}

/// Every key binding outside of prompts and dialogs.
#[rustfmt::skip]
pub const BINDINGS: [Binding; 26] = [
    Binding { codes: &[KeyCode::Down, char('j')], action: Action::Down, keys: "j k  arrows", what: "move; so do the mouse wheel and clicks", command: "" },
    Binding { codes: &[KeyCode::Up, char('k')], action: Action::Up, keys: "", what: "", command: "" },
    Binding { codes: &[KeyCode::PageDown], action: Action::PageDown, keys: "PgDn PgUp", what: "move by a page", command: "" },
    Binding { codes: &[KeyCode::PageUp], action: Action::PageUp, keys: "", what: "", command: "" },
    Binding { codes: &[KeyCode::Home, char('g')], action: Action::First, keys: "g G  Home End", what: "first line, last line", command: "" },
    Binding { codes: &[KeyCode::End, char('G')], action: Action::Last, keys: "", what: "", command: "" },
    Binding { codes: &[KeyCode::Enter], action: Action::In, keys: "enter", what: "go in: entries, rows, one row as JSON", command: "ls, show, dump" },
    Binding { codes: &[KeyCode::Right, char('l')], action: Action::Right, keys: "l  right", what: "go in; in a table, the next column", command: "show --fields" },
    Binding { codes: &[KeyCode::Left, char('h')], action: Action::Left, keys: "h  left", what: "go out; in a table, the column before", command: "" },
    Binding { codes: &[KeyCode::Esc, KeyCode::Backspace], action: Action::Out, keys: "esc", what: "go out; end a filter", command: "" },
    Binding { codes: &[KeyCode::Tab, KeyCode::BackTab], action: Action::Sides, keys: "tab", what: "the other pane", command: "" },
    Binding { codes: &[char('/')], action: Action::Filter, keys: "/", what: "show only keys that match, as you type", command: "browse SELECTION" },
    Binding { codes: &[char(':')], action: Action::Condition, keys: ":", what: "show only rows that match a jq filter", command: "show --where" },
    Binding { codes: &[char('f')], action: Action::Find, keys: "f", what: "find a text anywhere, and go there", command: "find" },
    Binding { codes: &[char('n')], action: Action::NextPlace, keys: "n N", what: "next place found, the one before", command: "" },
    Binding { codes: &[char('N')], action: Action::LastPlace, keys: "", what: "", command: "" },
    Binding { codes: &[char('s')], action: Action::Sort, keys: "s", what: "sort by key, age, size or rows", command: "ls --sort" },
    Binding { codes: &[char(' ')], action: Action::Pause, keys: "space", what: "pause updates, resume", command: "" },
    Binding { codes: &[char('d')], action: Action::Difference, keys: "d", what: "show the last change of the entry", command: "watch --diff" },
    Binding { codes: &[char('y')], action: Action::Copy, keys: "y", what: "copy the key, or the row as JSON (OSC 52)", command: "" },
    Binding { codes: &[char('o')], action: Action::Print, keys: "o", what: "quit, and print the key", command: "dump $(vlive browse)" },
    Binding { codes: &[char('e')], action: Action::Edit, keys: "e", what: "edit the entry in an editor", command: "edit" },
    Binding { codes: &[char('t')], action: Action::Touch, keys: "t", what: "set when the entries were fetched", command: "touch --age" },
    Binding { codes: &[char('x')], action: Action::Invalidate, keys: "x", what: "delete the entries, after a preview", command: "invalidate" },
    Binding { codes: &[char('?')], action: Action::Help, keys: "?", what: "this help", command: "browse --help" },
    Binding { codes: &[char('q')], action: Action::Quit, keys: "q  Ctrl-C", what: "quit; Ctrl-Z suspends", command: "" },
];

/// The bindings as the help lists them, some in pairs.
pub fn help() -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(|binding| !binding.keys.is_empty())
}

/// What a key does.
pub fn action(code: KeyCode) -> Option<Action> {
    BINDINGS.iter().find(|binding| binding.codes.contains(&code)).map(|binding| binding.action)
}
