//! Changing entries with a filter, in one transaction.

use super::entry::{lossless, report_diff};
use super::set::{self, Changed, changed, loses_times, unreadable};
use super::{Edit, ID_FIELD};
use crate::cli::selection::Meaning;
use crate::cli::{Global, Refused, Status, report_undated, report_unread};
use crate::filter::{Fault, Filter};
use crate::output::Output;
use anyhow::Result;
use vlive::json::RowsInput;
use vlive::live::{Envelope, EnvelopeView};
use vlive::ops::{Dumped, RewritePlan, Scope};
use vlive::snapshot::Set;
use vlive::{Cache, Error, Fixture, Key, Snapshot};

/// Why no entry was changed.
enum Stop {
    Cache(Error),
    Output(anyhow::Error),
    /// The filter fails, or its output is not an entry.
    Filter(String, String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Cache(error)
    }
}

impl From<Stop> for anyhow::Error {
    fn from(stop: Stop) -> anyhow::Error {
        match stop {
            Stop::Cache(error) => error.into(),
            Stop::Output(error) => error,
            Stop::Filter(key, what) => {
                Refused::error(format!("--apply cannot change `{key}`: {what}"), Some("no entry was changed"))
            }
        }
    }
}

pub fn run(edit: &Edit, code: &str, global: &Global, output: &mut Output) -> Result<Status> {
    let hint = "--all applies the filter to every entry";
    let chosen = edit.selecting.choose_with_all(Meaning::Exact, edit.all, hint, global.now(), output)?;
    let filter = Filter::without_variables(code).map_err(|fault: Fault| {
        let hint = "the language is that of jq, and the entry is as `vlive dump` prints it";
        Refused::at(format!("--apply is not a usable jq filter: {fault}"), fault.excerpt(), hint)
    })?;
    let backup = edit.changing.backup()?;
    let mut left = Left::default();
    let rewritten = if edit.changing.dry_run {
        let snapshot = Snapshot::pin(global.folder(), global.look_wait(), chosen.scope.selections())?;
        let plan = plan(&snapshot, &chosen.scope, &filter, &mut left)?;
        if !edit.changing.format.is_json() {
            plan.each::<Stop>(|key, new| {
                let Some(entry) = snapshot.entry(key)? else { return Ok(()) };
                report_diff(key, entry.value(), new, output).map_err(Stop::Output)
            })?;
            plan.sets().try_for_each(|(set, new)| set::report_change(&snapshot, set, new, output))?;
        }
        plan.into_rewritten()
    } else {
        let cache = global.open_when_free(output, || Cache::open(global.folder()))?;
        backup.of(&cache);
        let apply = || {
            cache.rewrite(
                &chosen.scope,
                |key, envelope| applied(&filter, key, envelope),
                |snapshot, set| applied_to_set(&filter, snapshot, set, &mut left),
            )
        };
        let rewritten = output.bar("editing").of(apply)?;
        cache.close()?;
        rewritten
    };
    edit.report(&rewritten.keys, rewritten.bytes, rewritten.unchanged, output)?;
    left.undated.iter().for_each(|set| report_undated(set, output));
    backup.report(false, global, output);
    let unread = report_unread(&rewritten.unread, output);
    let unread = left.unread.iter().filter_map(|dumped| unreadable(dumped, output)).fold(unread, Status::max);
    let found = !rewritten.keys.is_empty() || rewritten.unchanged > 0 || !rewritten.unread.is_empty();
    Ok(unread.max(chosen.report(&rewritten.matched, found, global, output)))
}

/// What to report about sets after the change.
#[derive(Default)]
struct Left {
    /// What cannot be read in sets that stay as they are for that reason.
    unread: Vec<Dumped>,
    /// The sets that have lost their times.
    undated: Vec<String>,
}

fn plan(snapshot: &Snapshot, scope: &Scope, filter: &Filter, left: &mut Left) -> Result<RewritePlan, Stop> {
    RewritePlan::new(
        snapshot,
        scope,
        |key, envelope| applied(filter, key, envelope),
        |snapshot, set| applied_to_set(filter, snapshot, set, left),
    )
}

/// The set, or the row of one, that a filter returns; `None` if it is unchanged.
fn applied_to_set(filter: &Filter, snapshot: &Snapshot, set: &Set, left: &mut Left) -> Result<Option<Fixture>, Stop> {
    let apply = |before: &str| filter.apply(before).map_err(|fault| fault.to_string());
    match changed(snapshot, set, apply).map_err(Stop::Output)? {
        Changed::New(fixture) => {
            left.undated.extend(loses_times(set, &fixture).then(|| set.shown()));
            Ok(Some(fixture))
        }
        Changed::Same => Ok(None),
        Changed::Unreadable(dumped) => {
            left.unread.push(dumped);
            Ok(None)
        }
        Changed::Refused(what) => Err(Stop::Filter(set.shown(), what)),
    }
}

/// The entry that a filter returns; `None` if it is unchanged.
fn applied(filter: &Filter, key: &Key, envelope: &EnvelopeView<'_>) -> Result<Option<Envelope>, Stop> {
    let refuse = |what: String| Stop::Filter(key.to_string(), what);
    let before = lossless(envelope, false).map_err(Stop::Output)?;
    let after = filter.apply(&before).map_err(|fault| refuse(fault.to_string()))?;
    if after == before {
        return Ok(None);
    }
    let original = RowsInput::parse(&before, ID_FIELD).expect("what is written without loss can be read");
    let fetched_at = original.fetched_at().expect("an envelope has a time");
    let input = RowsInput::parse(&after, ID_FIELD).map_err(|error| refuse(format!("in its result, {error}")))?;
    let dated = input.fetched_at().unwrap_or(fetched_at);
    let (before, after) = (original.into_envelope(fetched_at), input.into_envelope(dated));
    Ok((before != after).then_some(after))
}
