//! Work for all cores, whose results come in the order in which it was given out.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Pieces of work that are given out before a result is taken, however many cores there are.
const MOST_AHEAD: usize = 16;

/// A piece of work, and where its result goes.
type Job<In, Out> = (In, SyncSender<Out>);

/// What was given out.
pub(crate) struct InOrder<'w, In, Out> {
    work: &'w (dyn Fn(In) -> Out + Sync),
    /// `None` if there is nobody to do it.
    jobs: Option<Sender<Job<In, Out>>>,
    ahead: VecDeque<Ahead<Out>>,
    most_ahead: usize,
}

enum Ahead<Out> {
    Pending(Receiver<Out>),
    Done(Out),
}

/// Calls `feed` with workers at hand that do `work`.
pub(crate) fn in_order<In: Send, Out: Send, R>(
    work: impl Fn(In) -> Out + Sync,
    feed: impl FnOnce(&mut InOrder<'_, In, Out>) -> R,
) -> R {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let most_ahead = (2 * cores).min(MOST_AHEAD);
    // What is ahead is bounded by those who take results; giving must not wait for a worker that failed.
    let (jobs, queue) = channel::<Job<In, Out>>();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        let worker = || loop {
            let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            // There are no more.
            let Ok((input, reply)) = job else { return };
            // Nobody waits for it if feeding has failed.
            let _ = reply.send(work(input));
        };
        // Where the system gives no more threads, fewer will do, or none.
        let workers = (0..cores).filter(|_| thread::Builder::new().spawn_scoped(scope, worker).is_ok()).count();
        let jobs = (workers > 0).then_some(jobs);
        feed(&mut InOrder { work: &work, jobs, ahead: VecDeque::new(), most_ahead })
        // Without its end of the queue the workers stop.
    })
}

impl<In, Out> InOrder<'_, In, Out> {
    /// Gives out a piece of work. Results must be taken now and then, with [`Self::next_due`].
    pub fn give(&mut self, input: In) {
        self.ahead.push_back(match &self.jobs {
            None => Ahead::Done((self.work)(input)),
            Some(jobs) => {
                let (reply, result) = sync_channel(1);
                jobs.send((input, reply)).unwrap_or_else(|_| unreachable!("the workers wait for jobs"));
                Ahead::Pending(result)
            }
        });
    }

    /// The next result, if more work is ahead than should be.
    pub fn next_due(&mut self) -> Option<Out> {
        if self.ahead.len() > self.most_ahead { self.next() } else { None }
    }

    /// The next result, for which it waits; `None` if all were taken.
    pub fn next(&mut self) -> Option<Out> {
        self.ahead.pop_front().map(|ahead| match ahead {
            Ahead::Pending(result) => result.recv().expect("a worker replies to every job"),
            Ahead::Done(result) => result,
        })
    }
}
