//! Watching the cache beside the screen, and remembering what entries were before they changed.

use super::Commands;
use super::state::{Input, Known, User};
use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use vlive::snapshot::{EntryChange, EntryKey, Event, LiveEntry, Pace, SeenCommit, SetKey, Watcher};
use vlive::{Error, Key, Selection, Snapshot};

/// Bytes of values that are remembered, and entries of one commit.
const REMEMBERED: usize = 16 * 1024 * 1024;
const OF_ONE_COMMIT: usize = 200;

/// How often to ask who has the cache open.
const ASK: Duration = Duration::from_secs(1);

/// What entries were before they changed last, as far as that could still be read.
#[derive(Debug, Default)]
pub struct History(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    values: HashMap<Key, Before>,
    /// The keys, the longest known first.
    order: VecDeque<Key>,
    bytes: usize,
}

/// An entry in the commit before one that changed it.
#[derive(Clone, Debug)]
pub struct Before {
    pub commit: u64,
    /// `None` if it was not there.
    pub value: Option<Vec<u8>>,
}

impl History {
    pub fn get(&self, key: &Key) -> Option<Before> {
        self.lock().values.get(key).cloned()
    }

    /// Remembers what entries were before a commit that was just made; its pages may be gone already.
    fn see(&self, commit: &SeenCommit, changes: &[Change]) {
        let Ok(Some(before)) = commit.snapshot.before() else { return };
        for (key, ..) in changes.iter().take(OF_ONE_COMMIT) {
            let EntryKey::Live(key) = key else { continue };
            let (Ok(old), Ok(new)) = (before.entry(key), commit.snapshot.entry(key)) else { continue };
            let value = |entry: &Option<LiveEntry>| entry.as_ref().map(|entry| entry.value().to_owned());
            // Of several commits between two looks it may have been an earlier one that changed the entry.
            if value(&old) != value(&new) {
                self.remember(key.clone(), Before { commit: before.number(), value: value(&old) });
            }
        }
    }

    /// Remembers what an entry was before it changed.
    pub fn remember(&self, key: Key, before: Before) {
        self.lock().push(key, before);
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn push(&mut self, key: Key, before: Before) {
        let size = |before: &Before| before.value.as_ref().map_or(0, Vec::len);
        if size(&before) > REMEMBERED / 4 {
            return;
        }
        self.bytes += size(&before);
        if let Some(last) = self.values.insert(key.clone(), before) {
            self.bytes -= size(&last);
            self.order.retain(|known| *known != key);
        }
        self.order.push_back(key);
        while self.bytes > REMEMBERED || self.order.len() > 10 * OF_ONE_COMMIT {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.values.remove(&oldest).as_ref().map_or(0, size);
        }
    }
}

/// What an entry is now, `None` if it is gone.
pub type Change = (EntryKey, Event, Option<Known>);

/// What is known of an entry from what was seen of it.
pub fn change(change: EntryChange) -> Change {
    let known = change.new.as_ref().map(|new| Known {
        fetched_at: new.head.map(|head| head.fetched_at),
        rows: new.head.map(|head| head.rows),
        bytes: Some(new.bytes),
        ..Known::default()
    });
    (change.key.into(), change.event, known)
}

/// The sets of diorama, as they were seen last.
#[derive(Debug, Default)]
pub struct Sets(HashMap<SetKey, ([Option<u128>; 2], Known)>);

impl Sets {
    /// Adds those that differ in a commit. What cannot be read stays as it was.
    pub fn see(
        &mut self,
        snapshot: &Snapshot,
        selections: &[Selection],
        changes: &mut Vec<Change>,
    ) -> Result<(), Error> {
        let mut now = HashMap::new();
        for selection in selections {
            for set in snapshot.selected_sets(selection)? {
                let known = Known {
                    fetched_at: set.fetched_at(),
                    rows: Some(set.rows()),
                    total: set.meta().total,
                    ..Known::default()
                };
                now.insert(set.key().whole(), (set.fingerprint(), known));
            }
        }
        for (key, (fingerprint, known)) in &now {
            let event = match self.0.get(key) {
                None => Event::Added,
                Some((last, _)) if last == fingerprint => continue,
                // Only what diorama remembers of the rows is another.
                Some(([rows, _], _)) if *rows == fingerprint[0] => Event::Touched,
                Some(_) => Event::Replaced,
            };
            changes.push((key.clone().into(), event, Some(*known)));
        }
        let gone = self.0.keys().filter(|key| !now.contains_key(key));
        changes.extend(gone.map(|key| (key.clone().into(), Event::Removed, None)));
        self.0 = now;
        Ok(())
    }
}

/// Tells every commit until nobody listens.
pub fn watch(
    mut watcher: Watcher,
    selections: &[Selection],
    wait: Duration,
    commands: &dyn Commands,
    history: &History,
    tell: &SyncSender<Input>,
) {
    let mut pace = Pace::default();
    let mut sets = Sets::default();
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
                    history.see(&commit, &changes);
                }
                let unseen = sets.see(&commit.snapshot, selections, &mut changes).err();
                trouble = commit.damage.first().or(unseen.as_ref()).map(|error| commands.sentence(error));
                news.push(Input::Seen { commit: commit.number, is_first, changes });
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
            let now = match watcher.holders() {
                None => User::Unknown,
                Some(holders) => holders.first().map_or(User::Nobody, |user| User::Process(user.to_string())),
            };
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
