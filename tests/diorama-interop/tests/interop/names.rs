//! Names of tables as diorama gives them, and what vlive makes of these.

use ciborium::Value;
use vantage_diorama::{Cache, CacheBackend, ChangeEvent, Lens, MemoryCache};
use vantage_vista::mocks::MockShell;
use vantage_vista::{Condition, FilterOp, SortDirection, Vista, VistaQuery};
use vlive::diorama::identity::Identity;

use crate::app::{columns, record};
use std::sync::Arc;

const OPERATORS: [FilterOp; 9] = [
    FilterOp::Eq,
    FilterOp::Ne,
    FilterOp::Gt,
    FilterOp::Gte,
    FilterOp::Lt,
    FilterOp::Lte,
    FilterOp::InSet,
    FilterOp::NotInSet,
    FilterOp::Like,
];

const TEXTS: [&str; 12] = [
    "team",
    "",
    "red",
    " where x = 1",
    "a\u{1}meta",
    "50%?off#x/y",
    "\"q\" 'r' \\",
    "日本 🦀",
    "true",
    "12",
    "in",
    "\u{7f}\u{85}\n",
];

/// splitmix64: a failure can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn text(&mut self) -> String {
        TEXTS[self.below(TEXTS.len())].to_owned()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::Integer([0, 7, -7, i64::MAX, i64::MIN][self.below(5)].into()),
            3 => Value::Float(
                [0.0, -0.0, 1.5, -3.25e300, 100.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY][self.below(8)],
            ),
            4 => Value::Text(self.text()),
            5 => Value::Bytes(self.text().into_bytes()),
            6 => Value::Tag(self.below(100) as u64, Box::new(self.value(depth - 1))),
            7 => Value::Array((0..self.below(3)).map(|_| self.value(depth - 1)).collect()),
            _ => Value::Map((0..self.below(3)).map(|_| (self.value(depth - 1), self.value(depth - 1))).collect()),
        }
    }

    fn query(&mut self) -> VistaQuery {
        let mut query = VistaQuery::new();
        for _ in 0..self.below(4) {
            let (column, operator) = (self.text(), OPERATORS[self.below(OPERATORS.len())]);
            query = query.with_condition(Condition::new(column, operator, self.value(3)));
        }
        if self.below(3) == 0 {
            query = query.with_search(self.text());
        }
        if self.below(3) == 0 {
            let direction = if self.below(2) == 0 { SortDirection::Ascending } else { SortDirection::Descending };
            query = query.with_order(self.text(), direction);
        }
        for _ in 0..self.below(3) {
            query.native.push(self.text());
        }
        query
    }
}

/// The table of a set: as diorama escapes it, which it does not offer by itself.
fn table(name: &str, query: &VistaQuery, hub: Option<&str>) -> String {
    let escaped = |text: &str, separators: &str| {
        let escape = |c: char| {
            if c != '%' && !c.is_control() && !separators.contains(c) {
                return c.to_string();
            }
            c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
        };
        text.chars().map(escape).collect::<String>()
    };
    let query = if query.is_empty() { String::new() } else { format!("?{}", escaped(&query.key(), "#")) };
    escaped(name, "?#") + &query + &hub.map(|hub| format!("#{}", escaped(hub, ""))).unwrap_or_default()
}

#[test]
fn random_queries_decode_and_are_read_back_from_what_is_shown() {
    let mut random = Random(7);
    for round in 0..5000 {
        let (name, query) = (random.text(), random.query());
        let hub = (random.below(3) == 0).then(|| random.text());
        let table = table(&name, &query, hub.as_deref());
        let identity = Identity::of_table(&table).unwrap_or_else(|| panic!("round {round}: {table}"));
        assert_eq!(identity.name(), name);
        let shown = identity.to_string();
        let read: Identity = shown.parse().unwrap_or_else(|error| panic!("round {round}: {shown}: {error}"));
        assert_eq!(read.table(), table, "round {round}: {shown}");
    }
}

#[tokio::test]
async fn the_tables_of_a_real_app_have_readable_names() {
    let backend = Arc::new(MemoryCache::new());
    let lens = Lens::builder().cache(Cache::backend(backend.clone())).build().unwrap();
    let vista = |name| Vista::new(name, MockShell::new().with_metadata(columns(&["id", "team"])));
    let whole = lens.dio(vista("clients")).build().await.unwrap();
    let red = VistaQuery::new().with_condition(Condition::new("team", FilterOp::Eq, "red"));
    let narrowed = whole.derive().with_query(&red).build().await.unwrap();
    let apart = lens.dio(vista("50%?off#x/y")).hub("session 7").build().await.unwrap();
    for dio in [whole, narrowed, apart] {
        let row = record(&[("id", "a"), ("team", "red")]);
        dio.apply_change(ChangeEvent::Inserted { id: "a".into(), new: Some(row) }).await.unwrap();
    }
    let mut shown: Vec<_> = backend.list_tables().await.unwrap();
    for table in &mut shown {
        *table = Identity::of_table(table).expect("diorama wrote it").to_string();
    }
    shown.sort();
    assert_eq!(shown, ["50%?off#x/y hub \"session 7\"", "clients", "clients where team = red"]);
}
