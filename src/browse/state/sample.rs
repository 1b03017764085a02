//! A state to test with.

use super::{Input, Known, Row, State, Wanted, Window, content::Answer};
use ratatui::crossterm::event::KeyCode;
use vlive::snapshot::EntryKey;
use vlive::snapshot::Event;
use vlive::{Key, Record};

pub const NOW: u64 = 1_000_000;

pub fn known(rows: u64, bytes: u64) -> Known {
    Known { fetched_at: Some(NOW - 60), rows: Some(rows), bytes: Some(bytes), ..Known::default() }
}

pub fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        state.update(Input::Key(match key {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            key => KeyCode::Char(key),
        }));
    }
}

/// What a reader answers for an entry with these rows.
pub fn answer(wanted: &Wanted, rows: &[(&str, Record)]) -> Input {
    let first = wanted.first.min(rows.len());
    let end = rows.len().min(first + wanted.count);
    let shown =
        rows[first..end].iter().map(|(id, record)| Row { id: (*id).to_owned(), record: record.clone(), status: None });
    let window = Window {
        fetched_at: Some(NOW - 60),
        at_source: None,
        total: rows.len(),
        count: rows.len(),
        first,
        rows: shown.collect(),
    };
    let place = wanted.id.as_ref().and_then(|id| rows.iter().position(|(other, _)| other == id));
    Input::Answer(Answer { key: wanted.key.clone(), version: wanted.version, window: Ok(window), place })
}

/// Gives every entry the same two rows, one of them hostile.
pub fn settle(state: &mut State) {
    let record = |name: &str| Record::from_iter([("name".to_owned(), name.into())]);
    while let Some(wanted) = state.settle() {
        state.update(answer(&wanted, &[("a", record("Anna")), ("b", record("\u{1b}[31mred"))]));
    }
}

pub fn key(key: &str) -> EntryKey {
    Key::new(key).into()
}

/// Two entries, of which one has just changed, and a group; the cursor is on the first entry.
pub fn sample() -> State {
    let mut state = State::new("/cache/vlive.redb".to_owned(), NOW);
    let first = vec![
        (key("clients/id/a"), Event::Added, Some(known(1, 30))),
        (key("clients/id/b"), Event::Added, Some(known(1, 20))),
        (key("clients/page_1"), Event::Added, Some(known(2, 100))),
        (key("clients/page_2"), Event::Added, Some(known(1, 40))),
    ];
    state.update(Input::Height(20));
    state.update(Input::Seen { commit: 6, is_first: true, changes: first });
    let changes = vec![(key("clients/page_2"), Event::Replaced, Some(known(1, 50)))];
    state.update(Input::Seen { commit: 7, is_first: false, changes });
    press(&mut state, "\njj");
    settle(&mut state);
    state
}
