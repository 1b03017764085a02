//! Entries that a filter changes, in one transaction.

use super::{Edit, ID_FIELD, lossless};
use crate::cli::selection::Meaning;
use crate::cli::{Global, Refused, Status, tell_unread};
use crate::filter::{Fault, Filter};
use crate::output::Output;
use anyhow::Result;
use vlive::json::RowsInput;
use vlive::live::{Envelope, EnvelopeView};
use vlive::ops::{RewritePlan, Scope};
use vlive::{Cache, Error, Key, Snapshot};

/// Why no entry is changed.
enum Stop {
    Cache(Error),
    Output(anyhow::Error),
    /// The filter fails, or gives what is not an entry.
    Filter(Key, String),
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
        let hint = Some("the language is that of jq, and the entry is as `vlive dump` prints it");
        Refused::error(format!("--apply is not a jq filter that can be used: {fault}"), hint)
    })?;
    let backup = edit.changing.backup()?;
    let rewritten = if edit.changing.dry_run {
        let snapshot = Snapshot::pin(global.folder(), global.look_wait(), chosen.scope.selections())?;
        let plan = plan(&snapshot, &chosen.scope, &filter)?;
        plan.each::<Stop>(|key, new| {
            let Some(entry) = snapshot.entry(key)? else { return Ok(()) };
            edit.tell_diff(key, entry.value(), new, output).map_err(Stop::Output)
        })?;
        plan.into_rewritten()
    } else {
        let cache = global.open_when_free(output, || Cache::open(global.folder()))?;
        backup.of(&cache);
        let apply = || cache.rewrite(&chosen.scope, |key, envelope| applied(&filter, key, envelope));
        let rewritten = output.bar("editing").of(apply)?;
        cache.close()?;
        rewritten
    };
    edit.tell(&rewritten.keys, rewritten.bytes, rewritten.unchanged, output)?;
    backup.tell(output);
    let unread = tell_unread(&[], &rewritten.unreadable, output);
    let found = !rewritten.keys.is_empty() || rewritten.unchanged > 0 || !rewritten.unreadable.is_empty();
    Ok(unread.max(chosen.tell(&rewritten.matched, found, global, output)))
}

fn plan(snapshot: &Snapshot, scope: &Scope, filter: &Filter) -> Result<RewritePlan, Stop> {
    RewritePlan::new(snapshot, scope, |key, envelope| applied(filter, key, envelope))
}

/// What a filter makes of an entry; `None` if that is the entry as it is.
fn applied(filter: &Filter, key: &Key, envelope: &EnvelopeView<'_>) -> Result<Option<Envelope>, Stop> {
    let refuse = |what: String| Stop::Filter(key.clone(), what);
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
