//! The event that a watch waits for: `--until` and `--exit-on`.

use vlive::snapshot::{EntryChange, EntryKey, Event};
use vlive::{Key, Selection};

/// The event to wait for; `None` is any.
#[derive(Clone, Copy, Debug)]
pub struct Awaits(Option<Event>);

impl Awaits {
    pub fn is(self, event: Event) -> bool {
        self.0.is_none_or(|awaited| awaited == event)
    }
}

/// The event of one entry or row to wait for.
#[derive(Clone, Debug)]
pub struct Until {
    event: Awaits,
    /// The argument as typed.
    key: String,
}

impl Until {
    /// The selection of the entry or row.
    pub fn selection(&self) -> Selection {
        Selection::exact(&self.key)
    }

    pub fn is(&self, change: &EntryChange) -> bool {
        self.event.is(change.event) && self.is_of(&change.key)
    }

    fn is_of(&self, key: &EntryKey) -> bool {
        match key {
            EntryKey::Live(key) => *key == Key::new(&self.key),
            EntryKey::Set(key) => {
                let named = self.selection();
                // The name of a set takes its rows too.
                key.is_selected(&named) && (key.row().is_none() || !key.whole().is_selected(&named))
            }
        }
    }
}

pub fn parse_event(name: &str) -> Result<Awaits, String> {
    if name == "any" { Ok(Awaits(None)) } else { name.parse().map(|event| Awaits(Some(event))) }
}

pub fn parse_until(text: &str) -> Result<Until, String> {
    let (event, key) = text.split_once(':').ok_or("an event and a key go together, as in `added:clients/page_1`")?;
    Ok(Until { event: parse_event(event)?, key: key.to_owned() })
}
