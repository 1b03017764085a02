use super::{Areas, Theme, draw};
use crate::browse::reader::Reader;
use crate::browse::state::sample::{NOW, press, sample, settle};
use crate::browse::state::{Change, Dialog, Focus, Input, Narrowed, Node, Plan, Side, State, Text, User};
use crate::browse::{Commands, Place};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;
use vlive::snapshot::{EntryKey, Event, WatchOptions, Watcher};
use vlive::system::stack;
use vlive::{Key, Selection};

fn drawn(state: &State, (width, height): (u16, u16), has_colours: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    terminal.draw(|frame| draw(frame, state, &Theme::new(has_colours))).expect("memory");
    terminal.backend().buffer().clone()
}

/// The lines of a screen, without the spaces at their ends.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in 0..buffer.area.height {
        let mut line = String::new();
        let mut column = 0;
        while column < buffer.area.width {
            let symbol = buffer[(column, row)].symbol();
            line.push_str(symbol);
            // A wide character covers the cells after its own.
            column += u16::try_from(symbol.width().max(1)).expect("a character");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn resize(state: &mut State, (width, height): (u16, u16)) {
    state.update(Input::Height(Areas::of(Rect::new(0, 0, width, height), state.focus).height()));
}

/// No command is asked for anything here.
struct NoCommands;

impl Commands for NoCommands {
    fn now(&self) -> u64 {
        README_NOW
    }

    fn sentence(&self, error: &vlive::Error) -> String {
        error.to_string()
    }

    fn others(&self) -> Vec<String> {
        Vec::new()
    }

    fn find(&self, _: &str) -> Result<(Vec<Place>, bool), String> {
        Err(String::new())
    }

    fn plan(&self, _: &Change) -> Result<Plan, String> {
        Err(String::new())
    }

    fn apply(&self, _: &Change, _: Option<&str>) -> Result<String, String> {
        Err(String::new())
    }
}

/// The clock of the transcripts.
const README_NOW: u64 = 1_770_011_562;

/// A real cache, browsed by these keys.
struct Browsed {
    state: State,
    want: std::sync::mpsc::Sender<crate::browse::state::Wanted>,
    answers: std::sync::mpsc::Receiver<Input>,
}

impl Browsed {
    fn new(cache: &str, size: (u16, u16)) -> Browsed {
        let mut watcher = Watcher::new(cache, vec![Selection::All], WatchOptions::default());
        let mut state = State::new(watcher.path().display().to_string(), README_NOW);
        let mut changes = Vec::new();
        let seen = watcher.look(Duration::from_secs(5), |_, change| {
            changes.push(crate::browse::watching::change(change));
            Ok::<(), vlive::Error>(())
        });
        let seen = seen.expect("the cache is read").expect("there is a commit");
        resize(&mut state, size);
        state.update(Input::User(User::Nobody));
        state.update(Input::Seen { commit: seen.number, is_first: true, changes });
        let (tell, answers) = channel();
        let (want, wanted) = channel();
        let reader = Reader {
            folder: PathBuf::from(cache),
            wait: Duration::from_secs(5),
            commands: Arc::new(NoCommands),
            history: Arc::default(),
            last: RefCell::default(),
            wanted,
            tell,
        };
        thread::spawn(move || stack::with_room(move || reader.run()));
        Browsed { state, want, answers }
    }

    fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            press(&mut self.state, &key.to_string());
            self.read();
        }
        self.read();
    }

    fn read(&mut self) {
        while let Some(wanted) = self.state.settle() {
            self.want.send(wanted).expect("the reader waits");
            self.state.update(self.answers.recv().expect("the reader answers"));
        }
    }
}

/// Compares a screen with the file that holds it; with `UPDATE=1` writes that file.
fn assert_screen(name: &str, screen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens").join(name);
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::write(&path, screen).expect("a screen is written");
    }
    let held = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == screen,
        "{name} is\n{screen}and should be\n{held}`UPDATE=1 cargo test --bin vlive screen` renews it"
    );
}

#[test]
fn the_screen_of_80_by_24_is_in_the_readme() {
    let mut browsed = Browsed::new("tests/caches/bakery", (80, 24));
    browsed.press("\njjj\tj");
    let screen = text(&drawn(&browsed.state, (80, 24), false));
    assert_screen("80x24.txt", &screen);
    assert_in_page("README.md", "`vlive browse`", &screen);
}

/// Compares a screen with the first one in a page that follows a text; with `UPDATE=1` writes it there.
fn assert_in_page(page: &str, after: &str, screen: &str) {
    const BEGIN: &str = "```text\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(&path).expect("a page");
    let after = text.find(after).expect("what it follows");
    let begin = after + text[after..].find(BEGIN).expect("a screen") + BEGIN.len();
    let end = begin + text[begin..].find("```").expect("its end");
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::write(&path, format!("{}{screen}{}", &text[..begin], &text[end..])).expect("a page is written");
    } else {
        assert_eq!(&text[begin..end], screen, "{page}");
    }
}

#[test]
fn a_screen_of_120_by_40_marks_what_has_changed_and_shows_a_row() {
    let mut browsed = Browsed::new("tests/caches/bakery", (120, 40));
    browsed.press("\nG\nj\n\n");
    assert_eq!(browsed.state.focus, Focus::Row);
    let change = |key: &str, event| {
        let key = EntryKey::from(Key::new(key));
        let known = browsed.state.tree.known(&Node::of(&key)).copied();
        (key, event, known.filter(|_| event != Event::Removed))
    };
    let changes = vec![
        change("orders/page_1", Event::Replaced),
        change("orders/page_2", Event::Touched),
        change("orders/page_3", Event::Removed),
    ];
    browsed.state.update(Input::User(User::Process("process 4711 (bakery)".to_owned())));
    browsed.state.update(Input::Seen { commit: 25, is_first: false, changes });
    browsed.press("");
    assert_screen("120x40.txt", &text(&drawn(&browsed.state, (120, 40), true)));
}

#[test]
fn a_screen_of_200_by_60_has_room_for_wide_letters_and_emoji() {
    let mut browsed = Browsed::new("tests/caches/values", (200, 60));
    browsed.press("\nj\t");
    assert_screen("200x60.txt", &text(&drawn(&browsed.state, (200, 60), true)));
}

#[test]
fn a_screen_of_unusual_keys_escapes_control_characters() {
    let mut browsed = Browsed::new("tests/caches/odd-keys", (80, 24));
    browsed.press("/page\n");
    let screen = text(&drawn(&browsed.state, (80, 24), true));
    assert!(!screen.lines().any(|line| line.chars().any(char::is_control)), "{screen}");
    assert_screen("unusual-keys.txt", &screen);
}

#[test]
fn a_screen_of_sets_has_readable_names_and_missing_rows() {
    let mut browsed = Browsed::new("tests/caches/diorama/cache.redb", (120, 40));
    browsed.press("j");
    assert_screen("sets.txt", &text(&drawn(&browsed.state, (120, 40), true)));
    let mut browsed = Browsed::new("tests/caches/diorama/augmented.redb", (120, 40));
    browsed.press("G\t");
    assert_screen("incomplete.txt", &text(&drawn(&browsed.state, (120, 40), true)));
}

#[test]
fn a_screen_of_the_keys_shows_all_of_them() {
    let mut state = sample();
    resize(&mut state, (80, 24));
    press(&mut state, "?");
    let screen = text(&drawn(&state, (80, 24), false));
    assert_screen("keys.txt", &screen);
    assert_in_page("docs/COMMANDS.md", "## browse", &screen);
}

#[test]
fn a_screen_of_a_plan_names_its_command_and_who_has_the_cache_open() {
    let mut state = sample();
    resize(&mut state, (80, 24));
    let keys = (1..=50).map(|n| format!("clients/page_{n}")).collect();
    let notes = vec!["would delete 50 entries, 93.0 KiB".to_owned()];
    let plan = Plan { command: "vlive invalidate clients".to_owned(), keys, notes, ..Plan::default() };
    state.update(Input::User(User::Process("process 4711 (bakery)".to_owned())));
    state.update(Input::Planned(Change::Invalidate(Node::CacheKey("clients".into()), Narrowed::Stay), Ok(plan)));
    assert_screen("plan.txt", &text(&drawn(&state, (80, 24), true)));
}

#[test]
fn text_from_the_cache_never_reaches_the_screen_raw() {
    let mut state = sample();
    resize(&mut state, (200, 60));
    settle(&mut state);
    let lines = vec![(Some('+'), "\u{1b}[2J\u{202e}".to_owned())];
    let text_of_cache = Text { title: "\u{1b}]0;x\u{7}".to_owned(), lines };
    state.dialog = Some(Dialog::Text { text: text_of_cache, top: 0 });
    state.trouble = Some("\u{9b}31m".to_owned());
    state.user = User::Process("a\u{1b}b".to_owned());
    for keys in ["", "\u{1b}", "/\u{1b}[31m"] {
        press(&mut state, keys);
        let screen = text(&drawn(&state, (200, 60), true));
        assert!(!screen.lines().any(|line| line.chars().any(char::is_control)), "{screen:?}");
        assert!(!screen.contains('\u{202e}'));
    }
    state.dialog = None;
    assert!(text(&drawn(&state, (200, 60), true)).contains("\\u{1b}[31mred"));
}

#[test]
fn without_colour_no_cell_has_any_and_what_has_changed_is_marked() {
    let mut state = sample();
    resize(&mut state, (80, 24));
    for dialog in [false, true] {
        if dialog {
            press(&mut state, "?");
        }
        let buffer = drawn(&state, (80, 24), false);
        let is_plain = |color| matches!(color, Color::Reset);
        assert!(buffer.content().iter().all(|cell| is_plain(cell.fg) && is_plain(cell.bg)));
    }
    state.update(Input::Key(KeyCode::Esc));
    assert!(text(&drawn(&state, (80, 24), false)).contains("~  page_2"));
    state.update(Input::Tick(NOW + 4));
    assert!(!text(&drawn(&state, (80, 24), false)).contains('~'), "for some seconds");
}

#[test]
fn any_size_can_be_drawn() {
    for width in [1, 2, 5, 20, 80, 200] {
        for height in [1, 2, 3, 5, 6, 24, 60] {
            for keys in ["", "\t", "\t\n", "?", "/page", ":", "f"] {
                let mut state = sample();
                resize(&mut state, (width, height));
                press(&mut state, keys);
                settle(&mut state);
                drawn(&state, (width, height), true);
            }
        }
    }
}

#[test]
fn a_click_is_on_the_line_under_it() {
    let areas = Areas::of(Rect::new(0, 0, 80, 24), Focus::Keys);
    for (column, row, line) in [
        (5, 2, Some((Side::Left, 0))),
        (5, 20, Some((Side::Left, 18))),
        (40, 3, Some((Side::Right, 1))),
        // The border, the heading and the status lines are on no line.
        (5, 0, None),
        (5, 1, None),
        (5, 21, None),
        (5, 22, None),
    ] {
        assert_eq!(areas.line_at(column, row), line, "{column} {row}");
    }
}
