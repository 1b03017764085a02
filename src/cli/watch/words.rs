//! An event of a watch in words, for people.

use crate::output::human;
use vlive::snapshot::{EntryChange, Event, Remembered, SeenCommit};

/// The commits in which an event may have happened: `#25`, or `#25..#27`.
pub(super) fn numbers(commit: &SeenCommit) -> String {
    match commit.after {
        Some(after) if after + 1 < commit.number => format!("#{}..#{}", after + 1, commit.number),
        _ => format!("#{}", commit.number),
    }
}

pub(super) fn mark(event: Event) -> char {
    match event {
        Event::Added => '+',
        Event::Replaced => '~',
        Event::Touched => '@',
        Event::Removed => '-',
        Event::Lost => '!',
        Event::Found => '?',
    }
}

/// The state of an entry now, and the one before.
pub(super) fn description(change: &EntryChange) -> String {
    let state = |state: &Remembered| format!("{} {}", rows(state), human::size(state.bytes));
    let mut description = match (change.event, &change.old, &change.new) {
        (Event::Touched, Some(old), Some(new)) => touched(old, new),
        (Event::Lost, Some(old), _) => {
            format!("can no longer be read, or is gone (was {}, {})", rows(old), human::size(old.bytes))
        }
        (_, Some(old), Some(new)) => {
            let was = old.rows().map_or_else(|| rows(old), |rows| rows.to_string());
            format!("{} (was {was}, {})", state(new), human::size(old.bytes))
        }
        (_, Some(old), None) => format!("(was {}, {})", rows(old), human::size(old.bytes)),
        (Event::Found, _, Some(new)) => format!("{} (what was there could not be read)", state(new)),
        (_, None, Some(new)) => state(new),
        (_, None, None) => String::new(),
    };
    if let Some(changes) = change.rows.as_ref().filter(|_| change.event == Event::Replaced) {
        let counts = [('+', changes.added), ('-', changes.removed), ('~', changes.replaced), ('!', changes.lost)];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        description.extend(counts.map(|(mark, count)| format!(" {mark}{count}")));
    }
    description
}

/// The new time, or the other metadata that differ.
fn touched(old: &Remembered, new: &Remembered) -> String {
    let time = |state: &Remembered| state.fetched_at().map_or_else(|| "never".to_owned(), human::time);
    let total = |state: &Remembered| {
        let total = state.set.and_then(|set| set.meta.total);
        total.map_or_else(|| "unknown".to_owned(), human::number)
    };
    let copied = |state: &Remembered| {
        let copied = state.set.and_then(|set| set.meta.copied_at);
        copied.map_or_else(|| "never".to_owned(), |at| human::time(at.seconds()))
    };
    let is_fetched = time(old) != time(new);
    if !is_fetched && total(old) != total(new) {
        return format!("total {} (was {})", total(new), total(old));
    }
    if !is_fetched && copied(old) != copied(new) {
        return format!("copied {} (was {})", copied(new), copied(old));
    }
    format!("fetched {} (was {})", time(new), time(old))
}

fn rows(state: &Remembered) -> String {
    let total = state.set.and_then(|set| set.meta.total);
    state.rows().map_or_else(|| "undecodable".to_owned(), |rows| human::counted_rows(rows, total))
}
