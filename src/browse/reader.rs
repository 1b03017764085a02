//! Reads the visible rows on a thread of its own. An entry is verified and indexed once; after that only the requested
//! rows are decoded. Of a set of diorama only the pages with requested rows are read.

use super::Commands;
use super::history::{Before, History};
use super::state::{Answer, Input, Row as ShownRow, Wanted, Window};
use crate::filter::{Filter, Row};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;
use vlive::live::{EnvelopeView, RowIndex};
use vlive::snapshot::{EntryKey, LiveEntry, RowFault, Set, SetKey, SetRow};
use vlive::{Error, Key, Record, Snapshot};

pub struct Reader {
    pub folder: PathBuf,
    pub wait: Duration,
    pub commands: Arc<dyn Commands>,
    pub history: Arc<History>,
    /// The entry that was read last, and its commit: a change of the entry on the screen is compared with it.
    pub last: RefCell<Option<(u64, LiveEntry)>>,
    pub wanted: Receiver<Wanted>,
    pub tell: Sender<Input>,
}

/// Why the reader leaves an entry.
enum Stop {
    /// Something else is requested.
    Wanted(Wanted),
    /// It cannot be shown.
    Refused(String),
    /// The browser has ended.
    Ended,
}

/// Every how many rows an id is remembered, so that a row of a set is found without reading all rows before it.
const STEP: usize = 256;

impl Reader {
    /// Answers requests until the channel closes. The thread needs a stack that is large enough for filters.
    pub fn run(&self) {
        let Ok(mut wanted) = self.wanted.recv() else { return };
        loop {
            let stop = match &wanted.key {
                EntryKey::Live(key) => self.envelope(key, wanted.clone()),
                EntryKey::Set(key) => self.set(key, wanted.clone()),
            };
            wanted = match stop {
                Stop::Wanted(wanted) => wanted,
                Stop::Ended => return,
                Stop::Refused(why) => match self.answer(&wanted, Err(why), None).and_then(|()| self.newest()) {
                    Ok(wanted) => wanted,
                    Err(_) => return,
                },
            };
        }
    }

    /// The newest request; the rows of older ones are no longer visible.
    fn newest(&self) -> Result<Wanted, Stop> {
        let mut wanted = self.wanted.recv().map_err(|_| Stop::Ended)?;
        while let Some(newer) = self.newer()? {
            wanted = newer;
        }
        Ok(wanted)
    }

    fn newer(&self) -> Result<Option<Wanted>, Stop> {
        match self.wanted.try_recv() {
            Ok(wanted) => Ok(Some(wanted)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Stop::Ended),
        }
    }

    /// The next request, if it is for the same rows.
    fn next_of(&self, wanted: &Wanted) -> Result<Wanted, Stop> {
        let next = self.newest()?;
        if (&next.key, next.version, &next.condition) == (&wanted.key, wanted.version, &wanted.condition) {
            Ok(next)
        } else {
            Err(Stop::Wanted(next))
        }
    }

    fn answer(&self, wanted: &Wanted, window: Result<Window, String>, place: Option<usize>) -> Result<(), Stop> {
        let (key, version) = (wanted.key.clone(), wanted.version);
        self.tell.send(Input::Answer(Answer { key, version, window, place })).map_err(|_| Stop::Ended)
    }

    fn refused(&self, error: &Error) -> Stop {
        Stop::Refused(self.commands.sentence(error))
    }

    /// Answers requests for an entry of vantage-live until another one is requested.
    fn envelope(&self, key: &Key, wanted: Wanted) -> Stop {
        let look = |snapshot: &Snapshot| Ok((snapshot.number(), snapshot.entry(key)?));
        let entry = match Snapshot::look(&self.folder, self.wait, look) {
            Ok((number, Some(entry))) => {
                self.remember(key, number, &entry);
                entry
            }
            Ok((_, None)) => return Stop::Refused("the entry is gone".to_owned()),
            Err(error) => return self.refused(&error),
        };
        let view = match entry.envelope() {
            Ok(view) => view,
            Err(error) => return Stop::Refused(format!("the entry cannot be decoded: {error}")),
        };
        match self.rows_of(&view, wanted) {
            Ok(never) => match never {},
            Err(stop) => stop,
        }
    }

    /// Remembers the old value of the entry if it has changed since it was read last.
    fn remember(&self, key: &Key, number: u64, entry: &LiveEntry) {
        if let Some((commit, last)) = self.last.replace(Some((number, entry.clone())))
            && last.key() == *key
            && last.value() != entry.value()
        {
            self.history.remember(key.clone().into(), Before { commit, value: Some(last.value().to_owned()) });
        }
    }

    fn rows_of(&self, view: &EnvelopeView<'_>, mut wanted: Wanted) -> Result<std::convert::Infallible, Stop> {
        let index = view.index();
        let places = self.places(&wanted, view, &index)?;
        let count = places.as_ref().map_or(index.len(), Vec::len);
        let place = |n: usize| places.as_ref().map_or(Some(n), |places| places.get(n).copied());
        loop {
            let row = |n| {
                let place = place(n)?;
                Some(ShownRow { id: index.id(place)?.to_owned(), record: index.record(place)?, status: None })
            };
            let first = wanted.first.min(count);
            let rows = (first..count.min(first.saturating_add(wanted.count))).filter_map(row).collect();
            let fetched_at = Some(view.fetched_at());
            let window = Window { fetched_at, at_source: None, total: index.len(), count, first, rows };
            let at = wanted
                .id
                .as_deref()
                .and_then(|id| (0..count).find(|n| place(*n).is_some_and(|place| index.id(place) == Some(id))));
            self.answer(&wanted, Ok(window), at)?;
            wanted = self.next_of(&wanted)?;
        }
    }

    /// The positions of the rows for which the condition is true; `None` means all.
    fn places(
        &self,
        wanted: &Wanted,
        view: &EnvelopeView<'_>,
        index: &RowIndex<'_, '_>,
    ) -> Result<Option<Vec<usize>>, Stop> {
        let Some(condition) = self.condition(wanted, Some(view.fetched_at()))? else { return Ok(None) };
        let mut places = Vec::new();
        for place in 0..index.len() {
            let (Some(id), Some(record)) = (index.id(place), index.record(place)) else { break };
            if condition.takes(id, &record, false)? {
                places.push(place);
            }
            self.heed(wanted)?;
        }
        Ok(Some(places))
    }

    /// Stops if the user has moved on to another entry.
    fn heed(&self, wanted: &Wanted) -> Result<(), Stop> {
        match self.newer()? {
            Some(newer) if (&newer.key, newer.version) != (&wanted.key, wanted.version) => Err(Stop::Wanted(newer)),
            _ => Ok(()),
        }
    }

    fn condition(&self, wanted: &Wanted, fetched_at: Option<u64>) -> Result<Option<Condition>, Stop> {
        if wanted.condition.is_empty() {
            return Ok(None);
        }
        let filter = Filter::compile(&wanted.condition)
            .map_err(|fault| Stop::Refused(format!("this is not a usable jq filter: {fault}")))?;
        let age = fetched_at.map(|at| self.commands.now().cast_signed().saturating_sub(at.cast_signed()));
        Ok(Some(Condition { filter, key: wanted.key.to_string(), fetched_at, age }))
    }

    /// Answers requests for a set of diorama until another one is requested.
    fn set(&self, key: &SetKey, wanted: Wanted) -> Stop {
        match self.rows_of_set(key, wanted) {
            Ok(never) => match never {},
            Err(stop) => stop,
        }
    }

    fn rows_of_set(&self, key: &SetKey, mut wanted: Wanted) -> Result<std::convert::Infallible, Stop> {
        let mut taken = None;
        let mut marks = Vec::new();
        loop {
            let mut stopped = None;
            let looked = Snapshot::look(&self.folder, self.wait, |snapshot| {
                let sets = snapshot.sets()?;
                let Some(set) = sets.iter().find(|set| set.name() == key.name()) else {
                    stopped = Some(Stop::Refused("the set is gone".to_owned()));
                    return Ok(None);
                };
                if taken.is_none() && !wanted.condition.is_empty() {
                    match self.taken(snapshot, set, &wanted)? {
                        ControlFlow::Continue(ids) => taken = Some(ids),
                        ControlFlow::Break(stop) => {
                            stopped = Some(stop);
                            return Ok(None);
                        }
                    }
                }
                let window = match &taken {
                    None => window(snapshot, set, &wanted, &mut marks)?,
                    Some(ids) => window_of(snapshot, set, &wanted, ids)?,
                };
                Ok(Some(window))
            });
            match (looked, stopped) {
                (_, Some(stop)) => return Err(stop),
                (Ok(Some((window, place))), None) => self.answer(&wanted, Ok(window), place)?,
                (Ok(None), None) => return Err(Stop::Ended),
                (Err(error), None) => return Err(self.refused(&error)),
            }
            wanted = self.next_of(&wanted)?;
        }
    }

    /// The ids of the rows of a set for which the condition is true, and of those that cannot be read.
    fn taken(&self, snapshot: &Snapshot, set: &Set, wanted: &Wanted) -> vlive::Result<ControlFlow<Stop, Vec<String>>> {
        let condition = match self.condition(wanted, set.fetched_at()) {
            Ok(Some(condition)) => condition,
            Ok(None) => return Ok(ControlFlow::Continue(Vec::new())),
            Err(stop) => return Ok(ControlFlow::Break(stop)),
        };
        let mut ids = Vec::new();
        for row in snapshot.rows(set) {
            let row = row?;
            let takes = row.read(&mut |read| {
                read.map_or(Ok(true), |read| condition.takes(row.id(), &read.record(), read.is_incomplete()))
            });
            match takes.and_then(|takes| self.heed(wanted).map(|()| takes)) {
                Ok(true) => ids.push(row.id().to_owned()),
                Ok(false) => {}
                Err(stop) => return Ok(ControlFlow::Break(stop)),
            }
        }
        Ok(ControlFlow::Continue(ids))
    }
}

/// A `--where` filter and the variables that it sees.
struct Condition {
    filter: Filter,
    key: String,
    fetched_at: Option<u64>,
    age: Option<i64>,
}

impl Condition {
    fn takes(&self, id: &str, record: &Record, is_incomplete: bool) -> Result<bool, Stop> {
        let row = Row { key: &self.key, id, fetched_at: self.fetched_at, age: self.age, is_incomplete };
        let takes = self.filter.is_true_of(row, record);
        takes.map_err(|fault| Stop::Refused(format!("the filter fails on row `{id}`: {fault}")))
    }
}

type Seen = (Window, Option<usize>);

fn window_with(set: &Set, count: usize, first: usize, rows: Vec<ShownRow>) -> Window {
    let total = usize::try_from(set.rows()).unwrap_or(usize::MAX);
    Window { fetched_at: set.fetched_at(), at_source: set.meta().total, total, count, first, rows }
}

/// The requested rows of a whole set. `marks` holds the id of every [`STEP`]th row read so far.
fn window(snapshot: &Snapshot, set: &Set, wanted: &Wanted, marks: &mut Vec<String>) -> vlive::Result<Seen> {
    let count = usize::try_from(set.rows()).unwrap_or(usize::MAX);
    let first = wanted.first.min(count);
    let end = first.saturating_add(wanted.count).min(count);
    // Looking for a row may have to read all of them.
    let is_looking = wanted.id.is_some();
    let mark = if is_looking { 0 } else { (first / STEP).min(marks.len().saturating_sub(1)) };
    let from = marks.get(mark).map_or("", String::as_str).to_owned();
    let (mut rows, mut place) = (Vec::new(), None);
    for (n, row) in (mark * STEP..).zip(snapshot.rows_from(set, &from)) {
        if n >= end && (!is_looking || place.is_some()) {
            break;
        }
        let row = row?;
        if n % STEP == 0 && n / STEP == marks.len() {
            marks.push(row.id().to_owned());
        }
        if wanted.id.as_deref() == Some(row.id()) {
            place = Some(n);
        }
        if (first..end).contains(&n) {
            rows.push(shown(&row));
        }
    }
    Ok((window_with(set, count, first, rows), place))
}

/// The requested rows among those with these ids.
fn window_of(snapshot: &Snapshot, set: &Set, wanted: &Wanted, ids: &[String]) -> vlive::Result<Seen> {
    let first = wanted.first.min(ids.len());
    let end = first.saturating_add(wanted.count).min(ids.len());
    let mut rows = Vec::new();
    for id in &ids[first..end] {
        let row = snapshot.rows_from(set, id).next().transpose()?;
        rows.extend(row.filter(|row| row.id() == id).map(|row| shown(&row)));
    }
    let place = wanted.id.as_ref().and_then(|id| ids.iter().position(|other| other == id));
    Ok((window_with(set, ids.len(), first, rows), place))
}

fn shown(row: &SetRow) -> ShownRow {
    let id = row.id().to_owned();
    row.read(&mut |read| match read {
        Ok(read) => {
            let status = read.is_incomplete().then(|| "incomplete".to_owned());
            ShownRow { id: id.clone(), record: read.record(), status }
        }
        Err(RowFault::Refused { error, .. }) => {
            ShownRow { id: id.clone(), record: Record::new(), status: Some(format!("refused: {error}")) }
        }
        Err(_) => ShownRow { id: id.clone(), record: Record::new(), status: Some("unreadable".to_owned()) },
    })
}
