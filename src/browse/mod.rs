//! The browser: a cache on the screen, kept up with its app. Events become state (`state`), state becomes the screen
//! (`draw`). Beside the screen one thread watches the cache, one reads the rows that are in sight, and one does what
//! takes a while; here is what waits for all of them.

mod draw;
mod jobs;
mod reader;
mod state;
mod terminal;
mod watching;

use crate::filter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use draw::{Areas, Theme};
use jobs::Jobs;
use ratatui::crossterm::event::{
    self, Event as Occurrence, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use ratatui::layout::Rect;
use reader::Reader;
pub use state::{Change, Node, Place, Plan};
use state::{Effect, Focus, Input, State, Wanted};
use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
pub use terminal::give_back;
use terminal::{Screen, Stops};
use vlive::snapshot::{EntryKey, WatchOptions, Watcher};
use vlive::{Error, Selection};
use watching::History;

/// How long to wait for a key before the clock and the cache are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How long a frame waits for the rows that it is to show.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long a key waits for the rows that it is to move among.
const PATIENCE_OF_KEYS: Duration = Duration::from_millis(500);

/// How long the first screen waits for the cache to be read.
const FIRST: Duration = Duration::from_secs(1);

/// What the commands of the program do for the browser.
pub trait Commands: Send + Sync {
    /// The time in seconds since 1970.
    fn now(&self) -> u64;

    /// An error in words.
    fn sentence(&self, error: &Error) -> String;

    /// Where a pattern is, and whether these are all places.
    fn find(&self, pattern: &str) -> Result<(Vec<Place>, bool), String>;

    /// What a change would do.
    fn plan(&self, change: &Change) -> Result<Plan, String>;

    /// Makes a change, with a backup of what it replaces or removes in this file; tells what was done.
    fn apply(&self, change: &Change, backup: Option<&str>) -> Result<String, String>;
}

/// What is browsed.
pub struct Browsing<'b> {
    pub folder: PathBuf,
    pub selections: Vec<Selection>,
    pub wait: Duration,
    pub has_colours: bool,
    /// Whether there is a shell that has the program go on after a stop.
    pub can_stop: bool,
    pub commands: Arc<dyn Commands>,
    pub edit: &'b mut EditEntry<'b>,
}

/// Has the user edit an entry, with the terminal for the editor; takes the file for a backup too.
pub type EditEntry<'e> = dyn FnMut(&EntryKey, Option<&str>) -> Result<String, String> + 'e;

/// The threads beside the screen.
struct Beside {
    watched: Receiver<Input>,
    answers: Receiver<Input>,
    wanted: Sender<Wanted>,
    asked: Sender<Effect>,
}

impl Beside {
    /// Starts the threads; the last one is to be waited for.
    fn start(browsing: &Browsing<'_>, cache: Watcher) -> (Beside, JoinHandle<()>) {
        let (told, answers) = channel();
        let (wanted, wants) = channel();
        let (asked, asks) = channel();
        let history = Arc::new(History::default());
        let reader = Reader {
            folder: browsing.folder.clone(),
            wait: browsing.wait,
            commands: Arc::clone(&browsing.commands),
            history: Arc::clone(&history),
            last: RefCell::default(),
            wanted: wants,
            tell: told.clone(),
        };
        thread::spawn(move || filter::with_room(move || reader.run()));
        let jobs = Jobs {
            folder: browsing.folder.clone(),
            wait: browsing.wait,
            commands: Arc::clone(&browsing.commands),
            history: Arc::clone(&history),
            asked: asks,
            tell: told,
        };
        let jobs = thread::spawn(move || jobs.run());
        let (tell, watched) = sync_channel(64);
        let (selections, wait, commands) = (browsing.selections.clone(), browsing.wait, Arc::clone(&browsing.commands));
        thread::spawn(move || watching::watch(cache, &selections, wait, &*commands, &history, &tell));
        (Beside { watched, answers, wanted, asked }, jobs)
    }
}

/// Browses until the user ends it; gives the key that is to be printed.
pub fn browse(browsing: &mut Browsing<'_>) -> io::Result<Option<String>> {
    let watcher = Watcher::new(&browsing.folder, browsing.selections.clone(), WatchOptions::default());
    let mut state = State::new(watcher.path().display().to_string(), browsing.commands.now());
    let stops = Stops::watch(browsing.can_stop)?;
    let mut screen = terminal::take()?;
    let (beside, jobs) = Beside::start(browsing, watcher);
    let ended = run(&mut screen, &mut state, browsing, &stops, &beside);
    drop((screen, beside));
    give_back();
    // What is being written is written to its end.
    jobs.join().map_err(|_| ended_early())?;
    ended
}

fn ended_early() -> io::Error {
    io::Error::other("a thread has ended early")
}

fn run(
    screen: &mut Screen,
    state: &mut State,
    browsing: &mut Browsing<'_>,
    stops: &Stops,
    beside: &Beside,
) -> io::Result<Option<String>> {
    let theme = Theme::new(browsing.has_colours);
    // What is typed ahead is for what is there, not for an empty screen.
    if let Ok(first) = beside.watched.recv_timeout(FIRST) {
        state.update(first);
    }
    let mut is_due = true;
    loop {
        // A thread that panics gives the terminal back.
        if !terminal::is_taken() {
            return Err(ended_early());
        }
        let size = screen.size()?;
        let area = Rect::new(0, 0, size.width, size.height);
        if screen.get_frame().area() != area {
            *screen = terminal::of_size((size.width, size.height))?;
            is_due = true;
        }
        let areas = Areas::of(area, state.focus);
        if is_due {
            state.update(Input::Height(areas.height()));
            await_rows(state, beside, PATIENCE)?;
            terminal::draw(screen, |frame| draw::draw(frame, state, &theme))?;
        }
        is_due = false;
        let mut inputs = Vec::new();
        if event::poll(TICK)? {
            // What was typed ahead is taken at once.
            while inputs.len() < 64 && event::poll(Duration::ZERO)? {
                match occurrence(&event::read()?, areas) {
                    Some(Do::Input(input)) => inputs.push(input),
                    // Who types esc and a key at once means both.
                    Some(Do::After(code)) => inputs.extend([KeyCode::Esc, code].map(Input::Key)),
                    Some(Do::Quit) => return Ok(None),
                    Some(Do::Suspend) => stops.ask(),
                    Some(Do::Draw) => is_due = true,
                    None => {}
                }
            }
        }
        is_due |= stops.heed(screen)?;
        let now = browsing.commands.now();
        if now != state.now {
            inputs.push(Input::Tick(now));
        }
        inputs.extend(received(&beside.answers)?);
        if !state.is_paused {
            inputs.extend(received(&beside.watched)?);
        }
        is_due |= !inputs.is_empty();
        for input in inputs {
            // A key that moves among rows needs them, where one types faster than they are read.
            if matches!(input, Input::Key(_)) && state.focus != Focus::Keys {
                await_rows(state, beside, PATIENCE_OF_KEYS)?;
            }
            let mut effect = state.update(input);
            while let Some(done) = effect.take() {
                match done {
                    Effect::Quit => return Ok(None),
                    Effect::Print(key) => return Ok(Some(key)),
                    Effect::Copy(text) => {
                        copy(screen, &text)?;
                        state.update(Input::Changed(Ok("copied".to_owned())));
                    }
                    Effect::Apply(Change::Edit(key), backup) => {
                        give_back();
                        let edited = stops.apart(|| (browsing.edit)(&key, backup.as_deref()));
                        *screen = terminal::take()?;
                        effect = state.update(Input::Changed(edited));
                    }
                    asked => beside.asked.send(asked).map_err(|_| ended_early())?,
                }
            }
        }
    }
}

/// Everything that was told by now, within reason.
fn received(told: &Receiver<Input>) -> io::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    while inputs.len() < 256 {
        match told.try_recv() {
            Ok(input) => inputs.push(input),
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => return Err(ended_early()),
        }
    }
    Ok(inputs)
}

/// Has the rows read that are in sight, and waits for them, but not for long.
fn await_rows(state: &mut State, beside: &Beside, patience: Duration) -> io::Result<()> {
    while let Some(wanted) = state.settle() {
        beside.wanted.send(wanted).map_err(|_| ended_early())?;
        match beside.answers.recv_timeout(patience) {
            Ok(answer) => drop(state.update(answer)),
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return Err(ended_early()),
        }
    }
    Ok(())
}

/// What is made of what the terminal tells.
enum Do {
    Input(Input),
    /// Esc, and then this key.
    After(KeyCode),
    Quit,
    Suspend,
    Draw,
}

fn occurrence(occurrence: &Occurrence, areas: Areas) -> Option<Do> {
    match occurrence {
        Occurrence::Key(key) if key.kind != KeyEventKind::Release => {
            if key.modifiers.contains(KeyModifiers::CONTROL) {
                return match key.code {
                    KeyCode::Char('c') => Some(Do::Quit),
                    KeyCode::Char('z') => Some(Do::Suspend),
                    KeyCode::Char('l') => Some(Do::Draw),
                    // As a shell has it.
                    KeyCode::Char('u') => Some(Do::Input(Input::Key(KeyCode::Delete))),
                    _ => None,
                };
            }
            Some(match key.code {
                code if key.modifiers.contains(KeyModifiers::ALT) => Do::After(code),
                code => Do::Input(Input::Key(code)),
            })
        }
        Occurrence::Paste(text) => Some(Do::Input(Input::Paste(text.clone()))),
        Occurrence::Resize(..) => Some(Do::Draw),
        Occurrence::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => Some(Do::Input(Input::Scroll(3))),
            MouseEventKind::ScrollUp => Some(Do::Input(Input::Scroll(-3))),
            MouseEventKind::Down(MouseButton::Left) => {
                let (side, line) = areas.line_at(mouse.column, mouse.row)?;
                Some(Do::Input(Input::Click(side, line)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Asks the terminal to put a text on the clipboard, over ssh too.
fn copy(screen: &mut Screen, text: &str) -> io::Result<()> {
    let backend = screen.backend_mut();
    write!(backend, "\x1b]52;c;{}\x07", STANDARD.encode(text))?;
    backend.flush()
}
