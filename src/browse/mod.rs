//! The browser: a cache on the whole screen, updated as its app writes. Events change the state (`state`), and the
//! state is drawn (`draw`). One thread watches the cache, one reads the visible rows, one does slow work; this module
//! runs the loop that waits for all of them.

mod draw;
mod history;
mod jobs;
mod reader;
mod state;
mod terminal;
mod watching;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use draw::{Areas, Theme};
use history::History;
use jobs::Jobs;
use ratatui::crossterm::event::{
    self, Event as Occurrence, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use ratatui::layout::Rect;
use reader::Reader;
pub use state::{Change, Narrowed, Node, Place, Plan};
use state::{Effect, Focus, Input, State, Wanted};
use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
pub use terminal::give_back;
use terminal::{Screen, Stops};
use vlive::snapshot::{EntryKey, WatchOptions, Watcher};
use vlive::system::stack;
use vlive::{Error, Selection};

/// How long to wait for a key before checking the clock and the cache.
const TICK: Duration = Duration::from_millis(50);

/// How long a frame waits for the rows it shows.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long a key that moves among rows waits for them.
const PATIENCE_OF_KEYS: Duration = Duration::from_millis(500);

/// How long the first frame waits until the cache has been read.
const FIRST: Duration = Duration::from_secs(1);

/// What the browser needs from the commands of the program.
pub trait Commands: Send + Sync {
    /// The time in seconds since 1970.
    fn now(&self) -> u64;

    /// An error in words.
    fn sentence(&self, error: &Error) -> String;

    /// What the file holds where it holds no entries.
    fn others(&self) -> Vec<String>;

    /// The places where a pattern occurs, and whether these are all of them.
    fn find(&self, pattern: &str) -> Result<(Vec<Place>, bool), String>;

    /// What a change would do.
    fn plan(&self, change: &Change) -> Result<Plan, String>;

    /// Makes a change, after writing what it replaces or removes to the backup file; returns a summary.
    fn apply(&self, change: &Change, backup: Option<&str>) -> Result<String, String>;
}

/// What is browsed.
pub struct Browsing<'b> {
    pub folder: PathBuf,
    pub selections: Vec<Selection>,
    pub wait: Duration,
    pub has_colours: bool,
    /// Whether a shell can resume the program after a stop.
    pub can_stop: bool,
    pub commands: Arc<dyn Commands>,
    pub edit: &'b mut EditEntry<'b>,
}

/// Edits an entry in the user's editor, which gets the terminal. Takes the key and the backup file.
pub type EditEntry<'e> = dyn FnMut(&EntryKey, Option<&str>) -> Result<String, String> + 'e;

/// The channels to the other threads.
struct Beside {
    watched: Receiver<Input>,
    answers: Receiver<Input>,
    wanted: Sender<Wanted>,
    asked: Sender<Effect>,
}

impl Beside {
    /// Starts the threads; the returned one may be writing and must be joined.
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
        thread::spawn(move || stack::with_room(move || reader.run()));
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
        let (wait, commands) = (browsing.wait, Arc::clone(&browsing.commands));
        thread::spawn(move || watching::watch(cache, wait, &*commands, &history, &tell));
        (Beside { watched, answers, wanted, asked }, jobs)
    }
}

/// Browses until the user quits; returns the key to print.
pub fn browse(browsing: &mut Browsing<'_>) -> io::Result<Option<String>> {
    let watcher = Watcher::new(&browsing.folder, browsing.selections.clone(), WatchOptions::default());
    let mut state = State::new(watcher.path().display().to_string(), browsing.commands.now());
    let stops = Stops::watch(browsing.can_stop)?;
    let mut screen = terminal::take()?;
    let (beside, jobs) = Beside::start(browsing, watcher);
    let ended = run(&mut screen, &mut state, browsing, &stops, &beside);
    drop((screen, beside));
    give_back();
    // Let a write finish.
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
    // Keys typed ahead are meant for the entries, not for an empty screen.
    if let Ok(first) = beside.watched.recv_timeout(FIRST) {
        state.update(first);
    }
    let mut is_due = true;
    loop {
        // A thread that panicked has restored the terminal.
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
        let Some((mut inputs, is_stale)) = typed(areas, stops)? else { return Ok(None) };
        is_due = is_stale;
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
            // A key that moves among rows needs them; the user may type faster than they are read.
            if matches!(input, Input::Key(_)) && state.focus != Focus::Keys {
                await_rows(state, beside, PATIENCE_OF_KEYS)?;
            }
            let mut effect = state.update(input);
            while let Some(next) = effect {
                effect = match carry_out(next, screen, state, browsing, stops, beside)? {
                    ControlFlow::Break(key) => return Ok(key),
                    ControlFlow::Continue(effect) => effect,
                };
            }
        }
    }
}

/// Carries out an effect. Returns the effect that follows from it, or breaks with the key to print when the user quits.
fn carry_out(
    effect: Effect,
    screen: &mut Screen,
    state: &mut State,
    browsing: &mut Browsing<'_>,
    stops: &Stops,
    beside: &Beside,
) -> io::Result<ControlFlow<Option<String>, Option<Effect>>> {
    let next = match effect {
        Effect::Quit => return Ok(ControlFlow::Break(None)),
        Effect::Print(key) => return Ok(ControlFlow::Break(Some(key))),
        Effect::Copy(text) => {
            copy(screen, &text)?;
            state.update(Input::Changed(Ok("copied".to_owned())))
        }
        Effect::Apply(Change::Edit(key), backup) => {
            give_back();
            let edited = stops.apart(|| (browsing.edit)(&key, backup.as_deref()));
            *screen = terminal::take()?;
            state.update(Input::Changed(edited))
        }
        asked => {
            beside.asked.send(asked).map_err(|_| ended_early())?;
            None
        }
    };
    Ok(ControlFlow::Continue(next))
}

/// What was typed, all of it that waits, and whether the screen must be drawn anew; `None` to quit.
fn typed(areas: Areas, stops: &Stops) -> io::Result<Option<(Vec<Input>, bool)>> {
    let (mut inputs, mut is_stale) = (Vec::new(), false);
    if event::poll(TICK)? {
        while inputs.len() < 64 && event::poll(Duration::ZERO)? {
            match occurrence(&event::read()?, areas) {
                Some(Do::Input(input)) => inputs.push(input),
                // Esc and a key typed quickly arrive as one.
                Some(Do::After(code)) => inputs.extend([KeyCode::Esc, code].map(Input::Key)),
                Some(Do::Quit) => return Ok(None),
                Some(Do::Suspend) => stops.ask(),
                Some(Do::Draw) => is_stale = true,
                None => {}
            }
        }
    }
    Ok(Some((inputs, is_stale)))
}

/// The inputs that have arrived by now, up to a limit.
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

/// Requests the visible rows and waits a moment for them.
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

/// What an event of the terminal asks for.
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
                    // As in a shell.
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

/// Asks the terminal to copy a text to the clipboard; this works over ssh too.
fn copy(screen: &mut Screen, text: &str) -> io::Result<()> {
    let backend = screen.backend_mut();
    write!(backend, "\x1b]52;c;{}\x07", STANDARD.encode(text))?;
    backend.flush()
}
