//! Watches the cache on a thread of its own.

use super::Commands;
use super::history::History;
use super::state::{Input, Known, User};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};
use vlive::Error;
use vlive::snapshot::{EntryChange, EntryKey, Event, Pace, Watcher};

/// How often to check which process has the cache open.
const ASK: Duration = Duration::from_secs(1);

/// A changed entry: its key, what happened, and its new state; `None` if it is gone.
pub type Change = (EntryKey, Event, Option<Known>);

/// The browser's view of a change.
pub fn change(change: EntryChange) -> Change {
    let known = change.new.as_ref().map(|new| Known {
        fetched_at: new.fetched_at(),
        rows: new.rows(),
        total: new.set.and_then(|set| set.meta.total),
        bytes: Some(new.bytes),
        ..Known::default()
    });
    (change.key, change.event, known)
}

/// The process that has the cache open.
fn user(watcher: &Watcher) -> User {
    match watcher.holders() {
        None => User::Unknown,
        Some(holders) => holders.first().map_or(User::Nobody, |user| User::Process(user.to_string())),
    }
}

/// Reports every commit until the channel closes.
pub fn watch(
    mut watcher: Watcher,
    wait: Duration,
    commands: &dyn Commands,
    history: &History,
    tell: &SyncSender<Input>,
) {
    let mut pace = Pace::default();
    let mut trouble = None;
    let mut user = User::Unknown;
    let mut asked: Option<Instant> = None;
    loop {
        let is_first = !watcher.has_seen();
        let mut changes = Vec::new();
        let seen = watcher.look(wait, |_, change| {
            changes.push(self::change(change));
            Ok::<(), Error>(())
        });
        let mut news = Vec::new();
        let was_seen = matches!(seen, Ok(Some(_)));
        match seen {
            Ok(Some(commit)) => {
                if !is_first {
                    history.see(&commit, changes.iter().map(|(key, ..)| key.clone()));
                }
                trouble = commit.damage.first().map(|error| commands.sentence(error));
                let is_empty = is_first && changes.is_empty();
                news.push(Input::Seen { commit: commit.number, is_first, changes });
                if is_empty {
                    news.push(Input::Others(commands.others()));
                }
                news.extend(trouble.clone().map(Input::Trouble));
            }
            Ok(None) => {}
            Err(error) => {
                let text = commands.sentence(&error);
                if trouble.as_ref() != Some(&text) {
                    news.push(Input::Trouble(text.clone()));
                    trouble = Some(text);
                }
            }
        }
        if asked.is_none_or(|asked| asked.elapsed() >= ASK) {
            asked = Some(Instant::now());
            let now = self::user(&watcher);
            if now != user {
                news.push(Input::User(now.clone()));
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
