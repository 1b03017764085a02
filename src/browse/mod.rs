//! The browser: a cache on the screen, kept up with its app. Events become state (`state`), state becomes the screen
//! (`draw`); here is what reads, waits and writes.

mod draw;
mod state;
mod terminal;

use crate::output::escape::for_terminal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::crossterm::event::{
    self, Event as Occurrence, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use ratatui::layout::Rect;
use state::{Effect, Input, Known, State};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
pub use terminal::give_back;
use vlive::snapshot::{Pace, WatchOptions, Watcher};
use vlive::{Error, Key, Selection, Snapshot};

/// How long to wait for a key before the clock is looked at.
const TICK: Duration = Duration::from_millis(50);

/// What is browsed.
pub struct Browsing<'b> {
    pub folder: &'b Path,
    pub selections: Vec<Selection>,
    pub wait: Duration,
    /// The time in seconds since 1970.
    pub now: &'b dyn Fn() -> u64,
    /// An error in words.
    pub sentence: fn(&Error) -> String,
}

/// What the watching thread tells.
enum News {
    Input(Input),
    /// Who has the cache open.
    User(Option<String>),
}

/// Browses until the user ends it; gives the key that is to be printed.
pub fn browse(browsing: &Browsing<'_>) -> io::Result<Option<String>> {
    let watcher = Watcher::new(browsing.folder, browsing.selections.clone(), WatchOptions::default());
    let mut state = State::new(watcher.path().display().to_string(), (browsing.now)());
    let (tell, news) = sync_channel(64);
    let (wait, sentence) = (browsing.wait, browsing.sentence);
    thread::spawn(move || watch(watcher, wait, sentence, &tell));
    let mut screen = terminal::take()?;
    let ended = run(&mut screen, &mut state, browsing, &news);
    drop(screen);
    give_back();
    ended
}

fn run(
    screen: &mut terminal::Screen,
    state: &mut State,
    browsing: &Browsing<'_>,
    news: &Receiver<News>,
) -> io::Result<Option<String>> {
    loop {
        let size = screen.size()?;
        let area = Rect::new(0, 0, size.width, size.height);
        if screen.get_frame().area() != area {
            *screen = terminal::of_size((size.width, size.height))?;
        }
        let [left, ..] = draw::sides(area);
        state.update(Input::Height(left.height.saturating_sub(2).into()));
        screen.draw(|frame| draw::draw(frame, state))?;
        let mut inputs = Vec::new();
        if event::poll(TICK)? {
            // What was typed ahead is taken at once.
            while inputs.len() < 64 && event::poll(Duration::ZERO)? {
                match occurrence(&event::read()?, left) {
                    Some(Do::Input(input)) => inputs.push(input),
                    Some(Do::Quit) => return Ok(None),
                    Some(Do::Suspend) => terminal::suspend(screen)?,
                    None => {}
                }
            }
        }
        inputs.push(Input::Tick((browsing.now)()));
        while !state.is_paused && inputs.len() < 256 {
            match news.try_recv() {
                Ok(News::Input(input)) => inputs.push(input),
                Ok(News::User(user)) => state.user = user,
                Err(_) => break,
            }
        }
        for input in inputs {
            let mut effect = state.update(input);
            while let Some(done) = effect.take() {
                match done {
                    Effect::Quit => return Ok(None),
                    Effect::Print(key) => return Ok(Some(key)),
                    Effect::Copy(text) => {
                        copy(screen, &text)?;
                        state.message = Some("copied".to_owned());
                    }
                    Effect::Read(key) => {
                        let rows = read(browsing, &key);
                        effect = state.update(Input::Content(key, rows));
                    }
                }
            }
        }
    }
}

/// What is made of what the terminal tells.
enum Do {
    Input(Input),
    Quit,
    Suspend,
}

fn occurrence(occurrence: &Occurrence, left: Rect) -> Option<Do> {
    match occurrence {
        Occurrence::Key(key) if key.kind != KeyEventKind::Release => {
            if key.modifiers.contains(KeyModifiers::CONTROL) {
                return match key.code {
                    KeyCode::Char('c') => Some(Do::Quit),
                    KeyCode::Char('z') => Some(Do::Suspend),
                    _ => None,
                };
            }
            Some(Do::Input(Input::Key(key.code)))
        }
        Occurrence::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => Some(Do::Input(Input::Scroll(3))),
            MouseEventKind::ScrollUp => Some(Do::Input(Input::Scroll(-3))),
            MouseEventKind::Down(MouseButton::Left) => {
                let is_inside = mouse.column < left.width && mouse.row > left.y && mouse.row + 1 < left.bottom();
                is_inside.then(|| Do::Input(Input::Click(usize::from(mouse.row - left.y - 1))))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Asks the terminal to put a text on the clipboard, over ssh too.
fn copy(screen: &mut terminal::Screen, text: &str) -> io::Result<()> {
    let backend = screen.backend_mut();
    write!(backend, "\x1b]52;c;{}\x07", STANDARD.encode(text))?;
    backend.flush()
}

fn read(browsing: &Browsing<'_>, key: &Key) -> Result<vlive::CachedRows, String> {
    let entry = Snapshot::look(browsing.folder, browsing.wait, |snapshot| snapshot.entry(key));
    match entry {
        Ok(Some(entry)) => entry.decode().map_err(|error| format!("the entry cannot be decoded: {error}")),
        Ok(None) => Err("the entry is gone".to_owned()),
        Err(error) => Err(for_terminal(&(browsing.sentence)(&error)).into_owned()),
    }
}

/// Tells every commit until nobody listens.
fn watch(mut watcher: Watcher, wait: Duration, sentence: fn(&Error) -> String, tell: &SyncSender<News>) {
    let mut pace = Pace::default();
    let mut trouble = None;
    let mut user = None;
    let mut asked: Option<Instant> = None;
    loop {
        let is_first = !watcher.has_seen();
        let mut changes = Vec::new();
        let seen = watcher.look(wait, |_, change| {
            let known = change.new.as_ref().map(|new| Known {
                head: new.head.map(|head| (head.fetched_at, head.rows)),
                bytes: new.bytes,
                event: None,
            });
            if let vlive::snapshot::EntryKey::Live(key) = change.key {
                changes.push((key, change.event, known));
            }
            Ok::<(), Error>(())
        });
        let mut news = Vec::new();
        let was_seen = matches!(seen, Ok(Some(_)));
        match seen {
            Ok(Some(commit)) => {
                trouble = commit.damage.first().map(sentence);
                news.push(News::Input(Input::Seen { commit: commit.number, is_first, changes }));
                news.extend(trouble.clone().map(|trouble| News::Input(Input::Trouble(trouble))));
            }
            Ok(None) => {}
            Err(error) => {
                let text = sentence(&error);
                if trouble.as_ref() != Some(&text) {
                    news.push(News::Input(Input::Trouble(text.clone())));
                    trouble = Some(text);
                }
            }
        }
        if asked.is_none_or(|asked| asked.elapsed() >= Duration::from_secs(1)) {
            asked = Some(Instant::now());
            let now = watcher.holders().and_then(|holders| holders.first().map(ToString::to_string));
            if now != user {
                news.push(News::User(now.clone()));
                user = now;
            }
        }
        for news in news {
            if tell.send(news).is_err() {
                return;
            }
        }
        thread::sleep(pace.next(was_seen));
    }
}
