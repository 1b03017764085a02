//! What a check finds: how often, and the first places.

/// How many places of each kind of finding are told.
const PLACES: usize = 10;

/// Findings of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many there are.
    pub count: u64,
    /// The first ten.
    pub places: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table, the entry by its full key, or nothing for what all tables share.
    pub place: Option<String>,
    /// What was found there.
    pub what: String,
}

impl Findings {
    pub(crate) fn add(&mut self, place: Option<&str>, what: &dyn ToString) {
        self.count += 1;
        if self.places.len() < PLACES {
            self.places.push(Finding { place: place.map(str::to_owned), what: what.to_string() });
        }
    }

    /// Adds those of what comes next.
    pub(crate) fn extend(&mut self, others: Findings) {
        self.count += others.count;
        let room = PLACES - self.places.len();
        self.places.extend(others.places.into_iter().take(room));
    }
}
