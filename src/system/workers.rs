//! Work for all cores: items go out in batches, and the results come back in the order of the items.
//!
//! Two limits bound memory for every user: items are handed out in batches of [`BATCH`] bytes, and an item of [`LARGE`]
//! bytes is not handed out at all: its owner waits for all results and does the work itself, so that only one such item
//! is in memory at a time.

use super::stack;
use std::collections::VecDeque;
use std::mem;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Bytes of items in a batch.
pub(crate) const BATCH: usize = 256 * 1024;

/// Bytes from which an item is large.
pub(crate) const LARGE: usize = 1024 * 1024;

/// Batches that are handed out before a result is taken, however many cores there are.
const MOST_AHEAD: usize = 16;

/// A batch, and where its result goes.
type Job<Item, Out> = (Vec<Item>, SyncSender<Out>);

/// A pool of workers, and the batches that they have.
pub(crate) struct Workers<'w, Item, Out> {
    work: &'w (dyn Fn(Vec<Item>) -> Out + Sync),
    /// `None` if the system gave no threads.
    jobs: Option<Sender<Job<Item, Out>>>,
    ahead: VecDeque<Ahead<Out>>,
    most_ahead: usize,
    batch: Vec<Item>,
    batch_bytes: usize,
}

enum Ahead<Out> {
    Pending(Receiver<Out>),
    Done(Out),
}

/// Calls `feed` with a pool of workers that do `work` on batches of items. No batch is empty. The workers have room on
/// the stack if this thread has.
pub(crate) fn with_workers<Item: Send, Out: Send, R>(
    work: impl Fn(Vec<Item>) -> Out + Sync,
    feed: impl FnOnce(&mut Workers<'_, Item, Out>) -> R,
) -> R {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let most_ahead = (2 * cores).min(MOST_AHEAD);
    // `next_due` bounds what is ahead; handing out must not wait for a worker that has panicked.
    let (jobs, queue) = channel::<Job<Item, Out>>();
    let queue = Mutex::new(queue);
    let has_room = stack::has_room();
    thread::scope(|scope| {
        let worker = || loop {
            let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            // The pool is gone, and with it all jobs.
            let Ok((batch, reply)) = job else { return };
            // Nobody waits for the result if `feed` has failed.
            let _ = reply.send(work(batch));
        };
        // If the system gives fewer threads, or none, the work is still done.
        let workers = (0..cores).filter(|_| stack::spawn(scope, has_room, worker).is_ok()).count();
        let jobs = (workers > 0).then_some(jobs);
        feed(&mut Workers { work: &work, jobs, ahead: VecDeque::new(), most_ahead, batch: Vec::new(), batch_bytes: 0 })
    })
}

/// Calls `feed` with a pool that works on this thread: for little work, which takes less time than starting threads.
pub(crate) fn without_workers<Item, Out, R>(
    work: impl Fn(Vec<Item>) -> Out + Sync,
    feed: impl FnOnce(&mut Workers<'_, Item, Out>) -> R,
) -> R {
    let ahead = VecDeque::new();
    feed(&mut Workers { work: &work, jobs: None, ahead, most_ahead: 0, batch: Vec::new(), batch_bytes: 0 })
}

impl<Item, Out> Workers<'_, Item, Out> {
    /// Adds an item of `bytes` bytes, fewer than [`LARGE`]. Take [`Self::next_due`] after each.
    pub fn push(&mut self, item: Item, bytes: usize) {
        if self.batch_bytes + bytes > BATCH {
            self.hand_out();
        }
        self.batch_bytes += bytes;
        self.batch.push(item);
    }

    /// The next result, if too many batches are pending.
    pub fn next_due(&mut self) -> Option<Out> {
        if self.ahead.len() > self.most_ahead { self.next_ahead() } else { None }
    }

    /// Waits for the next result; `None` after the last one.
    pub fn next(&mut self) -> Option<Out> {
        self.hand_out();
        self.next_ahead()
    }

    fn hand_out(&mut self) {
        self.batch_bytes = 0;
        let batch = mem::take(&mut self.batch);
        if batch.is_empty() {
            return;
        }
        self.ahead.push_back(match &self.jobs {
            None => Ahead::Done((self.work)(batch)),
            Some(jobs) => {
                let (reply, result) = sync_channel(1);
                jobs.send((batch, reply)).unwrap_or_else(|_| unreachable!("the workers wait for jobs"));
                Ahead::Pending(result)
            }
        });
    }

    fn next_ahead(&mut self) -> Option<Out> {
        self.ahead.pop_front().map(|ahead| match ahead {
            Ahead::Pending(result) => result.recv().expect("a worker replies to every job"),
            Ahead::Done(result) => result,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_and_none_is_lost() {
        for bytes in [0, 1, BATCH / 3, BATCH, LARGE - 1] {
            let mut results = Vec::new();
            with_workers(
                |batch: Vec<usize>| batch,
                |workers| {
                    for item in 0..500 {
                        workers.push(item, bytes);
                        results.extend(workers.next_due());
                    }
                    while let Some(result) = workers.next() {
                        results.push(result);
                    }
                },
            );
            assert!(results.iter().all(|batch| !batch.is_empty() && (batch.len() - 1) * bytes <= BATCH), "{bytes}");
            assert!(results.concat().into_iter().eq(0..500), "{bytes}");
        }
    }
}
