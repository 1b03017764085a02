//! Reading the rows that are in sight, beside the screen: an entry is verified and its rows are counted once, and
//! those that are wanted of it are decoded.

use super::Commands;
use super::state::{Answer, Input, Row as ShownRow, Wanted, Window};
use crate::filter::{Filter, Row, value};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;
use vlive::Snapshot;
use vlive::live::{EnvelopeView, RowIndex};

pub struct Reader {
    pub folder: PathBuf,
    pub wait: Duration,
    pub commands: Arc<dyn Commands>,
    pub wanted: Receiver<Wanted>,
    pub tell: Sender<Input>,
}

/// Nobody wants anything any more.
struct Ended;

impl Reader {
    /// Answers until nobody asks. Filters need room on the stack of this thread.
    pub fn run(&self) {
        let mut next = self.wanted.recv().map_err(|_| Ended);
        while let Ok(wanted) = next {
            next = self.entry(wanted);
        }
    }

    /// The newest of what is wanted: what was wanted before it is out of sight.
    fn newest(&self) -> Result<Wanted, Ended> {
        let mut wanted = self.wanted.recv().map_err(|_| Ended)?;
        while let Some(newer) = self.newer()? {
            wanted = newer;
        }
        Ok(wanted)
    }

    fn newer(&self) -> Result<Option<Wanted>, Ended> {
        match self.wanted.try_recv() {
            Ok(wanted) => Ok(Some(wanted)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Ended),
        }
    }

    fn answer(&self, wanted: &Wanted, window: Result<Window, String>, place: Option<usize>) -> Result<(), Ended> {
        let (key, version) = (wanted.key.clone(), wanted.version);
        self.tell.send(Input::Answer(Answer { key, version, window, place })).map_err(|_| Ended)
    }

    /// Answers what is wanted of one entry; gives what is wanted next.
    fn entry(&self, wanted: Wanted) -> Result<Wanted, Ended> {
        let refused = |why| {
            self.answer(&wanted, Err(why), None)?;
            self.newest()
        };
        let entry = match Snapshot::look(&self.folder, self.wait, |snapshot| snapshot.entry(&wanted.key)) {
            Ok(Some(entry)) => entry,
            Ok(None) => return refused("the entry is gone".to_owned()),
            Err(error) => return refused(self.commands.sentence(&error)),
        };
        let view = match entry.envelope() {
            Ok(view) => view,
            Err(error) => return refused(format!("the entry cannot be decoded: {error}")),
        };
        let index = view.index();
        match self.taken(&wanted, &view, &index) {
            Ok(Taken::Rows(places)) => self.windows(wanted, &view, &index, places.as_deref()),
            Ok(Taken::Instead(wanted)) => Ok(wanted),
            Err(Refused::Why(why)) => refused(why),
            Err(Refused::Ended) => Err(Ended),
        }
    }

    /// Decodes what is wanted of the entry until something else is.
    fn windows(
        &self,
        mut wanted: Wanted,
        view: &EnvelopeView<'_>,
        index: &RowIndex<'_, '_>,
        places: Option<&[usize]>,
    ) -> Result<Wanted, Ended> {
        let count = places.map_or(index.len(), <[usize]>::len);
        let place = |n: usize| places.map_or(Some(n), |places| places.get(n).copied());
        loop {
            let row = |n| {
                let place = place(n)?;
                Some(ShownRow { id: index.id(place)?.to_owned(), record: index.record(place)? })
            };
            let first = wanted.first.min(count);
            let rows = (first..count.min(first.saturating_add(wanted.count))).filter_map(row).collect();
            let window = Window { fetched_at: view.fetched_at(), total: index.len(), count, first, rows };
            let at = wanted
                .id
                .as_deref()
                .and_then(|id| (0..count).find(|n| place(*n).is_some_and(|place| index.id(place) == Some(id))));
            self.answer(&wanted, Ok(window), at)?;
            let next = self.newest()?;
            if (&next.key, next.version, &next.condition) != (&wanted.key, wanted.version, &wanted.condition) {
                return Ok(next);
            }
            wanted = next;
        }
    }

    /// The places of the rows for which the condition is true.
    fn taken(&self, wanted: &Wanted, view: &EnvelopeView<'_>, index: &RowIndex<'_, '_>) -> Result<Taken, Refused> {
        if wanted.condition.is_empty() {
            return Ok(Taken::Rows(None));
        }
        let filter = Filter::compile(&wanted.condition)
            .map_err(|fault| Refused::Why(format!("this is not a jq filter that can be used: {fault}")))?;
        let (key, fetched_at) = (wanted.key.to_string(), view.fetched_at());
        let age = self.commands.now().cast_signed().saturating_sub(fetched_at.cast_signed());
        let mut places = Vec::new();
        for place in 0..index.len() {
            let (Some(id), Some(record)) = (index.id(place), index.record(place)) else { break };
            let row = Row { key: &key, id, fetched_at, age };
            match filter.is_true_of(row, value::of_record(&record)) {
                Ok(true) => places.push(place),
                Ok(false) => {}
                Err(fault) => return Err(Refused::Why(format!("the filter fails on row `{id}`: {fault}"))),
            }
            // Whoever has gone on need not wait for a long entry.
            match self.newer() {
                Ok(None) => {}
                Ok(Some(newer)) if (&newer.key, newer.version) == (&wanted.key, wanted.version) => {}
                Ok(Some(newer)) => return Ok(Taken::Instead(newer)),
                Err(Ended) => return Err(Refused::Ended),
            }
        }
        Ok(Taken::Rows(Some(places)))
    }
}

/// Rows that a condition takes.
enum Taken {
    /// Their places; `None` for all.
    Rows(Option<Vec<usize>>),
    /// Something else is wanted by now.
    Instead(Wanted),
}

enum Refused {
    Why(String),
    Ended,
}
