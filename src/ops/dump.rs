//! Entries as JSON: read by one thread, decoded by as many as there are cores, written in order.

use super::past_damage;
use crate::json;
use crate::{Entry, Error, JsonStyle, JsonWriter, Result, Selection, Snapshot, Unreadable};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Bytes of values that are decoded at once.
const BATCH: usize = 256 * 1024;

/// An entry of this size is decoded where it is written, piece by piece, so that its text is not kept.
const LARGE: usize = 4 * 1024 * 1024;

/// Text of a batch that is kept; an entry that does not fit is treated as a large one.
const LONG: usize = 8 * 1024 * 1024;

/// Batches that are decoded before they can be written, however many cores there are.
const MOST_AHEAD: usize = 32;

/// What a dump left out.
#[derive(Debug, Default)]
pub struct Dumped {
    /// Entries that vantage-live cannot decode either.
    pub unreadable: Vec<Unreadable>,
    /// Pages that are damaged.
    pub damage: Vec<Error>,
    /// The places of the selections that selected nothing.
    pub unmatched: Vec<usize>,
}

/// Writes the selected entries to `out` as an object of full key to envelope, each once, in the order
/// of the selections and of the cache.
///
/// # Errors
/// The outer error is that of `out`. The inner one is that of the cache; what came before it was
/// written, as it was before damage, which is no error but left out.
pub fn dump(
    snapshot: &Snapshot,
    selections: &[Selection],
    style: JsonStyle,
    out: impl Write,
) -> io::Result<Result<Dumped>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let most_ahead = (2 * cores).min(MOST_AHEAD);
    let (jobs, queue) = sync_channel(most_ahead);
    let queue = Arc::new(Mutex::new(queue));
    thread::scope(|scope| {
        let mut workers = 0;
        for _ in 0..cores {
            let queue = Arc::clone(&queue);
            // Where the system gives no more threads, fewer will do, or none.
            let worker = thread::Builder::new().spawn_scoped(scope, move || work(&queue, style));
            workers += usize::from(worker.is_ok());
        }
        // Without this thread's hold on it, the workers end when the jobs do.
        drop(queue);
        let mut writer = Writer {
            out,
            style,
            is_first: true,
            ahead: VecDeque::new(),
            most_ahead,
            buffers: Vec::new(),
            jobs: (workers > 0).then_some(jobs),
            dumped: Dumped::default(),
        };
        writer.begin()?;
        let read = writer.read(snapshot, selections)?;
        writer.end()?;
        Ok(read.map(|()| writer.dumped))
    })
}

/// Entries to decode, and where their text goes.
struct Job {
    entries: Vec<Entry>,
    /// Empty, but with the room that a text before it took.
    buffer: Vec<u8>,
    reply: SyncSender<Text>,
}

/// The text of some entries.
struct Text {
    json: Vec<u8>,
    unreadable: Vec<Unreadable>,
    /// Those that are not in it, for lack of room: all from the first that did not fit.
    left: Vec<Entry>,
}

/// Takes jobs until there are no more.
fn work(queue: &Mutex<Receiver<Job>>, style: JsonStyle) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { entries, buffer, reply }) = job else { return };
        // Nobody waits for it if writing has failed.
        let _ = reply.send(decode(entries, buffer, style));
    }
}

fn decode(mut entries: Vec<Entry>, buffer: Vec<u8>, style: JsonStyle) -> Text {
    let mut unreadable = Vec::new();
    let mut json = JsonWriter::inside_object(io::sink(), style).keeping_text(buffer, LONG);
    let mut done = 0;
    for entry in &entries {
        let key = entry.key();
        match json.try_entry(&key.to_string(), entry.value()).expect("nothing is handed on") {
            json::Entry::Written => {}
            json::Entry::Undecodable(error) => unreadable.push(Unreadable { key, error }),
            json::Entry::TooLong => break,
        }
        done += 1;
    }
    let left = entries.split_off(done);
    Text { json: json.into_text(), unreadable, left }
}

/// What stands in the order of the output.
enum Ahead {
    Batch(Receiver<Text>),
    Decoded(Text),
    Large(Entry),
}

struct Writer<W: Write> {
    out: W,
    style: JsonStyle,
    is_first: bool,
    ahead: VecDeque<Ahead>,
    most_ahead: usize,
    buffers: Vec<Vec<u8>>,
    /// `None` if there is nobody to do them.
    jobs: Option<SyncSender<Job>>,
    dumped: Dumped,
}

impl<W: Write> Writer<W> {
    fn begin(&mut self) -> io::Result<()> {
        self.out.write_all(b"{")
    }

    fn end(&mut self) -> io::Result<()> {
        let end: &[u8] = if self.style.pretty && !self.is_first { b"\n}" } else { b"}" };
        self.out.write_all(end)
    }

    /// Reads entries and hands them on, never too far ahead of what is written.
    fn read(&mut self, snapshot: &Snapshot, selections: &[Selection]) -> io::Result<Result<()>> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        for (n, selection) in selections.iter().enumerate() {
            let mut matched = false;
            let entries = match snapshot.entries(selection) {
                Ok(entries) => entries,
                Err(error) => return Ok(Err(error)),
            };
            for entry in entries {
                matched = true;
                let entry = match entry {
                    Err(Error::Damaged { path, .. }) if snapshot.has_moved() => Err(Error::Unsteady { path }),
                    entry => entry,
                };
                let entry = match past_damage(entry, &mut self.dumped.damage) {
                    Ok(Some(entry)) => entry,
                    Ok(None) => continue,
                    Err(error) => return Ok(Err(error)),
                };
                if selections[..n].iter().any(|earlier| earlier.takes(entry.cache_key(), entry.sub_key())) {
                    continue;
                }
                let len = entry.sub_key().len() + entry.value().len();
                let is_large = len >= LARGE;
                if bytes + len > BATCH || is_large {
                    self.hand_on(mem::take(&mut batch));
                    bytes = 0;
                }
                if is_large {
                    self.ahead.push_back(Ahead::Large(entry));
                    // What waits holds on to its pages.
                    self.write_until(0)?;
                } else {
                    bytes += len;
                    batch.push(entry);
                    self.write_until(self.most_ahead)?;
                }
            }
            if !matched {
                self.dumped.unmatched.push(n);
            }
        }
        self.hand_on(batch);
        self.write_until(0)?;
        Ok(Ok(()))
    }

    fn hand_on(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let buffer = self.buffers.pop().unwrap_or_default();
        let ahead = if let Some(jobs) = &self.jobs {
            let (reply, text) = sync_channel(1);
            jobs.send(Job { entries, buffer, reply }).expect("the workers wait for jobs");
            Ahead::Batch(text)
        } else {
            Ahead::Decoded(decode(entries, buffer, self.style))
        };
        self.ahead.push_back(ahead);
    }

    /// Writes what is next until no more than `most` batches are ahead.
    fn write_until(&mut self, most: usize) -> io::Result<()> {
        while self.ahead.len() > most {
            match self.ahead.pop_front() {
                Some(Ahead::Batch(text)) => self.write(text.recv().expect("a worker replies to every job"))?,
                Some(Ahead::Decoded(text)) => self.write(text)?,
                Some(Ahead::Large(entry)) => self.write_large(&entry)?,
                None => {}
            }
        }
        Ok(())
    }

    fn write(&mut self, text: Text) -> io::Result<()> {
        let Text { mut json, unreadable, left } = text;
        self.dumped.unreadable.extend(unreadable);
        if !json.is_empty() {
            self.comma()?;
            self.out.write_all(&json)?;
        }
        json.clear();
        self.buffers.push(json);
        left.iter().try_for_each(|entry| self.write_large(entry))
    }

    fn write_large(&mut self, entry: &Entry) -> io::Result<()> {
        let envelope = match entry.envelope() {
            Ok(envelope) => envelope,
            Err(error) => {
                self.dumped.unreadable.push(Unreadable { key: entry.key(), error });
                return Ok(());
            }
        };
        self.comma()?;
        let mut json = JsonWriter::inside_object(&mut self.out, self.style);
        json.key(&entry.key().to_string())?;
        json.envelope(&envelope)?;
        json.finish()?;
        Ok(())
    }

    fn comma(&mut self) -> io::Result<()> {
        if mem::replace(&mut self.is_first, false) { Ok(()) } else { self.out.write_all(b",") }
    }
}
